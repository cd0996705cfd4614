import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { EmbeddedLog } from '#lib/events';
import { MarkKeeper, markParameters } from '#lib/exchange';
import { ALL_TOPICS, type Message, type PricePayload } from '#lib/messages';
import { VenuesService, venuesConfig } from '../../apps/venues/src/index.js';
import { eventually, startTestDatabase, type TestDatabase } from '../support/database.js';
import { equalSources } from '../support/price-sources.js';

// Three venues on this machine, each in its own format; one lies. Their ticks go through the log to the marks.

const MARKETS = 'BTC=binance:BTCUSDT+coinbase:BTC-USD+kraken:BTC/USD';

class LocalVenue {
  readonly clients = new Set<WebSocket>();
  private sequence = 0;
  private constructor(
    readonly name: string,
    private readonly server: WebSocketServer,
  ) {
    server.on('connection', (client) => this.clients.add(client));
  }
  static async open(name: string): Promise<LocalVenue> {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    await once(server, 'listening');
    return new LocalVenue(name, server);
  }
  get url(): string {
    return `${this.name}=ws://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }
  quote(mid: number): void {
    const [bid, ask] = [mid - 0.5, mid + 0.5];
    const [sequence, now] = [++this.sequence, new Date()];
    const frames: Record<string, object[]> = {
      binance: [
        {
          stream: 'btcusdt@aggTrade',
          data: { e: 'aggTrade', E: now.getTime(), s: 'BTCUSDT', a: 1, p: String(mid) },
        },
        {
          stream: 'btcusdt@bookTicker',
          data: { u: sequence, s: 'BTCUSDT', b: String(bid), B: '1', a: String(ask), A: '1' },
        },
      ],
      coinbase: [
        {
          ...{ type: 'ticker', sequence, product_id: 'BTC-USD', time: now.toISOString() },
          ...{ best_bid: String(bid), best_ask: String(ask), price: String(mid) },
        },
      ],
      kraken: [
        {
          ...{ channel: 'ticker', type: 'update' },
          data: [{ symbol: 'BTC/USD', bid, ask, last: mid, timestamp: now.toISOString() }],
        },
      ],
    };
    for (const frame of frames[this.name])
      for (const client of this.clients) client.send(JSON.stringify(frame));
  }
  close(): void {
    for (const client of this.clients) client.terminate();
    this.server.close();
  }
}

describe(VenuesService, () => {
  let database: TestDatabase;
  let log: EmbeddedLog;
  let venues: LocalVenue[];
  let service: VenuesService;

  beforeAll(async () => {
    database = await startTestDatabase();
    log = new EmbeddedLog(await database.connect(), ALL_TOPICS, 1);
    venues = await Promise.all(['binance', 'coinbase', 'kraken'].map((name) => LocalVenue.open(name)));
    service = new VenuesService(
      log,
      venuesConfig({
        ...{ VENUES: MARKETS, VENUE_URLS: venues.map(({ url }) => url).join(',') },
        ...{ VENUE_TICK_MS: '1', VENUE_BACKOFF_MS: '10' },
      }),
    );
    service.start();
    await eventually(() => venues.every(({ clients }) => clients.size === 1), 'three connections', 10_000);
  }, 60_000);
  afterAll(async () => {
    await service.close();
    for (const venue of venues) venue.close();
    await log.close();
    await database.stop();
  });

  it('publishes what three venues say; one that lies, and one that hangs up, move no mark', async () => {
    const rounds = async (quotes: readonly [number, number, number][]) => {
      for (const mids of quotes) {
        const before = service.published;
        mids.forEach((mid, i) => {
          venues[i].quote(mid);
        });
        await eventually(() => service.published >= before + 3, 'three ticks', 5_000);
      }
    };
    await rounds([
      [65_000, 65_001, 64_999],
      [65_010, 65_009, 65_011],
      [65_010, 65_012, 1_300],
      [65_011, 65_010, 9_000_000],
      [65_012, 65_012, 65_010],
    ]);
    for (const client of venues[1].clients) client.terminate();
    venues[1].clients.clear();
    await eventually(() => venues[1].clients.size === 1, 'the venue is connected again', 5_000);
    await rounds([[65_015, 65_016, 65_014]]);

    const records = await log.records('prices', 0, 0n, 1000n);
    const keeper = new MarkKeeper(
      markParameters({ sources: equalSources({ BTC: 'binance coinbase kraken' }) }),
    );
    const marks: string[] = [];
    for (const { value } of records) {
      const { payload, time, sequence } = JSON.parse(value) as Message<PricePayload>;
      if (payload.kind !== 'tick') continue;
      for (const mark of keeper.take({ ...payload, time, sequence })) marks.push(mark.text);
    }
    expect(records.length).toBe(service.published);
    expect(marks.length).toBeGreaterThan(8);
    for (const mark of marks) expect(Math.abs(Number(mark) / 65_010 - 1)).toBeLessThan(0.001);
    expect(keeper.sources('BTC')).toEqual({ fresh: 3, known: 3 });
    expect(service.isReady(10_000)).toBe(true);
    expect(service.isReady(-1)).toBe(false);
  }, 60_000);
});
