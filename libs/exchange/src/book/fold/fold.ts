import type { BookEvent } from '../book-event.js';
import type { Books } from '../books.js';
import { accountsOf } from '../decided-command.js';
import * as accounts from './accounts.js';
import * as losses from './losses.js';
import * as liquidity from './liquidity.js';
import * as operator from './operator.js';
import * as time from './time.js';
import * as trades from './trades.js';

type Folds = {
  readonly [Kind in BookEvent['kind']]: (books: Books, event: BookEvent & { kind: Kind }) => void;
};

const nothing = () => undefined;

/** One function an event kind: its effect on the books. */
const FOLDS: Folds = {
  'trade-booked': trades.bookTrade,
  'trade-rejected': nothing,
  'dust-closed': trades.closeDust,
  'bankruptcy-settled': trades.settleBankruptcy,
  'funding-accrued': time.accrueFunding,
  vested: time.vest,
  'liquidity-asked': liquidity.ask,
  'liquidity-deposited': liquidity.deposit,
  'withdrawal-locked': liquidity.lock,
  'liquidity-withdrawn': liquidity.withdraw,
  'liquidity-valued': liquidity.value,
  'liquidity-rejected': liquidity.reject,
  'account-deposited': accounts.deposit,
  'account-withdrawn': accounts.withdraw,
  'collateral-moved': accounts.moveCollateral,
  'account-rejected': nothing,
  'window-begun': losses.beginWindow,
  'gains-cut': losses.cutGains,
  'haircut-settled': nothing,
  'positions-reduced': losses.reducePositions,
  'note-paid': losses.payNote,
  'match-booked': trades.bookMatch,
  'match-rejected': nothing,
  'margin-reserved': accounts.reserveMargin,
  'margin-released': accounts.releaseMargin,
  'takeovers-accepted': accounts.acceptTakeovers,
  'credit-charged': accounts.chargeCredit,
  'parameters-set': nothing,
  'parameters-rejected': nothing,
  'command-id-reused': nothing,
  'market-rescaled': operator.rescale,
  'positions-settled': operator.settlePositions,
  'market-delisted': operator.delist,
  'trade-busted': operator.bust,
};

export function fold(books: Books, event: BookEvent): void {
  for (const account of accountsOf(event)) books.rememberGains(account);
  (FOLDS[event.kind] as (books: Books, event: BookEvent) => void)(books, event);
}
