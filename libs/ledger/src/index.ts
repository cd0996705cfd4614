export * from './book-event.js';
export * from './exchange-ledger.js';
export * from './fixed-point.js';
export * from './position.js';
