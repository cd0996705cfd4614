export * from './access.environment.js';
export * from './admin-signature.js';
export * from './api-keys.js';
export * from './approvals.js';
export * from './audit-chain.js';
export * from './audit-log.js';
export { ForbiddenError } from './errors.js';
