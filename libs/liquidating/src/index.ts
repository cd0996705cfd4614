export * from './margin-watch.js';
export * from './parameters.js';
