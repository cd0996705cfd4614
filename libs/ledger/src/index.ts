export * from './book-event.js';
export * from './exchange-ledger.js';
export * from './fixed-point.js';
export type { AccountBook, Backing, LedgerSnapshot, LockedWithdrawal, MarketBook } from './ledger-state.js';
export * from './position.js';
