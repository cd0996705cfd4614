import { InvalidInputError } from '#lib/errors';
import { binance } from './binance.js';
import { coinbase } from './coinbase.js';
import { kraken } from './kraken.js';
import type { VenueAdapter } from './venue.js';

/** Every venue that can be read, by name. */
export const VENUES: ReadonlyMap<string, VenueAdapter> = new Map(
  [binance, coinbase, kraken].map((adapter) => [adapter.name, adapter]),
);

/**
 * Which symbols of which venues are which markets: `BTC=binance:BTCUSDT+coinbase:BTC-USD+kraken:BTC/USD,ETH=…`.
 *
 * @returns by venue: market by symbol
 * @throws {InvalidInputError} naming the entry that is none, the venue that is not known, or the repeated market
 */
export function parseVenueMarkets(text: string): Map<string, Map<string, string>> {
  const venues = new Map<string, Map<string, string>>();
  const markets = new Set<string>();
  for (const entry of text.split(',').filter((part) => part.trim() !== '')) {
    const [market, list, ...rest] = entry.split('=').map((part) => part.trim());
    if (!/^[A-Za-z0-9._:/-]{1,40}$/.test(market) || !list || rest.length > 0)
      throw new InvalidInputError('venues', `must be market=venue:symbol+venue:symbol, got "${entry}"`);
    if (markets.has(market)) throw new InvalidInputError('venues', `${market} is there twice`);
    markets.add(market);
    for (const item of list.split('+')) {
      const colon = item.indexOf(':');
      const [venue, symbol] = [item.slice(0, colon).trim(), item.slice(colon + 1).trim()];
      if (!VENUES.has(venue))
        throw new InvalidInputError('venues', `"${venue}" is none of ${[...VENUES.keys()].join(', ')}`);
      if (!/^[A-Za-z0-9._/-]{1,40}$/.test(symbol))
        throw new InvalidInputError('venues', `${market}: "${symbol}" is no symbol`);
      const symbols = venues.get(venue) ?? new Map<string, string>();
      if (symbols.has(symbol)) throw new InvalidInputError('venues', `${venue}:${symbol} is there twice`);
      venues.set(venue, symbols.set(symbol, market));
    }
  }
  return venues;
}
