import { Module } from '@nestjs/common';
import { EventLog } from '#lib/events';
import { Metrics, Readiness, type ServiceDefinition } from '#lib/host';
import { ConfigurationError } from '#lib/service';
import { venuesConfig, venuesEnvironment } from './venues.config.js';
import { venuesMetrics } from './venues.metrics.js';
import { VenuesService } from './venues.service.js';

/** not ready when no venue has sent a price for this long */
const QUIET_MS = 30_000;

/** Public tickers of exchanges → ticks in the topic of prices. */
export const venues: ServiceDefinition = {
  name: 'venues',
  environment: venuesEnvironment,
  open: (environment) => {
    const config = venuesConfig(environment);
    if (config.VENUES === '') throw new ConfigurationError('VENUES: is needed: BTC=binance:BTCUSDT+…');
    return {
      module: {
        module: VenuesModule,
        providers: [
          {
            provide: VenuesService,
            inject: [EventLog],
            useFactory: (log: EventLog) => new VenuesService(log, config),
          },
        ],
      },
      started: (app) => {
        const service = app.get(VenuesService);
        venuesMetrics(app.get(Metrics), service);
        app.get(Readiness).add('venues', () => service.isReady(QUIET_MS));
        service.start();
      },
      ending: (app) => app.get(VenuesService).close(),
    };
  },
};

@Module({})
class VenuesModule {}
