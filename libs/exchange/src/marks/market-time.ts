import type { MarkParameters } from './mark-parameters.js';
import { TickRefusedError } from './tick-refusal.js';

/** All that {@link MarketTime} remembers. */
export interface MarketTimeState {
  readonly now: number;
  /** append time of the last message; 0 before there is one */
  readonly appendedAt: number;
}

/**
 * Market time: the latest time of a confirmed mark or a watermark. Commands never move it. The log's append time bounds
 * it: whatever a message is dated, market time is never ahead of the log, so a tick that is dated when it is sent is
 * never late.
 */
export class MarketTime {
  private time: number;
  private appended: number;
  private accepted = 0;

  constructor(
    private readonly parameters: Pick<MarkParameters, 'maximumClockSkewMs' | 'maximumStepMs'>,
    state?: MarketTimeState,
  ) {
    this.time = state?.now ?? 0;
    this.appended = state?.appendedAt ?? 0;
  }

  get now(): number {
    return this.time;
  }

  /**
   * The time that a message dated `time` counts at: never later than the log took it. A step that is too large is one of
   * the log's clock, which has stood still for longer than `maximumStepMs`: a date cannot provoke it.
   *
   * @param appendedAt when the log took the message; left out where there is no log
   * @throws {TickRefusedError} for a message dated later than the log took it, or a step that the operator must accept
   */
  timeOf(time: number, what: string, appendedAt = time): number {
    if (time > appendedAt + this.parameters.maximumClockSkewMs)
      throw new TickRefusedError('from-the-future', what, time);
    const most = Math.max(this.appended, this.accepted) + this.parameters.maximumStepMs;
    if (this.appended !== 0 && appendedAt > most) throw new TickRefusedError('step-too-large', what, time);
    this.appended = Math.max(this.appended, appendedAt);
    return Math.min(time, appendedAt);
  }

  /** Moves market time to a time that {@link timeOf} has counted. */
  advance(counted: number): void {
    if (counted > this.time) this.time = counted;
  }

  /** The operator accepts a step up to `until`. */
  accept(until: number): void {
    this.accepted = Math.max(this.accepted, until);
  }

  snapshot(): MarketTimeState {
    return { now: this.time, appendedAt: this.appended };
  }
}
