import { ConfigurationError } from '#lib/service';
import { Metrics, type ServiceDefinition } from '#lib/host';
import { openVaultChain } from './vault-chain.js';
import { vaultConfig, vaultEnvironment } from './vault.config.js';
import { vaultMetrics } from './vault.metrics.js';
import { VaultModule } from './vault.module.js';
import { VaultService } from './vault.service.js';

/** A pool on a chain → the part that counts as liquidity. */
export const vault: ServiceDefinition = {
  name: 'vault',
  environment: vaultEnvironment,
  open: async (environment) => {
    const config = vaultConfig(environment);
    if (config.VAULT === 'on' && config.VALUATION_SECRET === undefined)
      throw new ConfigurationError(
        'VALUATION_SECRET: is needed; the pricer takes no valuation without its seal',
      );
    const chain = await openVaultChain(config);
    return {
      module: VaultModule.register(config, chain),
      started: (app) => {
        vaultMetrics(app.get(Metrics), app.get(VaultService));
      },
      close: () => chain.close(),
    };
  },
};
