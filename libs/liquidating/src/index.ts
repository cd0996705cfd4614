export * from './case-margin.js';
export * from './margin-watch.js';
export * from './parameters.js';
export * from './plan-orders.js';
