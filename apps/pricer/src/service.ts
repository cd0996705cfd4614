import { Metrics, Readiness, type ServiceDefinition } from '#lib/host';
import { LedgerSnapshots } from './ledger-snapshots.js';
import { pricerConfig, pricerEnvironment } from './pricer.config.js';
import { pricerMetrics } from './pricer.metrics.js';
import { PricerModule } from './pricer.module.js';
import { PricerService } from './pricer.service.js';
import { QuoteDesk } from './quote-desk.js';
import { installQuoteFastPath } from './rest/quote-fast-path.js';

/** Trades and covariance → book, quotes, premia, funding, risk measure. */
export const pricer: ServiceDefinition = {
  name: 'pricer',
  environment: pricerEnvironment,
  open: (environment) => ({
    module: PricerModule.register(pricerConfig(environment)),
    routes: (fastify, app) => {
      installQuoteFastPath(fastify, () => app().get(QuoteDesk));
    },
    started: (app) => {
      const service = app.get(PricerService);
      pricerMetrics(app.get(Metrics), service, app.get(QuoteDesk), app.get(LedgerSnapshots));
      app.get(Readiness).add('forecast', () => service.engine.ready());
      app.get(Readiness).add('book', () => {
        service.requireFresh();
        return true;
      });
    },
    ending: (app) => app.get(PricerService).close(),
  }),
};
