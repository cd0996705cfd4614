export { type AttestedAccount, attestedAccount, epochBar } from './attestation-call.js';
export { priceCall, type PricedBar } from './price-call.js';
export { openedBook } from './epoch-call.js';
export {
  openChain,
  type OpenedChain,
  oracleTerms,
  readDeployment,
  writeDeployment,
} from './settlement-chain.js';
export { type SettlementConfig, settlementConfig, settlementEnvironment } from './settlement.config.js';
export { marginRegistration, registeredMargin } from './margin-record.js';
export { SettlementModule } from './settlement.module.js';
export { SettlementRepository } from './settlement.repository.js';
export { planDigest } from './settlement-calls.js';
export { SETTLEMENT_LANE, SettlementService } from './settlement.service.js';
export { settlement } from './service.js';
