import { Metrics, type ServiceDefinition } from '#lib/host';
import { liquidatorConfig, liquidatorEnvironment } from './liquidator.config.js';
import { liquidatorMetrics } from './liquidator.metrics.js';
import { LiquidatorModule } from './liquidator.module.js';
import { liquidationsChannel } from './liquidations-channel.js';
import { LiquidatorRepository } from './liquidator.repository.js';
import { LiquidatorService } from './liquidator.service.js';

/** Accounts and prices → optimal liquidation plans with certificates. */
export const liquidator: ServiceDefinition = {
  name: 'liquidator',
  environment: liquidatorEnvironment,
  open: (environment) => ({
    module: LiquidatorModule.register(liquidatorConfig(environment)),
    streams: (app) => ({ channels: [liquidationsChannel(app.get(LiquidatorRepository))] }),
    started: (app) => {
      liquidatorMetrics(app.get(Metrics), app.get(LiquidatorService));
    },
    close: async (app) => {
      await app?.get(LiquidatorService).close();
    },
  }),
};
