import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deadLetters } from '#lib/events';
import { ApiKeys, signedHeaders } from '#lib/host';
import type { BookEvent } from '#lib/exchange';
import { outgoing, TOPICS } from '#lib/messages';
import { type Engine, Replayer, simulatedMarket, startEngine } from '../../apps/zkrisk/src/index.js';
import { startTestDatabase, type TestDatabase } from '../support/database.js';
import { QUICK_MODEL } from '../support/topology.js';

// The operator's orders over REST, journalled by the pricer: each one's effect on the books, and how each is undone.

const ADMIN_SECRET = 'a secret for tests, of forty characters..';

describe('the operator’s orders', () => {
  let server: TestDatabase;
  let engine: Engine;
  let key: string;

  beforeAll(async () => {
    server = await startTestDatabase();
    engine = await startEngine({
      ...QUICK_MODEL,
      ...{ DATABASE_URL: server.url, PORT: '0', LOG_LEVEL: 'silent', ADMIN_SECRET, API_KEYS: 'required' },
      ADMIN_HOLDERS: '1',
    });
    const replayer = new Replayer(simulatedMarket(5, 45), engine.log, engine.database, {
      ...{ speed: undefined, liquidity: 1_000_000, warmUpBars: 0 },
      flow: { seed: 3, accounts: 20, tradesPerBar: 1, medianNotional: 10_000, firstBar: 35 },
    });
    await replayer.run(new AbortController().signal);
    ({ key } = await new ApiKeys(engine.database).create({
      label: 'operator',
      scopes: ['admin', 'trade', 'treasury', 'quote'],
    }));
  }, 120_000);
  afterAll(async () => {
    await engine.stop();
    await server.stop();
  });

  async function post(path: string, asked: object, signed = false) {
    const body = JSON.stringify(asked);
    const call = { method: 'POST', url: path, body: Buffer.from(body), nonce: randomUUID() };
    const response = await fetch(`${engine.url}${path}`, {
      method: 'POST',
      headers: {
        ...{ authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        ...(signed ? signedHeaders(ADMIN_SECRET, call) : {}),
      },
      body,
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  }
  async function order(market: string, asked: object) {
    const path = `/v1/admin/markets/${encodeURIComponent(market)}/orders`;
    const answer = await post(path, { by: 'olga', reason: 'a drill', ...asked }, true);
    await engine.log.drained(AbortSignal.timeout(20_000));
    return answer;
  }
  async function lastEvents(kind: BookEvent['kind']): Promise<BookEvent[]> {
    const rows = await engine.database.query<{ payload: BookEvent }[]>(
      'select payload from book_event where kind = $1 order by sequence desc limit 5',
      [kind],
    );
    return rows.map(({ payload }) => payload);
  }
  const ledger = () => engine.pricer.engine.ledger;
  const market = 'SIM-B';

  async function trade(account: string, size: string): Promise<string> {
    await post(`/v1/accounts/${account}/deposits`, { amount: '50000', commandId: `d-${randomUUID()}` });
    const quote = await post('/v1/quotes', { account, legs: [{ market, size }] });
    expect(quote.status).toBe(201);
    const booked = await post(`/v1/quotes/${quote.body.id as string}/accept`, {});
    expect(booked.status).toBe(200);
    return quote.body.id as string;
  }

  it('bust: a trade is taken back once, by its account and id', async () => {
    const id = await trade('alice', '1.5');
    expect(ledger().position('alice', market).size).toBe(150_000_000n);
    const cash = ledger().cashOf('alice');
    expect((await order('*', { order: 'bust', trade: { account: 'alice', id } })).status).toBe(202);
    expect(ledger().position('alice', market).size).toBe(0n);
    const [event] = await lastEvents('trade-busted');
    expect(event).toMatchObject({ tradeId: id, account: 'alice', by: 'olga', reason: 'a drill' });
    // Its premium is given back; one that lowers the pool's risk has cost none.
    expect(ledger().cashOf('alice') - cash).toBeGreaterThanOrEqual(0n);
    // Again, of somebody else, and of a trade that never was: refused, and the books do not move.
    const events = ledger().eventCount;
    await order('*', { order: 'bust', trade: { account: 'alice', id } });
    await order('*', { order: 'bust', trade: { account: 'mallory', id } });
    await order('*', { order: 'bust', trade: { account: 'alice', id: 'never' } });
    expect((await lastEvents('trade-busted')).length).toBe(1);
    expect(ledger().eventCount - events).toBeLessThanOrEqual(3);
    expect(ledger().imbalance()).toBe(0n);
  }, 60_000);

  it('rescale: only of a halted market; quotes are in the new unit, the forecast goes on, and it can be undone', async () => {
    await trade('bob', '2');
    const mark = engine.pricer.engine.board.mark(market)!.value;
    await order(market, { order: 'rescale', factor: '100' });
    expect(engine.pricer.engine.board.mark(market)!.value).toBe(mark);
    await order(market, { order: 'halt' });
    expect(await post('/v1/quotes', { legs: [{ market, size: '1' }] })).toMatchObject({ status: 503 });
    await order(market, { order: 'rescale', factor: '100' });
    await order(market, { order: 'resume' });
    expect(engine.pricer.engine.board.mark(market)!.value / mark).toBeCloseTo(100, 9);
    expect(ledger().position('bob', market).size).toBe(2_000_000n);
    const bars = await engine.database.query<{ price: number }[]>(
      `select (prices->>'${market}')::float8 as price from bar order by bar_end desc limit 1`,
    );
    expect(bars[0].price / mark).toBeCloseTo(100, 6);
    expect((await post('/v1/quotes', { legs: [{ market, size: '0.01' }] })).status).toBe(201);
    await order(market, { order: 'halt' });
    await order(market, { order: 'rescale', factor: '0.01' });
    await order(market, { order: 'resume' });
    expect(ledger().position('bob', market).size).toBe(200_000_000n);
    expect(ledger().imbalance()).toBe(0n);
  }, 60_000);

  it('delist: positions are settled, the market is gone from the books and from /v1/markets, the others trade on', async () => {
    await trade('carol', '-1');
    await order(market, { order: 'halt' });
    const price = engine.pricer.engine.board.mark(market)!.text;
    expect((await order(market, { order: 'delist', price })).status).toBe(202);
    expect(ledger().marketNames()).not.toContain(market);
    expect(ledger().account('carol').positions).toEqual([]);
    expect((await lastEvents('market-delisted'))[0]).toMatchObject({ market, by: 'olga' });
    const markets = await fetch(`${engine.url}/v1/markets`, { headers: { authorization: `Bearer ${key}` } });
    expect(JSON.stringify(await markets.json())).not.toContain(`"${market}"`);
    expect((await post('/v1/quotes', { legs: [{ market: 'SIM-A', size: '0.1' }] })).status).toBe(201);
    expect(ledger().imbalance()).toBe(0n);
    expect(ledger().recount()).toBeUndefined();
  }, 60_000);

  it('answers 422 naming the field that an order lacks, or does not take', async () => {
    for (const [of, asked, field] of [
      ['SIM-A', { order: 'rescale' }, 'factor'],
      ['SIM-A', { order: 'delist' }, 'price'],
      ['*', { order: 'bust' }, 'trade'],
      ['SIM-A', { order: 'halt', factor: '2' }, 'factor'],
      ['*', { order: 'halt' }, 'market'],
      ['SIM-A', { order: 'bust', trade: { account: 'a', id: 'b' } }, 'market'],
    ] as const) {
      const { status, body } = await order(of, asked);
      expect(status).toBe(422);
      expect(JSON.stringify(body)).toContain(field);
    }
  });

  it('accept-time: prices are taken again after the log has stood still for days', async () => {
    const { now } = engine.pricer.engine.board;
    const at = now + 3 * 86_400_000;
    const watermark = async (id: string) => {
      const header = { id, sequence: 1, time: at };
      const message = outgoing(TOPICS.prices, 'watermark', header, { kind: 'watermark', until: at });
      await engine.log.publish([{ ...message, appendedAt: at }]);
      await engine.log.drained(AbortSignal.timeout(20_000));
    };
    await watermark('after-the-gap');
    expect(engine.pricer.engine.board.now).toBe(now);
    const letters = await deadLetters(engine.log, 'prices');
    expect(letters.at(-1)!.reason).toContain('step');
    expect((await order('*', { order: 'accept-time' })).status).toBe(202);
    await watermark('after-the-order');
    expect(engine.pricer.engine.board.now).toBe(at);
  });
});
