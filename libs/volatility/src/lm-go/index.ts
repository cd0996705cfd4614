export * from './common-factors.js';
export * from './filter.js';
export * from './fit.js';
export * from './horizon.js';
export * from './model.js';
export * from './nonlinear-shrinkage.js';
