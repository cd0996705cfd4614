export { verifyCertificate, type LiquidationPlan, type Verdict } from '#lib/liquidation';
export * from './api-error.js';
export * from './client.js';
export * from './quote-channel.js';
export * from './types.js';
