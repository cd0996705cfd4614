import { formatDecimal, formatMoney, SIZE_DECIMALS } from '#lib/amounts';
import type { BookEvent, MarketDelisted, PositionsSettled } from '../book/book-event.js';
import type { ExchangeLedger } from '../book/exchange-ledger.js';
import { afterTrade } from '../commands/after-trade.js';
import type { Mark } from '../marks/market-board.js';
import { inParts } from './parts.js';

/** Closes every position of a market at the price that was stated. */
export function positionsSettled(
  ledger: ExchangeLedger,
  market: string,
  mark: Mark,
  at: number,
): PositionsSettled[] {
  const accounts = [...ledger.holders(market)].map(
    ([account, { size }]) => [account, formatDecimal(-size, SIZE_DECIMALS)] as const,
  );
  if (accounts.length === 0) return [];
  return inParts(accounts).map((part) => ({
    ...{ kind: 'positions-settled', at, market, price: mark.text, accounts: part },
  }));
}

/** Events for accounts whose last position that was: debts are the pool's, isolated collateral goes back. */
export function afterSettlement(
  ledger: ExchangeLedger,
  accounts: readonly string[],
  at: number,
): BookEvent[] {
  return accounts.flatMap((account) => afterTrade(ledger, account, at, undefined) ?? []);
}

/** The end of a market that nobody has a position in. */
export function delisted(
  ledger: ExchangeLedger,
  order: { readonly market: string; readonly by: string; readonly reason: string },
  mark: Mark,
  at: number,
): MarketDelisted {
  const { market, by, reason } = order;
  const funding = formatMoney(ledger.market(market).unsettledFunding);
  return { kind: 'market-delisted', at, market, price: mark.text, funding, by, reason };
}
