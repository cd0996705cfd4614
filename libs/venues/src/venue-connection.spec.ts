import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { coinbase } from './coinbase.js';
import { VenueConnection, type VenueTick } from './venue-connection.js';

/** A venue on this machine that does whatever a test has it do. */
class LocalVenue {
  readonly clients: WebSocket[] = [];
  readonly subscribed: string[] = [];
  private constructor(private readonly server: WebSocketServer) {
    server.on('connection', (client) => {
      this.clients.push(client);
      client.on('message', (data) => this.subscribed.push((data as Buffer).toString()));
    });
  }
  static async open(): Promise<LocalVenue> {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    await once(server, 'listening');
    return new LocalVenue(server);
  }
  get url(): string {
    return `ws://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }
  send(frame: string): void {
    this.clients.at(-1)!.send(frame);
  }
  close(): void {
    for (const client of this.clients) client.terminate();
    this.server.close();
  }
}

const SETTINGS = {
  ...{ lagMs: 2000, skewMs: 500, everyMs: 0, widest: 0.02 },
  ...{ silenceMs: 400, backoffMs: 10, mostBackoffMs: 100 },
};
const frame = (
  sequence: number,
  mid: number,
  changes: { age?: number; symbol?: string; spread?: number } = {},
) => {
  const { age = 0, symbol = 'ETH-USD', spread = 0.02 } = changes;
  return JSON.stringify({
    ...{ type: 'ticker', sequence, product_id: symbol, time: new Date(Date.now() - age).toISOString() },
    ...{ best_bid: (mid - spread / 2).toFixed(4), best_ask: (mid + spread / 2).toFixed(4) },
  });
};
const until = async (met: () => boolean, what: string) => {
  for (let i = 0; i < 300 && !met(); i++) await sleep(10);
  if (!met()) throw new Error(`${what}: not within 3 s`);
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
      venue.send(frame(sequence, mid));
    await until(() => ticks.length >= 3 && connection.counts.refused.repeated === 3, 'ticks');
    expect(prices()).toEqual(['100', '102', '103']);
    expect(ticks[0]).toMatchObject({ source: 'coinbase', market: 'ETH', confidence: '0.01' });
  });

  it('passes nothing on that lags, is ahead of our clock, is of no market, or of a book too wide', async () => {
    await open();
    venue.send(frame(1, 100, { age: 60_000 }));
    venue.send(frame(2, 100, { age: -60_000 }));
    venue.send(frame(3, 100, { symbol: 'DOGE-USD' }));
    venue.send(frame(4, 100, { spread: 10 }));
    venue.send('{"type":"ticker","product_id":"ETH-USD"}');
    venue.send('not JSON');
    venue.send(frame(5, 101));
    await until(() => ticks.length === 1, 'the good one');
    expect(prices()).toEqual(['101']);
    expect(connection.counts).toMatchObject({
      malformed: 2,
      refused: { lagging: 1, 'from-the-future': 1, 'unknown-symbol': 1, wide: 1 },
    });
  });

  it('connects again after the venue hangs up, subscribes again, and takes sequences that begin anew', async () => {
    await open();
    venue.send(frame(1000, 100));
    await until(() => ticks.length === 1, 'the first');
    venue.clients[0].terminate();
    await until(() => venue.subscribed.length === 2, 'a second subscription');
    venue.send(frame(1, 101));
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
    for (let i = 1; i <= 5; i++) venue.send(frame(i, 100 + i));
    await until(() => connection.counts.refused.throttled === 4, 'the others');
    expect(prices()).toEqual(['101']);
    expect(connection.lastProblem).toMatch(/ETH-USDX is not a valid product/);
  });
});
