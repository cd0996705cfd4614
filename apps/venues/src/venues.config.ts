import { z } from 'zod';
import { positiveInteger, readConfig } from '#lib/service';
import { parseVenueMarkets, VENUES } from '#lib/venues';

const urls = [...VENUES.values()].map(({ name, url }) => `${name}=${url}`).join(',');

export const venuesEnvironment = z.object({
  VENUES: z
    .string()
    .default('')
    .describe(
      'which symbols of which venues are which markets: BTC=binance:BTCUSDT+coinbase:BTC-USD+kraken:BTC/USD,ETH=…; marks.sources of the parameters names the same venues',
    ),
  VENUE_URLS: z
    .string()
    .default('')
    .describe(`addresses to use instead of the venues’ own, as name=url,name=url; those are ${urls}`),
  VENUE_TICK_MS: positiveInteger(250).describe('at most one price of a market and venue in this time'),
  VENUE_LAG_MS: positiveInteger(5000).describe(
    'a price older than this when it is received is not passed on',
  ),
  VENUE_SKEW_MS: positiveInteger(1000).describe('a venue’s clock may be ahead of ours by this much'),
  VENUE_WIDEST: z.coerce
    .number()
    .gt(0)
    .lt(1)
    .default(0.02)
    .describe('half-spread, as a share of the price, past which a book says nothing'),
  VENUE_SILENCE_MS: positiveInteger(15_000).describe(
    'a connection without a frame for this long is given up',
  ),
  VENUE_BACKOFF_MS: positiveInteger(500).describe(
    'wait before connecting again; doubled at each failure, up to a minute',
  ),
});
export type VenuesConfig = z.output<typeof venuesEnvironment>;

/** @throws {ConfigurationError | InvalidInputError} */
export function venuesConfig(environment: NodeJS.ProcessEnv): VenuesConfig {
  const config = readConfig(venuesEnvironment, environment);
  parseVenueMarkets(config.VENUES);
  return config;
}
