import { countOf, fieldsOf, FrameError, midOf, objectOf, textOf } from './frame.js';
import type { VenueAdapter, VenueEvent, VenueSession } from './venue.js';

const VENUE = 'binance';

/**
 * Binance spot, combined streams `<symbol>@bookTicker` and `<symbol>@aggTrade`. Book tickers carry no time: each counts at the latest
 * event time that a trade of the connection has had, so that a feed that lags is seen to lag.
 *
 * Source: "Web Socket Streams for Binance", individual symbol book ticker and aggregate trade streams.
 */
export const binance: VenueAdapter = {
  name: VENUE,
  url: 'wss://stream.binance.com:9443',
  addressOf: (base, symbols) => {
    const streams = symbols.flatMap((symbol) => {
      const name = symbol.toLowerCase();
      return [`${name}@bookTicker`, `${name}@aggTrade`];
    });
    return `${base}/stream?streams=${streams.join('/')}`;
  },
  open: () => new BinanceSession(),
};

class BinanceSession implements VenueSession {
  readonly subscriptions = [];
  private latest = 0;

  read(frame: string): VenueEvent[] {
    const outer = objectOf(VENUE, frame);
    if (outer.error !== undefined)
      return [{ kind: 'refused', reason: JSON.stringify(outer.error).slice(0, 200) }];
    if (outer.data === undefined && 'result' in outer) return [{ kind: 'alive' }];
    const stream = textOf(VENUE, outer, 'stream');
    const data = fieldsOf(VENUE, outer.data);
    const symbol = textOf(VENUE, data, 's');
    if (stream.endsWith('@aggTrade')) {
      this.latest = Math.max(this.latest, countOf(VENUE, data, 'E'));
      return [{ kind: 'alive' }];
    }
    if (!stream.endsWith('@bookTicker')) throw new FrameError(VENUE, `stream ${stream} was not asked for`);
    const mid = midOf(VENUE, symbol, textOf(VENUE, data, 'b'), textOf(VENUE, data, 'a'));
    const sequence = countOf(VENUE, data, 'u');
    // Before the first trade of the connection nobody can tell how old a book is.
    if (this.latest === 0) return [{ kind: 'alive' }];
    return [{ kind: 'price', symbol, ...mid, time: this.latest, sequence }];
  }
}
