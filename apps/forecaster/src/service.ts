import { Metrics, type ServiceDefinition } from '#lib/host';
import { forecasterConfig, forecasterEnvironment } from './forecaster.config.js';
import { forecasterMetrics } from './forecaster.metrics.js';
import { ForecasterModule } from './forecaster.module.js';
import { ForecasterService } from './forecaster.service.js';

/** Prices → clusters, GO-GARCH → covariance forecasts. */
export const forecaster: ServiceDefinition = {
  name: 'forecaster',
  environment: forecasterEnvironment,
  open: (environment) => ({
    module: ForecasterModule.register(forecasterConfig(environment)),
    started: (app) => {
      forecasterMetrics(app.get(Metrics), app.get(ForecasterService));
    },
    close: async (app) => {
      await app?.get(ForecasterService).close();
    },
  }),
};
