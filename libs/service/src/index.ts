export * from './access.js';
export * from './config.js';
export * from './documented.js';
export * from './held-answer.js';
export * from './pino-logger.js';
export * from './problem.filter.js';
export * from './turns.js';
export * from './zod.js';
