import { divide, formatDecimal, formatMoney, NOTIONAL_SCALE, SIZE_DECIMALS } from '#lib/amounts';
import type { MarketRescaled } from '../book/book-event.js';
import type { ExchangeLedger } from '../book/exchange-ledger.js';
import type { Mark } from '../marks/market-board.js';
import { type RescaleFactor, rescaledSize } from '../marks/rescaled-market.js';
import { inParts } from './parts.js';

/**
 * Takes every position of a market to its new unit. The difference of a position's value at the old and the new mark, because
 * sizes and marks have so many places, is paid to its account in money, rounded against it.
 */
export function rescaled(
  ledger: ExchangeLedger,
  order: { readonly market: string; readonly by: string; readonly reason: string },
  factor: RescaleFactor,
  marks: { readonly from: Mark; readonly to: Mark },
  at: number,
): MarketRescaled[] {
  const { market, by, reason } = order;
  const accounts: MarketRescaled['accounts'][number][] = [];
  for (const [account, { size, entryNotional }] of ledger.holders(market)) {
    const next = rescaledSize(size, factor);
    const left = divide(size * marks.from.price - next * marks.to.price, NOTIONAL_SCALE, 'down');
    const released = next === 0n ? entryNotional : 0n;
    accounts.push([
      account,
      formatDecimal(next, SIZE_DECIMALS),
      formatMoney(left - released),
      formatMoney(released),
    ]);
  }
  const parts = inParts(accounts);
  return parts.map((part, i) => ({
    ...{ kind: 'market-rescaled', at, market, factor: factor.text, from: marks.from.text, to: marks.to.text },
    ...{ accounts: part, last: i === parts.length - 1, by, reason },
  }));
}
