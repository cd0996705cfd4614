export { type IndexedPosition } from './account-columns.js';
export * from './margin-book.js';
export * from './margin-rates.js';
export * from './portfolio/parameters.js';
export * from './portfolio/portfolio-book.js';
export * from './portfolio/portfolio-margin.js';
export * from './portfolio/scenarios.js';
export * from './portfolio/tiers.js';
export * from './standing.js';
