import { InvalidInputError } from '#lib/errors';

/** How a loss of the pool was borne. The three parts add up to the loss. */
export interface LossSplit {
  readonly byCapital: bigint;
  readonly byLiquidity: bigint;
  /** past K2: the exchange is insolvent by this much */
  readonly shortfall: bigint;
}

/**
 * Losses consume the exchange's own capital P first, then the liquidity providers' L; the rest is a
 * shortfall. Exact amounts in the ledger's smallest unit.
 *
 * @throws {InvalidInputError} for a negative loss
 */
export function absorbLoss(loss: bigint, capital: bigint, liquidity: bigint): LossSplit {
  if (loss < 0n) throw new InvalidInputError('loss', `must not be negative, got ${String(loss)}`);
  const available = (amount: bigint) => (amount > 0n ? amount : 0n);
  const smaller = (a: bigint, b: bigint) => (a < b ? a : b);
  const byCapital = smaller(loss, available(capital));
  const byLiquidity = smaller(loss - byCapital, available(liquidity));
  return { byCapital, byLiquidity, shortfall: loss - byCapital - byLiquidity };
}
