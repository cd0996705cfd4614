import { Metrics, type ServiceDefinition } from '#lib/host';
import { openChain } from './settlement-chain.js';
import { settlementConfig, settlementEnvironment } from './settlement.config.js';
import { SettlementModule } from './settlement.module.js';
import { SettlementRepository } from './settlement.repository.js';
import { SettlementService } from './settlement.service.js';

/** Risk measures and proofs → chain. */
export const settlement: ServiceDefinition = {
  name: 'settlement',
  environment: settlementEnvironment,
  open: async (environment) => {
    const config = settlementConfig(environment);
    const chain = await openChain(config, environment);
    return {
      module: SettlementModule.register(config, chain),
      started: (app) => {
        const repository = app.get(SettlementRepository);
        app
          .get(Metrics)
          .gauges(
            'zkrisk_chain_transactions',
            'transactions by what has become of them',
            ['status'],
            async () =>
              (await repository.counts()).map(({ status, count }) => ({
                labels: { status },
                value: Number(count),
              })),
          );
      },
      ending: (app) => app.get(SettlementService).close(),
      close: () => chain.close(),
    };
  },
};
