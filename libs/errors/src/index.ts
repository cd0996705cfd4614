export * from './errors.js';
export * from './parse-input.js';
export * from './parse-json.js';
