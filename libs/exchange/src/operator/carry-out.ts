import type { AccountStandings } from '../accounts/account-standing.js';
import type { BookEvent } from '../book/book-event.js';
import type { ExchangeLedger } from '../book/exchange-ledger.js';
import { afterTrade } from '../commands/after-trade.js';
import type { ConfirmedMark } from '../marks/confirmed-mark.js';
import type { Mark, MarketBoard } from '../marks/market-board.js';
import type { MarketOrder } from '../marks/market-order.js';
import { rescaleFactor } from '../marks/rescaled-market.js';
import { busted, type JournalledTrade } from './bust.js';
import { afterSettlement, delisted, positionsSettled } from './delist.js';
import { rescaled } from './rescale.js';

/** Whether an order changes the books as well as the marks. */
export function changesBooks({ order }: MarketOrder): boolean {
  return order === 'rescale' || order === 'delist' || order === 'bust';
}

/**
 * Carries out an order of the operator: marks first, then the books, by events that conserve every unit.
 *
 * @param book applies an event and keeps it for the journal
 * @param charge books the debt of accounts for their default option, and its rate from now on
 * @returns the marks that it confirms
 * @throws {ZkriskError} where it is refused; nothing has changed then
 */
export function carryOut(
  exchange: {
    readonly ledger: ExchangeLedger;
    readonly board: MarketBoard;
    readonly accounts: Pick<AccountStandings, 'exactEquity'>;
  },
  order: MarketOrder,
  journalled: JournalledTrade | undefined,
  book: (event: BookEvent) => void,
  charge: (accounts: readonly string[]) => void,
): readonly ConfirmedMark[] {
  const { ledger, board } = exchange;
  const at = board.now;
  const from: Mark | undefined = board.mark(order.market);
  if (order.order === 'bust') {
    // Checked before the order counts as taken: a refused one may be given again.
    board.marks.requireOrder(order);
    const equityOf = (account: string) => exchange.accounts.exactEquity(account);
    const event = busted({ marks: board.marks, ledger, equityOf }, order, journalled, at);
    const confirmed = board.order(order);
    book(event);
    charge([event.account]);
    const closing = afterTrade(ledger, event.account, at, undefined);
    if (closing !== undefined) book(closing);
    return confirmed;
  }
  const confirmed = board.order(order);
  if (order.order === 'rescale')
    for (const event of rescaled(
      ledger,
      order,
      rescaleFactor(order.factor),
      { from: from!, to: confirmed[0] },
      at,
    ))
      book(event);
  if (order.order === 'delist') {
    for (const event of positionsSettled(ledger, order.market, confirmed[0], at)) {
      book(event);
      const accounts = event.accounts.map(([account]) => account);
      // An account without positions owes nothing from here on.
      charge(accounts);
      for (const closing of afterSettlement(ledger, accounts, at)) book(closing);
    }
    book(delisted(ledger, order, confirmed[0], at));
  }
  return confirmed;
}
