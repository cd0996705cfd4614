import { InvalidInputError } from '#lib/errors';
import { bucketEnd, bucketOf } from './buckets.js';
import type { PendingAmount } from './vesting.js';

/** State of a {@link LinearVesting}, for snapshots. */
export interface LinearVestingState {
  /** amounts that are not earned in full, oldest first */
  readonly entries: readonly PendingAmount[];
  /** up to when everything is earned, milliseconds */
  readonly until: number;
  /** earnings below a unit, in units · τ */
  readonly remainder: bigint;
  readonly pending: bigint;
}

/**
 * Amounts that are earned evenly over τ: of an amount collected at t, the share (now − t)/τ is earned by now. Exact in integers:
 * the payments over the whole of τ sum to the amount, to the unit. O(1) a step, and one step for each amount that begins or ends.
 */
export class LinearVesting {
  private readonly queue: PendingAmount[];
  /** entries that have begun: the first so many of the queue */
  private begun = 0;
  /** units · τ earned per millisecond: the sum of the entries that run */
  private rate = 0n;
  private until: number;
  private remainder: bigint;
  private sum: bigint;

  /**
   * @param horizonMs τ, milliseconds, an integer
   * @param bucketMs amounts collected within one bucket begin together, at its end: bounds the queue
   */
  constructor(
    readonly horizonMs: number,
    readonly bucketMs: number,
    state: LinearVestingState = { entries: [], until: 0, remainder: 0n, pending: 0n },
  ) {
    if (!(horizonMs > 0 && Number.isInteger(horizonMs)))
      throw new InvalidInputError('horizonMs', `must be a positive whole number, got ${horizonMs}`);
    if (!(bucketMs > 0)) throw new InvalidInputError('bucketMs', `must be positive, got ${bucketMs}`);
    this.queue = [...state.entries];
    this.until = state.until;
    this.remainder = state.remainder;
    this.sum = state.pending;
    while (this.begun < this.queue.length && this.queue[this.begun].collectedAt <= this.until)
      this.rate += this.queue[this.begun++].amount;
  }

  /** Collected and not yet earned. */
  get pending(): bigint {
    return this.sum;
  }
  /** Up to when everything is earned, milliseconds. */
  get earnedUntil(): number {
    return this.until;
  }

  /** @throws {InvalidInputError} when time runs backwards */
  collect(at: number, amount: bigint): void {
    const collectedAt = bucketEnd(at, this.bucketMs);
    if (collectedAt < this.until || collectedAt < (this.queue.at(-1)?.collectedAt ?? 0))
      throw new InvalidInputError('at', `${at} is before what was earned until ${this.until}`);
    if (amount === 0n) return;
    const last = this.queue.at(-1);
    this.sum += amount;
    if (last?.collectedAt !== collectedAt) {
      this.queue.push({ collectedAt, amount });
      return;
    }
    this.queue[this.queue.length - 1] = { collectedAt, amount: last.amount + amount };
    if (this.begun === this.queue.length) this.rate += amount;
  }

  /**
   * Takes back the part of an amount that is not earned by `now`, rounded down: the fraction of a unit is earned at once.
   *
   * @param at when the amount was collected
   * @returns the part
   */
  takeBack(at: number, amount: bigint, now: number): bigint {
    const index = bucketOf(this.queue, at, this.bucketMs);
    if (index < 0) return 0n;
    const { collectedAt, amount: whole } = this.queue[index];
    const unearned = this.unearned(at, amount, now);
    const ends = collectedAt + this.horizonMs;
    const begun = index < this.begun;
    const left = begun ? BigInt(ends - this.until) : BigInt(this.horizonMs);
    this.queue[index] = { collectedAt, amount: whole - amount };
    if (begun) this.rate -= amount;
    this.sum -= unearned;
    this.remainder += amount * left - unearned * BigInt(this.horizonMs);
    return unearned;
  }

  /** The part of an amount, collected at a time, that is not earned by `now`, rounded down. */
  unearned(at: number, amount: bigint, now: number): bigint {
    const index = bucketOf(this.queue, at, this.bucketMs);
    if (index < 0) return 0n;
    const ends = this.queue[index].collectedAt + this.horizonMs;
    const left = Math.min(this.horizonMs, Math.max(0, ends - Math.max(now, this.until)));
    return this.whole(amount * BigInt(left));
  }

  /** Takes out the earnings by `now`, rounded down; negative where funding was paid out. */
  vest(now: number): bigint {
    while (this.until < now) {
      const ends = this.begun > 0 ? this.queue[0].collectedAt + this.horizonMs : Infinity;
      const begins = this.begun < this.queue.length ? this.queue[this.begun].collectedAt : Infinity;
      const to = Math.min(now, ends, begins);
      this.remainder += this.rate * BigInt(to - this.until);
      this.until = to;
      if (to === ends) {
        this.rate -= this.queue[0].amount;
        this.queue.shift();
        this.begun--;
      }
      if (to === begins) this.begin();
      if (this.queue.length === 0) this.until = now;
    }
    const earned = this.whole(this.remainder);
    this.remainder -= earned * BigInt(this.horizonMs);
    this.sum -= earned;
    return earned;
  }

  /** Whole units of a remainder, rounded towards −∞: a fraction of a unit is earned later. */
  private whole(remainder: bigint): bigint {
    const horizon = BigInt(this.horizonMs);
    const earned = remainder / horizon;
    return remainder % horizon < 0n ? earned - 1n : earned;
  }

  /** The amount that {@link vest} would take out by `now`: the same steps on the sums alone. */
  due(now: number): bigint {
    let { until, rate, remainder, begun } = this;
    let ended = 0;
    while (until < now) {
      const ends = ended < begun ? this.queue[ended].collectedAt + this.horizonMs : Infinity;
      const begins = begun < this.queue.length ? this.queue[begun].collectedAt : Infinity;
      const to = Math.min(now, ends, begins);
      remainder += rate * BigInt(to - until);
      until = to;
      if (to === ends) rate -= this.queue[ended++].amount;
      if (to === begins) rate += this.queue[begun++].amount;
    }
    return this.whole(remainder);
  }

  state(): LinearVestingState {
    return {
      entries: [...this.queue],
      until: this.until,
      remainder: this.remainder,
      pending: this.sum,
    };
  }

  private begin(): void {
    this.rate += this.queue[this.begun++].amount;
  }
}
