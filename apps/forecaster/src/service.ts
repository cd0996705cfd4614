import { Metrics, type ServiceDefinition } from '#lib/host';
import { forecasterConfig, forecasterEnvironment } from './forecaster.config.js';
import { forecasterMetrics } from './forecaster.metrics.js';
import { ForecasterModule } from './forecaster.module.js';
import { ForecasterService } from './forecaster.service.js';

/** Prices → clusters, GO-GARCH → covariance forecasts. */
export const forecaster: ServiceDefinition = {
  name: 'forecaster',
  environment: forecasterEnvironment,
  open: (environment) => {
    const config = forecasterConfig(environment);
    return {
      module: ForecasterModule.register(config),
      started: (app) => {
        forecasterMetrics(
          app.get(Metrics),
          app.get(ForecasterService),
          config.FIRST_PARAMETERS.parameters.model.barSeconds,
        );
      },
      close: async (app) => {
        await app?.get(ForecasterService).close();
      },
    };
  },
};
