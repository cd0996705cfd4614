export * from './liquidation-case.js';
export * from './liquidate.js';
export * from './plan.js';
export * from './errors.js';
export * from './certificate.js';
