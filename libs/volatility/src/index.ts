export * from './cointegration/index.js';
export * from './garch/index.js';
export * from './gogarch/index.js';

export * from './bars.js';
export * from './market/index.js';
export * from './backtest/index.js';
export { CccGarch } from './baselines/ccc-garch.js';
export { EwmaCovariance } from './baselines/ewma.js';
