export * from './forecast-model.js';
export * from './screen.js';
