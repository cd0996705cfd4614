export * from './free-port.js';
export * from './random-stream.js';
export * from './thread-priority.js';
export * from './trace/correlation.js';
export * from './trace/exporter.js';
export * from './trace/spans.js';
export * from './uniform-generator.js';
export * from './worker-pool.js';
