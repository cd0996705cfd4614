import { InvalidInputError } from '#lib/errors';

/**
 * Worth of a pool's reserves once arbitrage has brought its prices to the market's: ∏ (R_i·p_i/w_i)^{w_i}, the least that any
 * reserves of the same invariant ∏ R_i^{w_i} are worth (weighted means: Σ R_i·p_i is never less). No trade with the pool can raise
 * it by more than the fee it pays, so it can be relied on in the midst of a block.
 *
 * @param reserves whole tokens
 * @param weights sum to 1
 * @param prices quote currency a token
 * @returns quote currency
 * @throws {InvalidInputError} for lengths that differ, or a value that is not positive
 */
export function fairValue(
  reserves: readonly number[],
  weights: readonly number[],
  prices: readonly number[],
): number {
  if (reserves.length !== weights.length || prices.length !== weights.length)
    throw new InvalidInputError('reserves', `must have ${weights.length} entries, one a weight`);
  let log = 0;
  for (const [i, weight] of weights.entries()) {
    const term = (reserves[i] * prices[i]) / weight;
    if (!(term > 0) || !Number.isFinite(term))
      throw new InvalidInputError(
        `reserves.${i}`,
        `reserve, price and weight must be positive, got ${reserves[i]}, ${prices[i]}, ${weight}`,
      );
    log += weight * Math.log(term);
  }
  return Math.exp(log);
}
