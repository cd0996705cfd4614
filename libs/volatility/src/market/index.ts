export * from './covariance-filter.js';
export * from './factor-correlation.js';
export * from './go-garch-forecast.js';
export * from './market-model.js';
