export * from './certificate.js';
export * from './errors.js';
export * from './liquidate.js';
export * from './liquidation-case.js';
export * from './plan.js';
export * from './plan-schema.js';
export * from './solvers.js';
export * from './verify.js';
