export { vault } from './service.js';
export { type Valuation, type ValuationMarket, valuate } from './valuation.js';
export {
  readVaultDeployment,
  type VaultDeployment,
  vaultDeploymentFile,
  writeVaultDeployment,
} from './vault-chain.js';
export { type VaultConfig, vaultConfig, vaultEnvironment } from './vault.config.js';
export { VAULT_LANE, VaultService } from './vault.service.js';
