import { InvalidInputError } from '#lib/errors';
import { bucketEnd, bucketOf } from './buckets.js';

/** Money collected at one time, not yet owned: it vests τ later. */
export interface PendingAmount {
  /** when it was collected, milliseconds since the epoch */
  readonly collectedAt: number;
  /** smallest ledger units; may be negative where funding was paid out */
  readonly amount: bigint;
}

/**
 * Premia and funding collected in the rolling window [t−τ, t]. Collected at t, an amount counts as P_t until
 * t+τ and is then owned (by P, or by L where liquidity providers earned it).
 */
export class VestingSchedule {
  private readonly queue: PendingAmount[];
  private sum = 0n;

  /**
   * @param horizonMs τ in milliseconds
   * @param bucketMs amounts collected within one bucket vest together, at the end of the bucket's τ: bounds the
   *   queue's length when funding is collected at every tick
   */
  constructor(
    readonly horizonMs: number,
    readonly bucketMs: number,
    pending: readonly PendingAmount[] = [],
  ) {
    if (!(horizonMs > 0)) throw new InvalidInputError('horizonMs', `must be positive, got ${horizonMs}`);
    if (!(bucketMs > 0)) throw new InvalidInputError('bucketMs', `must be positive, got ${bucketMs}`);
    this.queue = [...pending];
    for (const { amount } of pending) this.sum += amount;
  }

  /** P_t: everything collected and not yet vested. */
  get pending(): bigint {
    return this.sum;
  }

  /** @throws {InvalidInputError} when time runs backwards */
  collect(at: number, amount: bigint): PendingAmount {
    const collectedAt = bucketEnd(at, this.bucketMs);
    const last = this.queue.at(-1);
    if (last !== undefined && collectedAt < last.collectedAt) {
      throw new InvalidInputError('at', `${at} is before the last collection at ${last.collectedAt}`);
    }
    const entry =
      last?.collectedAt === collectedAt
        ? { collectedAt, amount: last.amount + amount }
        : { collectedAt, amount };
    if (last?.collectedAt === collectedAt) this.queue[this.queue.length - 1] = entry;
    else this.queue.push(entry);
    this.sum += amount;
    return entry;
  }

  /**
   * Takes back an amount that was collected at a time, if it is pending still.
   *
   * @returns the amount; 0 where it has vested
   */
  takeBack(at: number, amount: bigint): bigint {
    const index = bucketOf(this.queue, at, this.bucketMs);
    if (index < 0) return 0n;
    const { collectedAt, amount: whole } = this.queue[index];
    this.queue[index] = { collectedAt, amount: whole - amount };
    this.sum -= amount;
    return amount;
  }

  /** Whether amounts that were collected at a time are pending still. */
  isPending(at: number): boolean {
    return bucketOf(this.queue, at, this.bucketMs) >= 0;
  }

  /** Takes out the amounts due by `now` and returns their total. */
  vest(now: number): bigint {
    let due = 0n;
    let count = 0;
    while (count < this.queue.length && this.queue[count].collectedAt + this.horizonMs <= now) {
      due += this.queue[count].amount;
      count++;
    }
    this.queue.splice(0, count);
    this.sum -= due;
    return due;
  }

  /** The entries not yet vested, oldest first. */
  entries(): readonly PendingAmount[] {
    return this.queue;
  }
}
