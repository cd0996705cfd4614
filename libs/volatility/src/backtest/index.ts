export * from './coverage.js';
export * from './energy-score.js';
export * from './models.js';
export * from './rolling-backtest.js';
