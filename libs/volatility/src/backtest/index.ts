export * from './coverage.js';
export * from './diebold-mariano.js';
export * from './dynamic-quantile.js';
export * from './energy-score.js';
export * from './models.js';
export * from './portfolio-coverage.js';
export * from './rolling-backtest.js';
