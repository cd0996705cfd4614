export * from './margin-book.js';
export * from './margin-rates.js';
export * from './standing.js';
