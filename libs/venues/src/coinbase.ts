import { countOf, instantOf, midOf, objectOf, textOf } from './frame.js';
import type { VenueAdapter, VenueEvent } from './venue.js';

const VENUE = 'coinbase';

/**
 * Coinbase Exchange, channels `ticker` and `heartbeat`.
 *
 * Source: "WebSocket feed", channels, of the Coinbase Exchange documentation.
 */
export const coinbase: VenueAdapter = {
  name: VENUE,
  url: 'wss://ws-feed.exchange.coinbase.com',
  addressOf: (base) => base,
  open: (symbols) => ({
    subscriptions: [
      JSON.stringify({ type: 'subscribe', product_ids: [...symbols], channels: ['ticker', 'heartbeat'] }),
    ],
    read,
  }),
};

function read(frame: string): VenueEvent[] {
  const fields = objectOf(VENUE, frame);
  switch (textOf(VENUE, fields, 'type')) {
    case 'ticker': {
      const symbol = textOf(VENUE, fields, 'product_id');
      const bid = textOf(VENUE, fields, 'best_bid');
      const mid = midOf(VENUE, symbol, bid, textOf(VENUE, fields, 'best_ask'));
      const sequence = countOf(VENUE, fields, 'sequence');
      return [{ kind: 'price', symbol, ...mid, time: instantOf(VENUE, fields, 'time').ms, sequence }];
    }
    case 'error':
      return [
        { kind: 'refused', reason: `${String(fields.message)}: ${String(fields.reason)}`.slice(0, 200) },
      ];
    default:
      // New kinds may come at any time, and are to be passed over.
      return [{ kind: 'alive' }];
  }
}
