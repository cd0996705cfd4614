import { afterEach, describe, expect, it } from 'vitest';
import { coinbaseFrame, LocalVenue, until } from '../../../test/support/local-venue.js';
import { coinbase } from './coinbase.js';
import { VenueConnection, type VenueTick } from './venue-connection.js';

const SETTINGS = {
  ...{ lagMs: 2000, skewMs: 500, everyMs: 0, widest: 0.02 },
  ...{ silenceMs: 400, backoffMs: 10, mostBackoffMs: 100 },
};

describe(VenueConnection, () => {
  let venue: LocalVenue;
  let connection: VenueConnection;
  const ticks: VenueTick[] = [];
  const open = async (changes: Partial<typeof SETTINGS> = {}) => {
    ticks.length = 0;
    venue = await LocalVenue.open();
    const settings = { ...SETTINGS, ...changes };
    const markets = new Map([['ETH-USD', 'ETH']]);
    connection = new VenueConnection(
      coinbase,
      venue.url,
      markets,
      settings,
      (tick) => ticks.push(tick),
      () => 0,
    );
    connection.start();
    await until(() => venue.subscribed.length === 1, 'subscription');
  };
  afterEach(async () => {
    await connection.close();
    venue.close();
  });
  const prices = () => ticks.map(({ price }) => price);

  it('passes prices on once, whatever the venue repeats or sends again in another order', async () => {
    await open();
    for (const [sequence, mid] of [
      [1, 100],
      [1, 100],
      [3, 102],
      [2, 101],
      [3, 102],
      [4, 103],
    ])
      venue.send(coinbaseFrame(sequence, mid));
    await until(() => ticks.length >= 3 && connection.counts.refused.repeated === 3, 'ticks');
    expect(prices()).toEqual(['100', '102', '103']);
    expect(ticks[0]).toMatchObject({ source: 'coinbase', market: 'ETH', confidence: '0.01' });
  });

  it('passes nothing on that lags, is ahead of our clock, is of no market, or of a book too wide', async () => {
    await open();
    venue.send(coinbaseFrame(1, 100, { age: 60_000 }));
    venue.send(coinbaseFrame(2, 100, { age: -60_000 }));
    venue.send(coinbaseFrame(3, 100, { symbol: 'DOGE-USD' }));
    venue.send(coinbaseFrame(4, 100, { spread: 10 }));
    venue.send('{"type":"ticker","product_id":"ETH-USD"}');
    venue.send('not JSON');
    venue.send(coinbaseFrame(5, 101));
    await until(() => ticks.length === 1, 'the good one');
    expect(prices()).toEqual(['101']);
    expect(connection.counts).toMatchObject({
      malformed: 2,
      refused: { lagging: 1, 'from-the-future': 1, 'unknown-symbol': 1, wide: 1 },
    });
  });

  it('connects again after the venue hangs up, subscribes again, and takes sequences that begin anew', async () => {
    await open();
    venue.send(coinbaseFrame(1000, 100));
    await until(() => ticks.length === 1, 'the first');
    venue.clients[0].terminate();
    await until(() => venue.subscribed.length === 2, 'a second subscription');
    venue.send(coinbaseFrame(1, 101));
    await until(() => ticks.length === 2, 'the second');
    expect(prices()).toEqual(['100', '101']);
    expect(connection.counts.disconnections).toBe(1);
    expect(connection.connected).toBe(true);
  });

  it('gives up a connection on which nothing comes, and says so', async () => {
    await open({ silenceMs: 80 });
    await until(() => venue.subscribed.length >= 2, 'a second subscription');
    expect(connection.lastProblem).toMatch(/nothing was received for 80 ms/);
    expect(connection.quietMs()).toBe(Infinity);
  });

  it('says what the venue refuses, and passes at most one price on in the time set', async () => {
    await open({ everyMs: 60_000 });
    venue.send('{"type":"error","message":"Failed to subscribe","reason":"ETH-USDX is not a valid product"}');
    for (let i = 1; i <= 5; i++) venue.send(coinbaseFrame(i, 100 + i));
    await until(() => connection.counts.refused.throttled === 4, 'the others');
    expect(prices()).toEqual(['101']);
    expect(connection.lastProblem).toMatch(/ETH-USDX is not a valid product/);
  });
});
