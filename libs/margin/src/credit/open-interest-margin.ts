import { InvalidInputError } from '#lib/errors';

export interface OpenInterestLimits {
  /** margin of a market with little open interest, share of the notional */
  readonly base: number;
  /** r̄, the market's widest shock */
  readonly widest: number;
  /** β·K: the part of the pool's capital that a market's defaults may cost, money */
  readonly bearable: number;
}

/**
 * Initial margin by open interest, IM = max(base, r̄ − βK/OI): after the widest shock the losing side's deficits,
 * OI·(r̄ − IM), are at most βK, however many accounts it is spread over.
 *
 * @param openInterest larger of Σ long and Σ short, money
 * @throws {InvalidInputError} for a number that is negative or not finite
 */
export function openInterestMargin(
  { base, widest, bearable }: OpenInterestLimits,
  openInterest: number,
): number {
  for (const [name, value] of Object.entries({ base, widest, bearable, openInterest })) {
    if (!(value >= 0 && value < Infinity))
      throw new InvalidInputError(name, `must not be negative, got ${value}`);
  }
  return openInterest === 0 ? base : Math.max(base, widest - bearable / openInterest);
}
