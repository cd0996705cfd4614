import { fieldsOf, FrameError, instantOf, midOf, objectOf, textOf } from './frame.js';
import type { VenueAdapter, VenueEvent } from './venue.js';

const VENUE = 'kraken';

/**
 * Kraken spot, WebSocket v2, channel `ticker` at every change of the best bid or offer. It has no sequence: microseconds of the
 * venue's own time stand for it.
 *
 * Source: "WebSocket API v2", ticker (level 1), of the Kraken documentation.
 */
export const kraken: VenueAdapter = {
  name: VENUE,
  url: 'wss://ws.kraken.com/v2',
  addressOf: (base) => base,
  open: (symbols) => ({
    subscriptions: [
      JSON.stringify({
        method: 'subscribe',
        params: { channel: 'ticker', symbol: [...symbols], event_trigger: 'bbo', snapshot: true },
      }),
    ],
    read,
  }),
};

function read(frame: string): VenueEvent[] {
  const fields = objectOf(VENUE, frame);
  if (fields.method !== undefined) {
    return fields.success === false
      ? [{ kind: 'refused', reason: String(fields.error).slice(0, 200) }]
      : ALIVE;
  }
  if (fields.channel !== 'ticker') return ALIVE;
  if (!Array.isArray(fields.data)) throw new FrameError(VENUE, 'data is no list');
  return (fields.data as unknown[]).map((entry): VenueEvent => {
    const ticker = fieldsOf(VENUE, entry);
    const symbol = textOf(VENUE, ticker, 'symbol');
    const mid = midOf(VENUE, symbol, numberOf(ticker.bid), numberOf(ticker.ask));
    const { ms, us } = instantOf(VENUE, ticker, 'timestamp');
    return { kind: 'price', symbol, ...mid, time: ms, sequence: us };
  });
}

const ALIVE: VenueEvent[] = [{ kind: 'alive' }];

function numberOf(value: unknown): number {
  if (typeof value !== 'number') throw new FrameError(VENUE, 'a side of the book is no number');
  return value;
}
