export * from './case-margin.js';
export * from './errors.js';
export * from './margin-watch.js';
export * from './offered-plan.js';
export * from './parameters.js';
export * from './plan-orders.js';
export * from './race.js';
