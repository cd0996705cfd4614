import { divide, formatMoney, fromNumber } from '#lib/amounts';
import type { FundingOfUnit } from '#lib/risk';
import { INDEX_SCALE } from './book/ledger-state.js';
import type { BookEvent } from './book/book-event.js';
import type { ExchangeLedger } from './book/exchange-ledger.js';

/** Money per unit of size: the funding index is in units of 10^−18, money and sizes having the same decimals. */
const INDEX_DECIMALS = 18;

/** A funding interval, market time: once it has ended the next command makes funding of every market exact. */
export const FUNDING_INTERVAL_MS = 60_000;

/** Whether a funding interval has ended after one market time and by another. */
export function intervalEnded(after: number, by: number): boolean {
  return Math.floor(by / FUNDING_INTERVAL_MS) > Math.floor(after / FUNDING_INTERVAL_MS);
}

/**
 * Funding of markets since it was made exact last. A market's index rises by the debt of a unit of size, however small the net
 * position is; payments of longs that shorts do not receive are the pool's, rounded down.
 *
 * @param owed by market: debt of a unit of size
 * @returns undefined where nothing is owed
 */
export function fundingAccrued(
  ledger: ExchangeLedger,
  owed: Iterable<readonly [market: string, ofUnit: FundingOfUnit]>,
  at: number,
): BookEvent | undefined {
  const due: [string, string, string, string][] = [];
  for (const [market, ofUnit] of owed) {
    if ((ofUnit.risk === 0 && ofUnit.liquidity === 0) || !ledger.isOpen(market)) continue;
    const risk = fromNumber(ofUnit.risk, INDEX_DECIMALS, 'nearest', `${market}.funding`);
    const liquidity = fromNumber(ofUnit.liquidity, INDEX_DECIMALS, 'nearest', `${market}.funding`);
    if (risk === 0n && liquidity === 0n) continue;
    const { size } = ledger.market(market);
    const amountOf = (index: bigint) => formatMoney(divide(size * index, INDEX_SCALE, 'down'));
    due.push([market, amountOf(risk), amountOf(liquidity), (risk + liquidity).toString()]);
  }
  return due.length === 0 ? undefined : { kind: 'funding-accrued', at, markets: due };
}

/** Amounts that vest by now; undefined where none does. */
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
