import { divide, formatDecimal, fromNumber, magnitude, parseDecimal, SIZE_DECIMALS } from '#lib/amounts';
import type { Closing } from '#lib/liquidation';

const FRACTION_DECIMALS = 15;

/** The orders that close a plan's fractions, in the ledger's units: rounded up, so that no less than planned is closed. */
export function ordersOf(
  plan: Pick<Closing, 'case' | 'fractions'>,
  sizes: readonly string[],
): { market: string; size: string }[] {
  return plan.case.positions.flatMap(({ market }, i) => {
    const held = parseDecimal(sizes[i], SIZE_DECIMALS, 'size');
    const fraction = fromNumber(plan.fractions[i], FRACTION_DECIMALS, 'up', 'fraction');
    const whole = magnitude(held);
    const share = divide(whole * fraction, 10n ** BigInt(FRACTION_DECIMALS), 'up');
    const closed = share < whole ? share : whole;
    if (closed === 0n) return [];
    return [{ market, size: formatDecimal(held < 0n ? closed : -closed, SIZE_DECIMALS) }];
  });
}
