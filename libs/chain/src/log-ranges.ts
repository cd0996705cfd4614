/** Blocks of logs that are asked for at once: nodes answer no more. */
export const LOG_RANGE = 50_000n;

/** All blocks up to the head in ranges of {@link LOG_RANGE}, the oldest first. */
export function* logRanges(
  head: bigint,
): Generator<{ readonly fromBlock: bigint; readonly toBlock: bigint }> {
  for (let fromBlock = 0n; fromBlock <= head; fromBlock += LOG_RANGE) {
    const end = fromBlock + LOG_RANGE - 1n;
    yield { fromBlock, toBlock: end < head ? end : head };
  }
}
