import { BaseRpcContext } from '@nestjs/microservices';
import type { EntityManager } from 'typeorm';
import { CORRELATION_HEADER, type Headers } from '#lib/runtime';
import type { Outgoing } from '#lib/messages';

/**
 * Context of a handler beside its messages: the transaction they are consumed in. The offset, the state the
 * handler changes through `manager` and the messages it publishes are committed together or not at all.
 */
export class ConsumeContext extends BaseRpcContext<[]> {
  private readonly outbox: Outgoing[] = [];
  private readonly later: Promise<readonly Outgoing[]>[] = [];
  private readonly committed: (() => void)[] = [];
  private readonly rejections: { index: number; reason: string }[] = [];

  constructor(
    readonly manager: EntityManager,
    /** the lane's unit whose messages these are */
    readonly unit: number,
    private readonly headers: readonly Headers[] = [],
    private readonly appendTimes: readonly (number | undefined)[] = [],
    /** how many units the lane has, over all processes */
    readonly units = 1,
  ) {
    super([]);
  }

  /** Headers for messages caused by the one at `index` alone: they carry its origin on. */
  headersOf(index: number): Headers {
    const { [CORRELATION_HEADER]: id, traceparent, tracestate } = this.headers[index] ?? {};
    const headers: Record<string, string> = {};
    if (id !== undefined) headers[CORRELATION_HEADER] = id;
    if (traceparent !== undefined) headers.traceparent = traceparent;
    if (tracestate !== undefined) headers.tracestate = tracestate;
    return headers;
  }

  /** When the log took the message at `index`, milliseconds; undefined where the log keeps no time. */
  appendedAt(index: number): number | undefined {
    return this.appendTimes[index];
  }

  /** Publishes when, and only if, the transaction commits. */
  publish(...messages: Outgoing[]): void {
    this.outbox.push(...messages);
  }

  /**
   * Publishes messages in the same transaction when they are ready. The commit waits for them, the next batches of a round do not; a failure
   * rolls the transaction back.
   */
  publishLater(messages: Promise<readonly Outgoing[]>): void {
    // Whoever waits for it gets the error.
    messages.catch(() => undefined);
    this.later.push(messages);
  }

  /** Runs after the commit: for state in memory that must not run ahead of the tables. */
  afterCommit(action: () => void): void {
    this.committed.push(action);
  }

  /** Sends the message at `index` of this batch to the dead-letter topic and goes on with the rest. */
  reject(index: number, reason: string): void {
    this.rejections.push({ index, reason });
  }

  /** For the transport. */
  drain(): {
    outbox: Outgoing[];
    later: Promise<readonly Outgoing[]>[];
    committed: (() => void)[];
    rejections: { index: number; reason: string }[];
  } {
    return { outbox: this.outbox, later: this.later, committed: this.committed, rejections: this.rejections };
  }
}
