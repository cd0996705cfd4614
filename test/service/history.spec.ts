// Long because all its tests need one engine with a month of history, which takes longer to make than they take.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApiKeys } from '#lib/host';
import { type Engine, Replayer, simulatedMarket, startEngine } from '../../apps/zkrisk/src/index.js';
import { outgoing, TOPICS } from '#lib/messages';
import { exportHistoryCommand } from '../../apps/cli/src/history.command.js';
import { HouseLiquidator } from '../../apps/liquidator/src/index.js';
import { HISTORY_TABLES } from '../../apps/historian/src/partitions.js';
import { MonthlyPartitions } from '#lib/storage';
import { startTestDatabase, type TestDatabase } from '../support/database.js';
import { QUICK_MODEL } from '../support/topology.js';

interface History {
  readonly columns: string[];
  readonly rows: (string | number | object | null)[][];
}

const HOUR = 3_600_000;

describe('history', () => {
  let server: TestDatabase;
  let engine: Engine;
  let apiKey: string;
  const [from, to] = [Date.UTC(2000, 0, 1), Date.UTC(2099, 0, 1)];

  beforeAll(async () => {
    server = await startTestDatabase();
    engine = await startEngine({
      ...QUICK_MODEL,
      ...{
        DATABASE_URL: server.url,
        PORT: '0',
        LOG_LEVEL: 'error',
        API_KEYS: 'required',
        HOUSE_LIQUIDATOR: 'off',
      },
    });
    const house = engine.app.get(HouseLiquidator);
    await new Replayer(simulatedMarket(5, 90), engine.log, engine.database, {
      ...{
        speed: undefined,
        liquidity: 1_000_000,
        warmUpBars: 0,
        liquidator: (manager) => house.reports(manager),
      },
      flow: { seed: 3, accounts: 20, tradesPerBar: 3, medianNotional: 20_000, firstBar: 35 },
    }).run(new AbortController().signal);
    // Whether the market has made plans or not, there is one that was opened and closed.
    const at = engine.pricer.engine.board.now;
    const plan = { planId: 'told', account: 'somebody', at };
    const orders = [{ market: 'SIM-A', size: '-1' }];
    await engine.log.publish([
      outgoing(
        TOPICS.plans,
        'somebody',
        { id: 'told-1', sequence: 1, time: at },
        {
          ...{ ...plan, kind: 'opened', expiresAt: at + HOUR, orders, parameters: 1, plan: {} },
        },
      ),
      outgoing(
        TOPICS.plans,
        'somebody',
        { id: 'told-2', sequence: 2, time: at },
        {
          ...{ ...plan, kind: 'closed', status: 'executed', reason: 'reported' },
        },
      ),
    ]);
    await engine.log.drained(AbortSignal.timeout(20_000));
    ({ key: apiKey } = await new ApiKeys(engine.database).create({
      label: 'history',
      scopes: ['quote', 'trade'],
    }));
  }, 60_000);
  afterAll(async () => {
    await engine.stop();
    await server.stop();
  });

  async function get(
    path: string,
    query: Record<string, string | number> = {},
    key = apiKey,
  ): Promise<Response> {
    const search = new URLSearchParams(
      Object.entries({ from, to, step: '1m', ...query }).map(([name, value]): [string, string] => [
        name,
        String(value),
      ]),
    );
    if (query.step === '') search.delete('step');
    return fetch(`${engine.url}/v1/history/${path}?${search.toString()}`, {
      headers: { authorization: `Bearer ${key}` },
    });
  }
  const history = async (path: string, query: Record<string, string | number> = {}) => {
    const response = await get(path, query);
    if (response.status !== 200) throw new Error(await response.text());
    return (await response.json()) as History;
  };
  const sumOf = ({ columns, rows }: History, column: string) =>
    rows.reduce((sum, row) => sum + Number(row[columns.indexOf(column)]), 0);
  const journal = <T>(kind: string) =>
    engine.database
      .query<{ payload: T }[]>('select payload from book_event where kind = $1 order by sequence', [kind])
      .then((rows) => rows.map(({ payload }) => payload));

  it('has every unit of funding and every premium, whatever the step', async () => {
    const accrued = await journal<{ markets: [string, string, string][] }>('funding-accrued');
    const total = (i: 1 | 2) =>
      accrued.flatMap(({ markets }) => markets).reduce((sum, entry) => sum + Number(entry[i]), 0);
    const trades = await journal<{ riskPremium: string; liquidityPremium: string }>('trade-booked');
    expect(trades.length).toBeGreaterThan(50);
    for (const step of ['1m', '7m', '1h', '1d']) {
      const funding = await history('funding', { step });
      expect(sumOf(funding, 'risk')).toBeCloseTo(total(1), 6);
      expect(sumOf(funding, 'liquidity')).toBeCloseTo(total(2), 6);
      const premia = await history('premia', { step });
      expect(sumOf(premia, 'trades')).toBe(trades.length);
      expect(sumOf(premia, 'risk')).toBeCloseTo(
        trades.reduce((sum, { riskPremium }) => sum + Number(riskPremium), 0),
        6,
      );
    }
    expect(total(1)).not.toBe(0);
  });

  it('has the last mark, measure of risk and worth of shares of each step', async () => {
    const [marks, daily] = [await history('marks'), await history('marks', { step: '1d' })];
    const column = (name: string) => marks.columns.indexOf(name);
    const last = new Map(
      [...marks.rows]
        .sort((a, b) => Number(a[0]) - Number(b[0]))
        .map((row) => [
          `${row[column('market')] as string} ${Math.floor(Number(row[0]) / (24 * HOUR))}`,
          row,
        ]),
    );
    expect(daily.rows.length).toBe(last.size);
    for (const row of daily.rows) {
      const same = last.get(`${row[column('market')] as string} ${Number(row[0]) / (24 * HOUR)}`)!;
      expect(row.slice(1)).toEqual(same.slice(1));
    }
    const { board } = engine.pricer.engine;
    const newest = marks.rows.filter((row) => row[column('market')] === 'SIM-A').at(-1)!;
    expect(newest[column('mark')]).toBe(
      board.mark('SIM-A')!.text.replace(/\.?0+$/, (zeros) => (zeros.startsWith('.') ? '' : zeros)),
    );
    const one = await history('marks', { market: 'SIM-A', step: '1h' });
    expect(new Set(one.rows.map((row) => row[column('market')]))).toEqual(new Set(['SIM-A']));
    const risk = await history('risk', { step: '1h' });
    const records = await engine.database.query<{ payload: { riskMeasure: number } }[]>(
      'select payload from risk_record order by at',
    );
    expect(risk.rows.map((row) => row[risk.columns.indexOf('riskMeasure')])).toEqual(
      records.map(({ payload }) => payload.riskMeasure),
    );
    const shares = await history('shares', { step: '1h' });
    expect(Number(shares.rows.at(-1)![shares.columns.indexOf('outstanding')])).toBeGreaterThan(0);
  });

  it('has liquidations as they were opened and closed', async () => {
    const found = await history('liquidations');
    const [{ count }] = await engine.database.query<[{ count: string }]>(
      'select count(*) from liquidation_event',
    );
    expect(found.rows).toHaveLength(Number(count) + 2);
    const told = found.rows.filter((row) => row[found.columns.indexOf('planId')] === 'told');
    expect(told.map((row) => row[found.columns.indexOf('status')]).sort()).toEqual(['executed', 'open']);
  });

  it('has each account’s premia as they were booked, and funding that adds up to all that accrued', async () => {
    const trades = await journal<{ account: string; riskPremium: string; liquidityPremium: string }>(
      'trade-booked',
    );
    const traders = [...new Set(trades.map(({ account }) => account.split('~')[0]))];
    const found = await Promise.all(
      traders.map((account) => history(`accounts/${account}/charges`, { step: '1h' })),
    );
    traders.forEach((account, i) => {
      const own = trades.filter((trade) => trade.account.split('~')[0] === account);
      expect(sumOf(found[i], 'risk')).toBeCloseTo(
        own.reduce((sum, { riskPremium }) => sum + Number(riskPremium), 0),
        6,
      );
      expect(sumOf(found[i], 'liquidity')).toBeCloseTo(
        own.reduce((sum, { liquidityPremium }) => sum + Number(liquidityPremium), 0),
        6,
      );
    });
    const accrued = await journal<{ markets: [string, string, string, string][] }>('funding-accrued');
    const all = accrued
      .flatMap(({ markets }) => markets)
      .reduce((sum, [, risk, liquidity]) => sum + Number(risk) + Number(liquidity), 0);
    const told = found.reduce((sum, each) => sum + sumOf(each, 'funding'), 0);
    expect(Math.abs(told / all - 1)).toBeLessThan(0.02);
    expect(told).not.toBe(0);
    // The same by the day as by the minute.
    const [daily, minutes] = await Promise.all(
      ['1d', '1m'].map((step) => history(`accounts/${traders[0]}/charges`, { step })),
    );
    for (const column of ['funding', 'risk'])
      expect(sumOf(daily, column)).toBeCloseTo(sumOf(minutes, column), 6);
    const unit = sumOf(await history('funding', { market: 'SIM-A', step: '1h' }), 'perUnit');
    const index = accrued
      .flatMap(({ markets }) => markets)
      .reduce((sum, [market, , , risen]) => sum + (market === 'SIM-A' ? Number(risen) : 0), 0);
    expect(unit).toBeCloseTo(index / 1e18, 8);
  });

  it('has the money that came and went, to the unit', async () => {
    const flows = await history('flows', { step: '1h' });
    for (const [kind, field, column] of [
      ['account-deposited', 'amount', 'deposited'],
      ['liquidity-deposited', 'amount', 'provided'],
      ['liquidity-withdrawn', 'paid', 'withdrawn'],
      ['credit-charged', 'charged', 'creditCharges'],
      ['bankruptcy-settled', 'loss', 'badDebt'],
    ] as const) {
      const events = await journal<Record<string, string>>(kind);
      expect(sumOf(flows, column)).toBeCloseTo(
        events.reduce((sum, event) => sum + Number(event[field]), 0),
        6,
      );
    }
    expect(sumOf(flows, 'deposited')).toBeGreaterThan(0);
  });

  it('has an account’s states, for its key alone', async () => {
    const [{ account }] = await journal<{ account: string }>('trade-booked');
    const every = await history(`accounts/${account}`, { step: '' });
    const hourly = await history(`accounts/${account}`, { step: '1h' });
    expect(every.rows.length).toBeGreaterThanOrEqual(hourly.rows.length);
    expect(hourly.rows.length).toBeGreaterThan(0);
    const keys = new ApiKeys(engine.database);
    const { key: bound } = await keys.create({ label: 'b', scopes: ['quote', 'trade'], accounts: ['other'] });
    const { key: quotes } = await keys.create({ label: 'q', scopes: ['quote'] });
    for (const key of [bound, quotes])
      for (const path of [`accounts/${account}`, `accounts/${account}/charges`])
        expect((await get(path, { step: '1h' }, key)).status).toBe(403);
    // A name is no pattern.
    expect((await history('accounts/_', { step: '1h' })).rows).toEqual([]);
    expect((await history('accounts/_/charges', { step: '1h' })).rows).toEqual([]);
  });

  it.each([
    [{ step: '90s' }, 'step'],
    [{ step: '0' }, 'step'],
    [{ step: 'often' }, 'step'],
    [{ from: 'yesterday' }, 'from'],
    [{ to: 1_700_000_000 }, 'to'],
    [{ more: 'x' }, ''],
  ])('refuses %j by name', async (query, field) => {
    const response = await get('marks', query);
    expect(response.status).toBe(422);
    expect(((await response.json()) as { detail: string }).detail).toContain(field);
    expect((await get('risk', { market: 'SIM-A' })).status).toBe(422);
  });

  it('gives thirty days of twenty-four markets in a fifth of a second, and refuses what is too much', async () => {
    const start = Date.UTC(2030, 0, 1);
    const end = start + 30 * 24 * HOUR;
    await new MonthlyPartitions(HISTORY_TABLES).prepare(engine.database.manager, 'history_market', [
      start,
      end - 1,
    ]);
    await engine.database.query(
      `insert into history_market
       select $3, at, 'M' || m, (100 + m)::text, 'ok', '1.5', 0.1, 12.5
       from generate_series(1, 24) as m, generate_series($1::bigint, $2::bigint - 1, $3::bigint) as at`,
      [start, end, HOUR],
    );
    await engine.database.query(
      `insert into history_market
       select 60000, at, 'M' || m, (100 + m)::text, 'ok', '1.5', 0.1, 12.5
       from generate_series(1, 24) as m, generate_series($1::bigint, $2::bigint - 1, 60000) as at`,
      [start, start + 5 * 24 * HOUR],
    );
    await engine.database.query('analyze history_market');
    const times: number[] = [];
    for (let i = 0; i < 5; i++) {
      const before = performance.now();
      const found = await history('marks', { from: start, to: end, step: '1h' });
      times.push(performance.now() - before);
      expect(found.rows).toHaveLength(24 * 30 * 24);
    }
    const fastest = Math.min(...times);
    process.stderr.write(
      `30 days of 24 markets: ${fastest.toFixed(0)} ms at best, ${Math.max(...times).toFixed(0)} at worst\n`,
    );
    expect(fastest).toBeLessThan(200);
    const minutes = await get('marks', { from: start, to: end, step: '1m' });
    expect(minutes.status).toBe(422);
    expect(((await minutes.json()) as { detail: string }).detail).toContain('larger step');
    expect((await history('marks', { from: start, to: end, step: '1m', market: 'M1' })).rows).toHaveLength(
      5 * 1440,
    );
  });

  it('is exported to CSV and Parquet, in parts where it is more than one answer has', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'zkrisk-history-'));
    try {
      const options = {
        url: engine.url,
        key: apiKey,
        from: String(from),
        to: '2029-12-31T00:00:00Z',
        step: '1h',
      };
      const wanted = await history('marks', { to: Date.UTC(2029, 11, 31), step: '1h' });
      const file = join(folder, 'marks.parquet');
      await exportHistoryCommand('marks', { ...options, out: file });
      const read: Record<string, unknown>[] = await parquetReadObjects({
        file: await asyncBufferFromFile(file),
      });
      expect(
        read.map((row) => [(row.at as Date).getTime(), ...wanted.columns.slice(1).map((name) => row[name])]),
      ).toEqual(wanted.rows);
      const text = join(folder, 'liquidations.csv');
      const told = await exportHistoryCommand('liquidations', { ...options, out: text });
      const records = parse<Record<string, string>>(readFileSync(text, 'utf8'), { columns: true });
      expect(records).toHaveLength(told.rows);
      expect(records.find(({ orders }) => orders !== '')?.orders).toContain(`"market":"SIM-`);
      // 24 markets by the minute for five days are more than one answer.
      const large = join(folder, 'large.csv');
      const start = Date.UTC(2030, 0, 1);
      const many = await exportHistoryCommand('marks', {
        ...{ url: engine.url, key: apiKey, step: '1m', out: large },
        ...{ from: String(start), to: String(start + 5 * 24 * HOUR) },
      });
      expect(many.rows).toBe(24 * 5 * 1440);
      const lines = readFileSync(large, 'utf8').trimEnd().split('\n').slice(1);
      expect(new Set(lines).size).toBe(many.rows);
      await expect(exportHistoryCommand('marks', { ...options, out: join(folder, 'x') })).rejects.toThrow(
        '--format',
      );
      await expect(exportHistoryCommand('marks', { ...options, from: 'soon', out: text })).rejects.toThrow(
        '--from',
      );
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('drops what is older than the retention, by months', async () => {
    const partitions = new MonthlyPartitions(HISTORY_TABLES);
    const { manager } = engine.database;
    const months = [Date.UTC(2040, 0, 15), Date.UTC(2040, 1, 15), Date.UTC(2040, 2, 15)];
    await manager.transaction(async (transaction) => {
      await partitions.prepare(transaction, 'history_risk', months);
      const dropped = await partitions.drop(transaction, Date.UTC(2040, 1, 29));
      expect(dropped.filter((name) => name.startsWith('history_risk_2040'))).toEqual(['history_risk_204001']);
      expect(dropped.some((name) => name.startsWith('history_market'))).toBe(true);
      // Dropped partitions can be written again.
      await partitions.prepare(transaction, 'history_risk', months);
    });
  });
});
