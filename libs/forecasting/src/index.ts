export * from './estimation-window.js';
export * from './fit.js';
export * from './forecast-engine.js';
export * from './published-model.js';
export * from './parameters.js';
export * from './quality-tracker.js';
export * from './tail-tracker.js';
