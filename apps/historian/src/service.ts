import { Metrics, type ServiceDefinition } from '#lib/host';
import { historianConfig, historianEnvironment } from './historian.config.js';
import { HistorianModule } from './historian.module.js';
import { HistorianService } from './historian.service.js';

/** Topics → tables by time → history over REST. */
export const historian: ServiceDefinition = {
  name: 'historian',
  environment: historianEnvironment,
  open: (environment) => ({
    module: HistorianModule.register(historianConfig(environment)),
    started: (app) => {
      const service = app.get(HistorianService);
      app
        .get(Metrics)
        .gauge(
          'zkrisk_history_newest_seconds',
          'market time of the newest sample that is kept, seconds since the epoch; told by the process that writes',
          () => (service.newest === 0 ? undefined : service.newest / 1000),
        );
    },
  }),
};
