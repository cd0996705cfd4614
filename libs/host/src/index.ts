export * from './access/index.js';
export * from './host.js';
export * from './host.environment.js';
export * from './metrics.js';
export * from './run.js';
export * from './service.js';
export * from './streams/streams.environment.js';
export * from './status.js';
