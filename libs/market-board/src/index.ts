export * from './errors.js';
export * from './market-board.js';
