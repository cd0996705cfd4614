import type { AccountStandings } from '../accounts/account-standing.js';
import type { CreditBook } from '../accounts/credit-book.js';
import type { LossShare } from '../accounts/loss-share.js';
import type { Solvency } from '../accounts/solvency.js';
import type { ExchangeLedger } from '../book/exchange-ledger.js';
import type { MarketBoard } from '../marks/market-board.js';
import type { ExchangeParameters } from '../parameters/exchange-parameters.js';
import type { StandingBook } from '../standing-book.js';

/** The state that a command's handler reads. It changes nothing: its answer is the event. */
export interface Exchange {
  readonly ledger: ExchangeLedger;
  readonly board: MarketBoard;
  readonly parameters: ExchangeParameters;
  readonly accounts: AccountStandings;
  readonly credit: CreditBook;
  readonly standing: StandingBook;
  solvency(): Solvency;
  /** markets whose prices that are held back would together make the exchange insolvent; none where they would not */
  heldLosses(): readonly string[];
  /** the loss past the pool as it would be shared, at most a minute of market time ago; undefined while there is none */
  lossShare(): LossShare | undefined;
}
