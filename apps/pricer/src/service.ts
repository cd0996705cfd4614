import { Metrics, Readiness, type ServiceDefinition, Status } from '#lib/host';
import type { PricingEngine } from '#lib/exchange';
import { AccountViews } from './account-views.js';
import { LedgerSnapshots } from './ledger-snapshots.js';
import { pricerConfig, pricerEnvironment } from './pricer.config.js';
import { pricerMetrics } from './pricer.metrics.js';
import { PricerModule } from './pricer.module.js';
import { pricerStreams } from './pricer-streams.js';
import { PricerService } from './pricer.service.js';
import { QuoteDesk } from './quote-desk.js';
import { installQuoteFastPath } from './rest/quote-fast-path.js';
import { StressDesk } from './stress-desk.js';
import { stressMetrics } from './stress.metrics.js';

/** Trades and covariance → book, quotes, premia, funding, risk measure. */
export const pricer: ServiceDefinition = {
  name: 'pricer',
  environment: pricerEnvironment,
  page: true,
  open: (environment) => ({
    module: PricerModule.register(pricerConfig(environment)),
    routes: (fastify, app) => {
      installQuoteFastPath(fastify, () => app().get(QuoteDesk));
    },
    streams: (app) => pricerStreams(app.get(PricerService), app.get(AccountViews), app.get(QuoteDesk)),
    started: (app) => {
      const service = app.get(PricerService);
      pricerMetrics(app.get(Metrics), service, app.get(QuoteDesk), app.get(LedgerSnapshots));
      stressMetrics(app.get(Metrics), app.get(StressDesk));
      app.get(Status).add(() => statusOf(service.engine));
      // Before the first forecast it serves accounts and deposits, and quotes answer how many bars are missing.
      app.get(Readiness).add('forecast', () => {
        const { engine } = service;
        return engine.board.latestForecast === undefined || engine.ready();
      });
      app.get(Readiness).add('book', () => {
        service.requireFresh();
        return true;
      });
    },
    ending: async (app) => {
      await Promise.all([app.get(StressDesk).close(), app.get(PricerService).close()]);
    },
  }),
};

/** The public state of the exchange. */
function statusOf(engine: PricingEngine): Record<string, unknown> {
  const { board } = engine;
  const markets = board.knownMarkets();
  return {
    marketTime: board.nowIso,
    forecast: board.latestForecast?.forecastId ?? null,
    quotes: engine.ready(),
    solvency: engine.solvency().insolvent ? 'insolvent' : 'solvent',
    markets: markets.length,
    marketsNotTradable: markets.filter((market) => !board.permits(market, 'increase')).length,
  };
}
