export * from './book-payloads.js';
export * from './examples.js';
export * as fields from './fields.js';
export * from './message.js';
export * from './payloads.js';
export * from './proof-payloads.js';
export * from './risk-parameters.js';
export * from './streams/index.js';
export * from './topics.js';
