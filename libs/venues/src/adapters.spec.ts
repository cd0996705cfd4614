import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { binance } from './binance.js';
import { coinbase } from './coinbase.js';
import { FrameError } from './frame.js';
import { kraken } from './kraken.js';
import { parseVenueMarkets } from './venue-markets.js';

const T = Date.UTC(2026, 0, 2, 3, 4, 5);

/** Frames as each venue's documentation has them, with numbers of ours. */
const FRAMES = {
  binance: {
    book: JSON.stringify({
      stream: 'btcusdt@bookTicker',
      data: { u: 400900217, s: 'BTCUSDT', b: '65000.10000000', B: '31.21', a: '65000.30000000', A: '40.66' },
    }),
    trade: JSON.stringify({
      stream: 'btcusdt@aggTrade',
      data: {
        ...{ e: 'aggTrade', E: T, s: 'BTCUSDT', a: 5933014, p: '65000.20', q: '0.047', f: 100, l: 105 },
        ...{ T: T - 1, m: true, M: true },
      },
    }),
  },
  coinbase: JSON.stringify({
    ...{ type: 'ticker', sequence: 37475248783, product_id: 'ETH-USD', price: '3200.33' },
    ...{ open_24h: '3310.79', volume_24h: '245532.79', low_24h: '3196.3', high_24h: '3313.78' },
    ...{ volume_30d: '9788783.6', best_bid: '3200.31', best_bid_size: '0.41', best_ask: '3200.35' },
    ...{ best_ask_size: '2.7', side: 'buy', time: '2026-01-02T03:04:05.523456Z', trade_id: 370843401 },
  }),
  kraken: JSON.stringify({
    ...{ channel: 'ticker', type: 'update' },
    data: [
      {
        ...{ symbol: 'PEPE/USD', bid: 0.00000851, bid_qty: 740.1, ask: 0.00000853, ask_qty: 740.2 },
        ...{ last: 0.00000852, volume: 997038.9, vwap: 0.0000085, low: 0.000008, high: 0.000009 },
        ...{ change: -0.0000001, change_pct: -0.17, timestamp: '2026-01-02T03:04:05.523456Z' },
      },
    ],
  }),
};

describe('adapters', () => {
  it('binance: a book ticker counts at the latest event time of the connection', () => {
    const session = binance.open(['BTCUSDT']);
    expect(binance.addressOf(binance.url, ['BTCUSDT'])).toBe(
      'wss://stream.binance.com:9443/stream?streams=btcusdt@bookTicker/btcusdt@aggTrade',
    );
    expect(session.read(FRAMES.binance.book)).toEqual([{ kind: 'alive' }]);
    expect(session.read(FRAMES.binance.trade)).toEqual([{ kind: 'alive' }]);
    expect(session.read(FRAMES.binance.book)).toEqual([
      {
        ...{ kind: 'price', symbol: 'BTCUSDT', price: '65000.2', confidence: '0.1' },
        ...{ time: T, sequence: 400900217 },
      },
    ]);
    expect(session.read('{"result":null,"id":1}')).toEqual([{ kind: 'alive' }]);
    expect(session.read('{"error":{"code":2,"msg":"Invalid request"}}')[0].kind).toBe('refused');
  });

  it('coinbase: ticker, heartbeat, error; kinds it does not know are passed over', () => {
    const session = coinbase.open(['ETH-USD']);
    expect(JSON.parse(session.subscriptions[0])).toMatchObject({
      type: 'subscribe',
      product_ids: ['ETH-USD'],
    });
    expect(session.read(FRAMES.coinbase)).toEqual([
      {
        ...{ kind: 'price', symbol: 'ETH-USD', price: '3200.33', confidence: '0.02' },
        ...{ time: T + 523, sequence: 37475248783 },
      },
    ]);
    expect(session.read('{"type":"heartbeat","sequence":90}')).toEqual([{ kind: 'alive' }]);
    expect(session.read('{"type":"something new"}')).toEqual([{ kind: 'alive' }]);
    expect(session.read('{"type":"error","message":"Failed","reason":"X-Y is not valid"}')).toEqual([
      { kind: 'refused', reason: 'Failed: X-Y is not valid' },
    ]);
  });

  it('kraken: numbers however small, microseconds for a sequence, refused symbols', () => {
    const session = kraken.open(['PEPE/USD']);
    expect(JSON.parse(session.subscriptions[0])).toMatchObject({
      method: 'subscribe',
      params: { channel: 'ticker', symbol: ['PEPE/USD'], event_trigger: 'bbo' },
    });
    expect(session.read(FRAMES.kraken)).toEqual([
      {
        ...{ kind: 'price', symbol: 'PEPE/USD', price: '0.00000852', confidence: '0.00000001' },
        ...{ time: T + 523, sequence: T * 1000 + 523456 },
      },
    ]);
    expect(session.read('{"channel":"heartbeat"}')).toEqual([{ kind: 'alive' }]);
    expect(
      session.read('{"error":"Currency pair not supported X/Y","method":"subscribe","success":false}'),
    ).toEqual([{ kind: 'refused', reason: 'Currency pair not supported X/Y' }]);
  });

  it('refuse a book that is crossed, empty or no price, and read no frame of any bytes as a price', () => {
    const crossed = FRAMES.coinbase.replace('"best_bid":"3200.31"', '"best_bid":"3300"');
    expect(() => coinbase.open([]).read(crossed)).toThrow(/crossed/);
    for (const bid of ['0', '-1', '1e3', 'NaN', ''])
      expect(() =>
        coinbase.open([]).read(FRAMES.coinbase.replace('"best_bid":"3200.31"', `"best_bid":"${bid}"`)),
      ).toThrow(FrameError);
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.json()),
        fc.constantFrom(binance, coinbase, kraken),
        (frame, venue) => {
          try {
            return venue
              .open(['A'])
              .read(frame)
              .every(({ kind }) => kind !== 'price');
          } catch (error) {
            return error instanceof FrameError;
          }
        },
      ),
      { numRuns: 2000 },
    );
  });
});

describe(parseVenueMarkets, () => {
  it('reads markets by venue and symbol, and names what is wrong', () => {
    const venues = parseVenueMarkets('BTC=binance:BTCUSDT+kraken:BTC/USD, ETH=kraken:ETH/USD');
    expect([...venues.get('kraken')!]).toEqual([
      ['BTC/USD', 'BTC'],
      ['ETH/USD', 'ETH'],
    ]);
    for (const [text, says] of [
      ['BTC', /market=venue:symbol/],
      ['BTC=mtgox:BTCUSD', /"mtgox" is none of/],
      ['BTC=kraken:A,BTC=kraken:B', /BTC is there twice/],
      ['BTC=kraken:A,ETH=kraken:A', /kraken:A is there twice/],
      ['BTC=kraken:', /is no symbol/],
    ] as const)
      expect(() => parseVenueMarkets(text)).toThrow(says);
  });
});
