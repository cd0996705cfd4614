export * from './errors.js';
export * from './market-board.js';
export * from './pool-book.js';
export * from './ticks.js';
