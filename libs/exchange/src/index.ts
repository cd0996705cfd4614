export * from './accounts/account-standing.js';
export * from './accounts/capital-epoch.js';
export * from './accounts/credit-book.js';
export * from './accounts/margin-models.js';
export * from './accounts/loss-share.js';
export * from './accounts/solvency.js';
export * from './book/book-event.js';
export { type BookRecorder, netBook } from './book/book-recorder.js';
export * from './book/decided-command.js';
export * from './book/exchange-ledger.js';
export type { PlaceSet } from './book/place-set.js';
export type {
  AccountBook,
  Backing,
  LedgerSnapshot,
  LockedWithdrawal,
  MarketBook,
  WaitingCommand,
} from './book/ledger-state.js';
export * from './book/position.js';
export * from './book/published-states.js';
export { CHARGE_SHARE, DEBT_SHARE, MISSTATED_SHARE } from './accounts/charge-threshold.js';
export { chargeCredit } from './commands/charge-credit.js';
export { reducePositions } from './commands/reduce-positions.js';
export * from './commands/settle-losses.js';
export * from './commands/settled-losses.js';
export * from './errors.js';
export * from './marks/action-table.js';
export * from './marks/errors.js';
export * from './marks/forecast-message.js';
export type { Confirmation, ConfirmedMark, HeldPrice, ObservedPrice } from './marks/confirmed-mark.js';
export * from './marks/mark-keeper.js';
export type { MarketMarkState } from './marks/marked-market.js';
export * from './marks/mark-parameters.js';
export * from './marks/tick-refusal.js';
export * from './marks/market-board.js';
export * from './marks/market-order.js';
export * from './marks/pool-book.js';
export * from './marks/ticks.js';
export { followersOf, type JournalledTrade } from './operator/bust.js';
export * from './parameters/exchange-parameters.js';
export * from './parameters/parameter-messages.js';
export * from './parameters/parameter-seal.js';
export * from './parameters/risk-rules.js';
export * from './pricing-engine.js';
export * from './shares/liquidity-shares.js';
export * from './shares/share-value.js';
export * from './shares/valuation-seal.js';
export * from './standing-book.js';
export * from './trades/netted-legs.js';
export * from './trades/quoted-terms.js';
export * from './trades/trade-price.js';
