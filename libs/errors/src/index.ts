export * from './errors.js';
export * from './parse-input.js';
