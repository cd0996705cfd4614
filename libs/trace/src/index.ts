export * from './correlation.js';
export * from './exporter.js';
export * from './spans.js';
