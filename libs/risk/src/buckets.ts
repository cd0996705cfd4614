import type { PendingAmount } from './vesting.js';

/** When amounts that were collected at a time begin to vest: the end of its bucket, milliseconds. */
export function bucketEnd(at: number, bucketMs: number): number {
  return Math.ceil(at / bucketMs) * bucketMs;
}

/** Index of the entry with the amounts that were collected at a time; −1 where it has ended. */
export function bucketOf(queue: readonly PendingAmount[], at: number, bucketMs: number): number {
  const end = bucketEnd(at, bucketMs);
  return queue.findIndex(({ collectedAt }) => collectedAt === end);
}
