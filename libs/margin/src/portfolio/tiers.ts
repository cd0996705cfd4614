import { InvalidInputError } from '#lib/errors';

/** A marginal rate of margin that holds for the notional above a threshold. */
export interface Tier {
  /** notional from which the rate holds, money; 0 for the first */
  readonly above: number;
  /** share of the notional */
  readonly rate: number;
}

/**
 * Margin of a notional under tiers: convex, piecewise linear, 0 at 0; with one tier `rate·notional` to the bit.
 *
 * @param tiers thresholds and rates both ascending, see {@link requireTiers}
 */
export function tieredMargin(notional: number, tiers: readonly Tier[]): number {
  let margin = tiers[0].rate * notional;
  for (let i = 1; i < tiers.length && notional > tiers[i].above; i++) {
    margin += (tiers[i].rate - tiers[i - 1].rate) * (notional - tiers[i].above);
  }
  return margin;
}

/**
 * Rates must not fall: a margin that is not convex could be lowered by splitting a position in two accounts, and the
 * liquidation program would not be convex.
 *
 * @throws {InvalidInputError} naming the tier
 */
export function requireTiers(tiers: readonly Tier[], field: string): void {
  if (tiers.length === 0) throw new InvalidInputError(field, 'must have at least one tier');
  tiers.forEach(({ above, rate }, i) => {
    const at = `${field}[${i}]`;
    if (!(rate >= 0 && rate <= 1))
      throw new InvalidInputError(`${at}.rate`, `must be from 0 to 1, got ${rate}`);
    if (i === 0) {
      if (above !== 0)
        throw new InvalidInputError(`${at}.above`, `must be 0 for the first tier, got ${above}`);
      return;
    }
    if (!(above > tiers[i - 1].above && above < Infinity)) {
      throw new InvalidInputError(`${at}.above`, `must be above ${tiers[i - 1].above}, got ${above}`);
    }
    if (rate < tiers[i - 1].rate) {
      throw new InvalidInputError(`${at}.rate`, `must not be below ${tiers[i - 1].rate}, got ${rate}`);
    }
  });
}
