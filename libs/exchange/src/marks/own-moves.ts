import type { MarkParameters } from './mark-parameters.js';

const DECAY = 0.97;
const HOUR_MS = 3_600_000;
/** A move is sampled when this much time has passed: seconds of trading noise are no measure of an hour. */
const SAMPLE_MS = 60_000;

/** A price at a time. */
export interface PriceAt {
  readonly price: number;
  readonly time: number;
}

/** All that {@link OwnMoves} remembers. */
export interface OwnMovesState {
  readonly variance: number;
  readonly sampled: PriceAt | null;
  readonly anchor: PriceAt | null;
}

/**
 * How a market's confirmed marks usually move: variance per millisecond, an exponentially weighted average (.97 a
 * sample).
 *
 * Derived from confirmed marks alone, so that everybody who reads the same prices decides the same, whenever a forecast
 * reaches them.
 */
export class OwnMoves {
  private variance: number;
  private sampled: PriceAt | null = null;
  private from: PriceAt | null = null;

  constructor(
    private readonly parameters: MarkParameters,
    state?: OwnMovesState,
  ) {
    this.variance = state?.variance ?? parameters.initialVolatility ** 2 / HOUR_MS;
    this.sampled = state?.sampled ?? null;
    this.from = state?.anchor ?? null;
  }

  /** The mark a move is measured from. */
  get anchor(): PriceAt | null {
    return this.from;
  }

  /** ln(price / anchor), or 0 where there is no anchor. */
  moveTo(price: number): number {
    return this.from === null ? 0 : Math.log(price / this.from.price);
  }

  /** Standard deviation of a move from the anchor until `time`. */
  deviation(time: number): number {
    // Two ticks of one moment are a second apart at least: a move without time has no size.
    const elapsed = this.from === null ? 0 : Math.max(1000, time - this.from.time);
    return Math.sqrt(this.variance * elapsed);
  }

  /** Largest move from the anchor until `time` that follows without more being asked: max(b_min, z·σ·√Δt). */
  band(time: number): number {
    return Math.max(this.parameters.bandMinimum, this.parameters.bandDeviations * this.deviation(time));
  }

  /** Takes a confirmed mark. */
  confirm(mark: PriceAt): void {
    this.sampled ??= mark;
    const elapsed = mark.time - this.sampled.time;
    if (elapsed >= SAMPLE_MS) {
      // Bounded by the band: one jump at most doubles it.
      const most = this.parameters.bandDeviations * Math.sqrt(this.variance * elapsed);
      const move = Math.min(most, Math.abs(Math.log(mark.price / this.sampled.price)));
      this.variance = DECAY * this.variance + ((1 - DECAY) * move * move) / elapsed;
      this.sampled = mark;
    }
    if (this.from === null || mark.time - this.from.time >= this.parameters.bandWindowMs) this.from = mark;
  }

  /** The same prices in another unit. */
  rescale(factor: number): void {
    const scaled = (at: PriceAt | null) => at && { price: at.price * factor, time: at.time };
    this.sampled = scaled(this.sampled);
    this.from = scaled(this.from);
  }

  snapshot(): OwnMovesState {
    return {
      variance: this.variance,
      sampled: this.sampled,
      anchor: this.from,
    };
  }
}
