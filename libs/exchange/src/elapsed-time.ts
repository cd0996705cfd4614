import { divide, formatMoney, fromNumber, YEAR_MS } from '#lib/amounts';
import { INDEX_SCALE } from './book/books.js';
import type { BookEvent } from './book/book-event.js';
import type { ExchangeLedger } from './book/exchange-ledger.js';

/** Money per unit of size and year: the funding index is in 10^−18 of it, money and sizes having the same decimals. */
const INDEX_DECIMALS = 18;

/** Yearly funding of each market as it is charged, for the exchange and for the liquidity providers. */
export interface FundingRates {
  /** of the whole market, money */
  readonly risk: Float64Array;
  readonly liquidity: Float64Array;
  /** of one unit of size, however small the net position is */
  readonly perUnit: { readonly risk: Float64Array; readonly liquidity: Float64Array };
}

/**
 * Funding since the last accrual. A market's index rises by what a unit of size owes; what longs pay and shorts do not receive is
 * the pool's, rounded down.
 *
 * @returns undefined where nothing is owed
 */
export function fundingAccrued(
  ledger: ExchangeLedger,
  markets: readonly string[],
  { perUnit }: FundingRates,
  time: { readonly now: number; readonly elapsedMs: number },
): BookEvent | undefined {
  const due: [string, string, string, string][] = [];
  for (const [i, market] of markets.entries()) {
    if (!ledger.isOpen(market)) continue;
    const indexOf = (rate: number) =>
      fromNumber((rate * time.elapsedMs) / YEAR_MS, INDEX_DECIMALS, 'nearest', `${market}.funding`);
    const [risk, liquidity] = [indexOf(perUnit.risk[i]), indexOf(perUnit.liquidity[i])];
    if (risk === 0n && liquidity === 0n) continue;
    const { size } = ledger.market(market);
    const amountOf = (index: bigint) => formatMoney(divide(size * index, INDEX_SCALE, 'down'));
    due.push([market, amountOf(risk), amountOf(liquidity), (risk + liquidity).toString()]);
  }
  return due.length === 0 ? undefined : { kind: 'funding-accrued', at: time.now, markets: due };
}

/** What vests by now; undefined where nothing does. */
export function vested(ledger: ExchangeLedger, now: number): BookEvent | undefined {
  const { toCapital, toLiquidity } = ledger.dueBy(now);
  if (toCapital === 0n && toLiquidity === 0n) return undefined;
  return {
    kind: 'vested',
    at: now,
    toCapital: formatMoney(toCapital),
    toLiquidity: formatMoney(toLiquidity),
  };
}
