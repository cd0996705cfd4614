export * as fields from './fields.js';
export * from './consume.js';
export * from './context.js';
export * from './embedded-log.js';
export * from './embedded-log.server.js';
export * from './message.js';
export * from './topics.js';
export * from './events.module.js';
