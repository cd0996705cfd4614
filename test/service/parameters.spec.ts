import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApiKeys, signedHeaders } from '#lib/host';
import { outgoing, type RiskParameters, TOPICS } from '#lib/messages';
import { type Engine, Replayer, simulatedMarket, startEngine } from '../../apps/zkrisk/src/index.js';
import { LiquidatorService } from '../../apps/liquidator/src/index.js';
import { startTestDatabase, type TestDatabase } from '../support/database.js';
import { quickParameters } from '../support/quick-parameters.js';

const ADMIN_SECRET = 'a secret for tests, of forty characters..';
const QUICK = {
  FIRST_PARAMETERS: quickParameters({ forecast: { refitEveryBars: 1000 } }),
};

interface Held {
  readonly version: number;
  readonly parameters: RiskParameters;
}
interface Viewed {
  readonly cross: { readonly reserved: number };
  readonly losses: object;
}
interface Credit {
  readonly capital: number;
  readonly caps: { readonly pool: number };
  readonly scenarios: readonly { readonly deficit: number }[];
}

/** The risk parameters, matched trades and the rest of what operators and order books ask of a running exchange. */
describe('an exchange in service', () => {
  let engine: Engine;
  let server: TestDatabase;
  let operator = '';
  const environment = () => ({
    ...QUICK,
    PORT: '0',
    DATABASE_URL: server.url,
    ADMIN_SECRET,
    ADMIN_HOLDERS: '1',
    LOG_LEVEL: 'silent',
  });

  beforeAll(async () => {
    server = await startTestDatabase();
    engine = await startEngine(environment());
    await new Replayer(simulatedMarket(5, 40), engine.log, engine.database, {
      ...{ speed: undefined, liquidity: 1_000_000, warmUpBars: 0 },
      flow: { seed: 3, accounts: 20, tradesPerBar: 0, medianNotional: 10_000, firstBar: 35 },
    }).run(new AbortController().signal);
    operator = (await new ApiKeys(engine.database).create({ label: 'operator', scopes: ['admin'] })).key;
  }, 120_000);
  afterAll(async () => {
    await engine.stop();
    await server.stop();
  });

  async function call<T = Record<string, unknown>>(
    path: string,
    body?: object,
  ): Promise<{ status: number; body: T }> {
    const response = await fetch(`${engine.url}${path}`, {
      ...(body === undefined
        ? {}
        : { method: 'POST', headers: headersOf(path, body), body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as T };
  }
  /** Admin calls have a key and are signed. */
  function headersOf(url: string, body: object): Record<string, string> {
    const plain = { 'content-type': 'application/json' };
    if (!url.startsWith('/v1/admin/')) return plain;
    const call = { method: 'POST', url, body: Buffer.from(JSON.stringify(body)), nonce: randomUUID() };
    return { ...plain, authorization: `Bearer ${operator}`, ...signedHeaders(ADMIN_SECRET, call) };
  }
  const drained = () => engine.log.drained(new AbortController().signal);
  const liquidator = () => engine.app.get(LiquidatorService).unit(0).watch;

  it('has risk parameters that are previewed, set once, told to the liquidator and kept', async () => {
    const first = (await call<Held>('/v1/parameters')).body;
    expect(first.version).toBe(1);
    expect(first.parameters.margin.mode).toBe('portfolio');
    await call('/v1/accounts/alice/deposits', { amount: '20000' });
    const market = (await call<{ markets: { market: string; mark: string }[] }>('/v1/markets')).body
      .markets[0];
    const size = (60_000 / Number(market.mark)).toFixed(4);
    const quote = await call<{ id: string }>('/v1/quotes', {
      account: 'alice',
      legs: [{ market: market.market, size }],
    });
    expect((await call(`/v1/quotes/${quote.body.id}/accept`, {})).status).toBe(200);
    const wide = structuredClone(first.parameters);
    wide.margin.floors.default = {
      initial: [{ above: 0, rate: 0.9 }],
      maintenance: [{ above: 0, rate: 0.5 }],
    };
    const preview = await call('/v1/admin/parameters/preview', { parameters: wide });
    expect(preview.status).toBe(200);
    expect(preview.body).toMatchObject({
      ...{ base: 1, accounts: 1, liquidatable: { before: 0, after: 1, names: ['alice'] } },
      changed: ['margin.floors.default.initial', 'margin.floors.default.maintenance'],
    });
    expect((await call<Held>('/v1/parameters')).body).toEqual(first);

    const caps = { ...first.parameters, credit: { ...first.parameters.credit, accountShare: 0.02 } };
    const change = {
      commandId: 'change-1',
      base: 1,
      parameters: caps,
      by: 'operator-1',
      reason: 'wider cap',
    };
    const set = await call('/v1/admin/parameters', change);
    expect(set).toMatchObject({ status: 200, body: { version: 2, by: 'operator-1' } });
    expect(await call('/v1/admin/parameters', { ...change, commandId: 'change-2' })).toMatchObject({
      status: 409,
      body: { code: 'parameters-version' },
    });
    const falling = [
      { above: 0, rate: 0.02 },
      { above: 10, rate: 0.01 },
    ];
    const broken = {
      ...caps,
      margin: {
        ...caps.margin,
        floors: { default: { initial: falling, maintenance: falling }, markets: {} },
      },
    };
    expect(
      (await call('/v1/admin/parameters', { ...change, commandId: 'change-3', base: 2, parameters: broken }))
        .status,
    ).toBe(422);
    await drained();
    expect(liquidator().rules.version).toBe(2);
    expect(liquidator().otherRules).toBe(false);
    expect((await call('/v1/parameters/history')).body.changes).toMatchObject([
      { version: 2, reason: 'wider cap' },
      { version: 1, reason: 'FIRST_PARAMETERS' },
    ]);

    // Marks are kept by the new version everywhere; the model stays as the book was founded.
    const marks = { ...caps.marks, bandMinimum: 0.05, quorum: 1 };
    const forecast = { ...caps.forecast, windowBars: 50 };
    const banded = { ...change, commandId: 'change-4', base: 2, parameters: { ...caps, marks, forecast } };
    expect(await call('/v1/admin/parameters', banded)).toMatchObject({ status: 200, body: { version: 3 } });
    await drained();
    expect(liquidator().rules.parameters.marks.bandMinimum).toBe(0.05);
    const stored = await engine.database.query<{ service: string; version: number }[]>(
      `select service, (value->>'version')::int as version from service_state where name like 'parameters%' order by 1, 2`,
    );
    expect(stored.filter(({ service }) => service === 'forecaster')).toEqual([
      { service: 'forecaster', version: 3 },
    ]);
    const short = { ...caps, forecast: { ...forecast, minimumBars: 51 } };
    expect(
      await call('/v1/admin/parameters', { ...banded, commandId: 'short', base: 3, parameters: short }),
    ).toMatchObject({
      status: 422,
      body: { detail: expect.stringContaining('minimumBars must not exceed windowBars') as string },
    });
    const model = { ...caps.model, alpha: 0.05 };
    const other = { ...change, commandId: 'change-5', base: 3, parameters: { ...caps, model } };
    expect(await call('/v1/admin/parameters', other)).toMatchObject({
      status: 422,
      body: { detail: expect.stringContaining('parameters.model.alpha') as string },
    });

    // A change that somebody else has sealed, or nobody, is decided nowhere.
    const forged = {
      ...{ commandId: 'forged', base: 2, parameters: first.parameters, by: 'thief', reason: 'mine' },
      ...{ issuedAt: Date.now(), seal: 'A'.repeat(43) },
    };
    const time = engine.pricer.engine.board.now;
    await engine.log.publish([
      outgoing(TOPICS.parameterCommands, 'operator', { id: randomUUID(), sequence: 0, time }, forged),
    ]);
    await drained();
    expect((await call<Held>('/v1/parameters')).body.version).toBe(3);
  });

  it('books matched trades at once or not at all, and shows what defaults would cost', async () => {
    for (const account of ['buyer', 'seller'])
      await call(`/v1/accounts/${account}/deposits`, { amount: '10000' });
    const market = (await call<{ markets: { market: string; mark: string }[] }>('/v1/markets')).body
      .markets[1];
    const size = (10_000 / Number(market.mark)).toFixed(4);
    const fill = {
      buyer: 'buyer',
      seller: 'seller',
      market: market.market,
      size,
      price: market.mark,
      maker: 'seller',
    };
    const reserved = await call('/v1/accounts/buyer/reservations', {
      commandId: 'order-1',
      legs: [{ market: market.market, size }],
    });
    expect(reserved).toMatchObject({ status: 201, body: { kind: 'margin-reserved' } });
    expect((await call<Viewed>('/v1/accounts/buyer')).body.cross.reserved).toBeGreaterThan(1000);
    const match = {
      matchId: 'm-1',
      fills: [fill],
      releases: [{ account: 'buyer', reservationId: 'order-1' }],
    };
    const booked = await call('/v1/matches', match);
    expect(booked).toMatchObject({ status: 201, body: { matchId: 'm-1' } });
    expect(await call('/v1/matches', match)).toEqual(booked);
    expect((await call<Viewed>('/v1/accounts/buyer')).body.cross).toMatchObject({ reserved: 0 });
    await call('/v1/accounts/pauper/deposits', { amount: '1' });
    const poor = await call('/v1/matches', { fills: [fill, { ...fill, buyer: 'pauper' }] });
    expect(poor).toMatchObject({ status: 409, body: { code: 'insufficient-margin' } });
    const strange = await call('/v1/matches', { fills: [fill, { ...fill, buyer: 'nobody' }] });
    expect(strange).toMatchObject({ status: 404, body: { code: 'unknown-account' } });
    const credit = (await call<Credit>('/v1/credit')).body;
    expect(credit.caps.pool).toBeCloseTo(0.1 * credit.capital, 6);
    expect(credit.scenarios).toHaveLength(20);
    expect(credit.scenarios[0].deficit).toBeGreaterThanOrEqual(0);
    const account = (await call<Viewed>('/v1/accounts/buyer')).body;
    expect(account.losses).toMatchObject({ wouldBeCut: '0', notes: { outstanding: '0', claimable: '0' } });
    expect((await call('/v1/accounts/buyer/claims', {})).body.code).toBe('nothing-to-claim');
    const batch = await call('/v1/quotes/batch', {
      requests: [
        { account: 'buyer', legs: [{ market: market.market, size }] },
        { account: 'seller', legs: [{ market: 'NO-SUCH', size: '1' }] },
      ],
    });
    expect(batch.body.answers).toMatchObject([
      { status: 'quoted' },
      { status: 'refused', code: 'unknown-market' },
    ]);
    expect((await call('/v1/book')).body.imbalance).toBe('0');
  });

  it('takes up parameters, credit and reservations after a restart', async () => {
    const before = (await call<Credit>('/v1/credit')).body;
    await engine.stop();
    engine = await startEngine(environment());
    expect((await call<Held>('/v1/parameters')).body.version).toBe(3);
    const after = (await call<Credit>('/v1/credit')).body;
    expect(after.scenarios).toEqual(before.scenarios);
    await drained();
    expect(liquidator().rules.version).toBe(3);
  }, 60_000);
});
