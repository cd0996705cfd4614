// Exports of the npm package; its part for Kafka is an entry of its own, so that nobody else needs Kafka's types.
export {
  type CheckedInclusion,
  type CheckedReceipt,
  checkIncludedAccount,
  checkTradeReceipt,
  type IncludedAccount,
  type TradeReceipt,
} from '#lib/commitment';
export { verifyCertificate, type LiquidationPlan, type Verdict } from '#lib/liquidation';
export { applyPatch, type ChannelName, type Json, type JsonObject } from '#lib/messages';
export * from './api-error.js';
export * from './client.js';
export * from './streams.js';
export * from './types.js';
