// Long because all its tests need one running engine, which takes longer to start than they take.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  bytesOf,
  checkIncludedAccount,
  type CheckedReceipt,
  checkTradeReceipt,
  hexOf,
  type IncludedAccount,
  netBookDigest,
  totalsOf,
  type TradeReceipt,
} from '#lib/commitment';
import { premiumStatement } from '#lib/chain';
import type { EmbeddedLog } from '#lib/events';
import { ApiKeys } from '#lib/host';
import {
  type FilterStepPayload,
  type ModelPayload,
  type Outgoing,
  outgoing,
  type StandingBookPayload,
  TOPICS,
} from '#lib/messages';
import { barStatement, priceRows } from '#lib/proofs';
import { engineAnswer } from '../../apps/cli/src/engine-answer.js';
import { EpochComposer } from '../../apps/prover/src/index.js';
import { type Engine, Replayer, simulatedMarket, startEngine } from '../../apps/zkrisk/src/index.js';
import { eventually, startTestDatabase, type TestDatabase } from '../support/database.js';
import { quickParameters } from '../support/quick-parameters.js';

const ADMIN_SECRET = 'secret of the operator of a simulated market';

interface Quote {
  id: string;
  premium: { risk: string; liquidity: string; total: string };
  risk: { before: number; after: number };
  fundingQuoteCurrencyPerYear: Record<string, number>;
  legs: { market: string; size: string; mark: string }[];
  forecastId: string;
  expiresAt: string;
}
interface Problem {
  status: number;
  code: string;
  detail: string;
  type: string;
}

const BARS = 90;
const HOUR = 3_600_000;

/** A message of the replay's own clock: the log takes it when it is dated. */
function dated(message: Outgoing): Outgoing {
  return { ...message, appendedAt: (JSON.parse(message.value) as { time: number }).time };
}

function watermark(id: string, until: number): Outgoing {
  const header = { id, sequence: 0, time: until };
  return outgoing(TOPICS.prices, 'watermark', header, { kind: 'watermark', until });
}

describe('the engine on a simulated market', () => {
  let engine: Engine;
  let server: TestDatabase;
  let lastTime = 0;
  const source = simulatedMarket(5, BARS);

  beforeAll(async () => {
    // A server of one's own, by DATABASE_URL; test/system/kill.spec.ts runs on the embedded one.
    server = await startTestDatabase();
    engine = await startEngine({
      PORT: '0',
      DATABASE_URL: server.url,
      FIRST_PARAMETERS: quickParameters(
        { forecast: { minimumBars: 40, windowBars: 80, refitEveryBars: 20 } },
        12,
      ),
      QUOTE_TTL_MS: '3000',
      LOG_LEVEL: 'silent',
      ADMIN_SECRET,
      ADMIN_HOLDERS: '1',
    });
    const replayer = new Replayer(source, engine.log, engine.database, {
      speed: undefined,
      liquidity: 1_000_000,
      warmUpBars: 0,
      flow: { seed: 3, accounts: 20, tradesPerBar: 3, medianNotional: 10_000, firstBar: 45 },
    });
    await replayer.run(new AbortController().signal, ({ time }) => (lastTime = time));
    for (const account of ['once', 'tester'])
      await post(`/v1/accounts/${account}/deposits`, { amount: '1000000' });
  });
  afterAll(async () => {
    await engine.stop();
    await server.stop();
  });

  const get = async <T>(path: string) => (await (await fetch(`${engine.url}${path}`)).json()) as T;
  const post = async <T>(path: string, body?: unknown) => {
    const response = await fetch(`${engine.url}${path}`, {
      method: 'POST',
      ...(body === undefined
        ? {}
        : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    });
    return {
      status: response.status,
      type: response.headers.get('content-type'),
      body: (await response.json()) as T,
    };
  };
  const quote = (legs: { market: string; size: string }[], account = 'tester') =>
    post<Quote>('/v1/quotes', { account, legs });
  /** Payloads of a topic, oldest first. */
  const published = async <Payload>(topic: string) => {
    const rows = await engine.database.query<{ value: string }[]>(
      `select value from log_record where topic like '%' || $1 order by record_offset`,
      [topic],
    );
    return rows.map(({ value }) => (JSON.parse(value) as { payload: Payload }).payload);
  };
  const drained = () => engine.log.drained(new AbortController().signal);
  /** The marks as they are, again: commands that waited for marks are executed. */
  const confirmMarks = async (time = engine.pricer.engine.board.now + 1000) => {
    const { board } = engine.pricer.engine;
    await engine.log.publish(
      board
        .knownMarkets()
        .map((market) =>
          dated(
            outgoing(
              TOPICS.prices,
              market,
              { id: `${market}@${time}`, sequence: 0, time },
              { kind: 'tick', market, price: board.mark(market)!.text },
            ),
          ),
        ),
    );
    await drained();
  };

  it('has made forecasts of every market and booked the flow of trades', async () => {
    const { markets } = await get<{ markets: { market: string; status: string }[] }>('/v1/markets');
    expect(markets.map(({ status }) => status)).toEqual(new Array(8).fill('ok'));
    const forecast = await get<{
      modelVersion: number;
      model: string;
      groups: { markets: { markets: string[]; cointegrationRank: number | null }[] };
      covariance: number[][];
      factors: {
        count: number;
        loadings: number[][];
        factorVariances: number[];
        ownVariances: number[];
      };
    }>('/v1/forecasts/latest?include=covariance,factors');
    expect(forecast.modelVersion).toBeGreaterThanOrEqual(2);
    expect(forecast.covariance).toHaveLength(8);
    expect(forecast.model).toBe('lm-go');
    expect(forecast.groups.markets.flatMap(({ markets: names }) => names).sort()).toEqual(
      [...source.markets].sort(),
    );
    const { loadings, factorVariances, ownVariances } = forecast.factors;
    forecast.covariance.forEach((row, i) => {
      row.forEach((value, j) => {
        const common = loadings[i].reduce((sum, b, k) => sum + b * loadings[j][k] * factorVariances[k], 0);
        expect(value).toBeCloseTo(common + (i === j ? ownVariances[i] : 0), 12);
      });
    });
    const book = await get<{ imbalance: string; markets: unknown[]; pendingToCapital: string }>('/v1/book');
    expect(book.imbalance).toBe('0');
    expect(book.markets.length).toBeGreaterThan(3);
    const quality = await get<{ live: { bars: number; qlike: number } }>('/v1/forecasts/latest/quality');
    expect(quality.live.bars).toBeGreaterThan(30);
    expect(Number.isFinite(quality.live.qlike)).toBe(true);
  });

  it('shows everybody where they stand in the book that was committed to, and nobody is left out of its sums', async () => {
    const payload = (await published<StandingBookPayload>('standing-books')).at(-1)!;
    const commitment = payload.commitment!;
    expect(payload.forecastId).toBe(engine.pricer.engine.board.latestForecast!.forecastId);
    const { ledger } = engine.pricer.engine;
    const net = new Map<string, bigint>();
    let shares = 0n;
    let count = 0;
    for (const account of new Set([...ledger.accountNames(), ...ledger.providers()])) {
      const document = await get<IncludedAccount & Problem>(`/v1/accounts/${account}/inclusion`);
      if (document.status === 404) {
        // Came after the forecast.
        expect(['once', 'tester']).toContain(account);
        continue;
      }
      const { holdings, totals } = checkIncludedAccount(document, commitment.root);
      expect(holdings).toHaveLength(1);
      const [{ holds }] = holdings;
      for (const { market, long, short } of holds.markets)
        net.set(market, (net.get(market) ?? 0n) + long - short);
      shares += holds.shares;
      count++;
      expect(Number(totals.accounts)).toBe(commitment.accounts);
    }
    expect(count).toBe(commitment.accounts);
    expect(count).toBeGreaterThan(15);
    expect(shares).toBe(ledger.outstandingShares);
    payload.markets.forEach((market, i) => {
      expect(Number(net.get(market) ?? 0n) / 1e8).toBe(Number(payload.sizes[i]));
    });
    // An earlier book is another one, in which the same account stands as well.
    const trader = [...ledger.openAccounts()][0];
    const at = (epoch: string) =>
      get<IncludedAccount & Problem>(`/v1/accounts/${trader}/inclusion?epoch=${epoch}`);
    const earlier = await at(
      new Date(engine.pricer.engine.board.latestForecast!.barEnd - HOUR).toISOString(),
    );
    expect(earlier.root).not.toBe(commitment.root);
    checkIncludedAccount(earlier);
    expect(() => checkIncludedAccount(earlier, commitment.root)).toThrow('does not lead');
    expect(await at('2001-01-01T00:00:00Z')).toMatchObject({ status: 404, code: 'unknown-epoch' });
    expect(await at('yesterday')).toMatchObject({ status: 422, code: 'invalid-input' });
  });

  it('gives every trade of a bar its receipt, and no change of the book is left out of the journal', async () => {
    const [previous, latest] = (await published<StandingBookPayload>('standing-books')).slice(-2);
    const { forecastId } = latest;
    const commitment = latest.commitment!;
    const earlier = previous.commitment!;
    const { journal } = commitment;
    expect(journal.entries).toBeGreaterThan(1);
    // Market time stands still at a bar's end: a journal is told from the next one by its sequences.
    const [newest, before] = await engine.database.query<{ last: number }[]>(
      `select (value->>'last')::int as last from service_state
       where service = 'pricer-journal' and starts_with(name, 'journal/') order by name desc limit 2`,
    );
    const trades = await engine.database.query<{ id: string }[]>(
      `select payload->>'tradeId' as id from book_event where kind = 'trade-booked' and sequence > $1 and sequence <= $2
       and jsonb_array_length(payload->'legs') > 0 order by sequence`,
      [before.last, newest.last],
    );
    expect(trades.length).toBeGreaterThan(1);
    const closing = (sums: string) =>
      hexOf(
        netBookDigest(
          totalsOf(bytesOf(sums)).markets.map(({ market, long, short, entry }) => ({
            ...{ market, net: long - short, entry },
          })),
        ),
      );
    const receipts = new Map<number, CheckedReceipt>();
    for (const { id } of trades) {
      const receipt = await get<TradeReceipt>(`/v1/trades/${id}/receipt`);
      const checked = checkTradeReceipt(receipt, journal.root);
      expect(receipt.forecastId).toBe(forecastId);
      expect([checked.entries, checked.event]).toMatchObject([journal.entries, { tradeId: id }]);
      receipts.set(checked.index, checked);
      expect(() => checkTradeReceipt(receipt, earlier.journal.root)).toThrow();
    }
    expect(receipts.size).toBe(trades.length);
    // Entries that are no trades, such as dust, are shown to whoever asks for the place.
    const barEnd = (await get<TradeReceipt>(`/v1/trades/${trades[0].id}/receipt`)).barEnd;
    const { key } = await new ApiKeys(engine.database).create({ label: 'operator', scopes: ['admin'] });
    process.env.ADMIN_SECRET = ADMIN_SECRET;
    for (let i = 0; i < journal.entries; i++) {
      const entry = await get<TradeReceipt>(`/v1/journals/${barEnd}/entries/${i}`);
      const { before, after } = checkTradeReceipt(entry, journal.root);
      expect(entry.event).toBeNull();
      // The operator can open each entry: its event is the one that the journal has hashed.
      const place = `/v1/journals/${barEnd}/entries/${i}/opening`;
      expect(await get<Problem>(place)).toMatchObject({ status: 401 });
      const opened = (await engineAnswer(engine.url, place, { apiKey: key })) as TradeReceipt;
      expect(checkTradeReceipt(opened, journal.root).event).toHaveProperty('kind');
      expect({ ...opened, event: null, salt: null }).toEqual(entry);
      if (i === 0) expect(before).toBe(closing(earlier.sums));
      if (i === journal.entries - 1) expect(after).toBe(closing(commitment.sums));
    }
    delete process.env.ADMIN_SECRET;
    const of = (path: string) => get<Problem>(path);
    expect(await of(`/v1/journals/${barEnd}/entries/${journal.entries}`)).toMatchObject({
      code: 'no-receipt',
    });
    expect(await of('/v1/trades/nobody-s/receipt')).toMatchObject({ status: 404, code: 'no-receipt' });
    expect(await of('/v1/journals/yesterday/entries/0')).toMatchObject({
      status: 422,
      code: 'invalid-input',
    });
  });

  it('records premia that the statement of a trade gives, on the state that the bar before has ended in', async () => {
    const composer = new EpochComposer({ every: 1, run: 1 }, () => '5'.repeat(62));
    for (const model of (await published<ModelPayload>('models')).slice(-4)) composer.onModel(model);
    for (const step of await published<FilterStepPayload>('filter-steps')) composer.onStep(step);
    const books = await published<StandingBookPayload>('standing-books');
    const { epoch, jobs } = composer.onBook(books.at(-2)!)!;
    const { entries } = books.at(-1)!.commitment!.journal;
    const barEnd = new Date(epoch.barEnd + epoch.barMs).toISOString();
    let [compared, dear] = [0, 0];
    for (let i = 0; i < entries; i++) {
      const receipt = await get<TradeReceipt>(`/v1/journals/${barEnd}/entries/${i}`);
      if (receipt.terms.kind === 0) continue;
      const bar = barStatement.parse(jobs[0].input);
      const { input, unit } = premiumStatement(bar, epoch.bars[0].markets, receipt);
      // The circuit's own integers: s, k, t, p and c of both books, then their upper bounds.
      const witness = priceRows(input)[5];
      const [before, after] = [Number(witness[10]), Number(witness[11])];
      const proven = Math.max(0, after - before);
      const recorded = (Number(receipt.terms.riskPremium) / 1e8 / (Number(unit) / 1e18)) * 100 * 2 ** 24;
      expect(Math.abs(proven - recorded)).toBeLessThanOrEqual(proven / 128 + after / 4096 + 64);
      compared++;
      if (proven > after / 1000) dear++;
    }
    expect(compared).toBeGreaterThan(1);
    expect(dear).toBeGreaterThan(0);
  });

  it('publishes all that a reader needs to recompute premia and funding, in another language', async () => {
    const legs = [
      { market: 'SIM-A', size: '25' },
      { market: 'SIM-C', size: '-10' },
    ];
    const [forecast, { markets }, book, risk, funding] = await Promise.all([
      get('/v1/forecasts/latest?include=factors'),
      get<{ markets: unknown[] }>('/v1/markets'),
      get('/v1/book'),
      get<{ entropicValueAtRisk: number; volatility: number; tailFactor: number }>('/v1/risk'),
      get<{ markets: { market: string; quoteCurrencyPerYear: { risk: number; liquidity: number } }[] }>(
        '/v1/funding',
      ),
    ]);
    const { status, stdout, stderr } = spawnSync(
      'python3',
      [join(import.meta.dirname, '../../../test/support/recompute.py')],
      { input: JSON.stringify({ forecast, markets, book, risk, legs }), encoding: 'utf8' },
    );
    expect([status, stderr]).toEqual([0, '']);
    const recomputed = JSON.parse(stdout) as Record<
      'volatility' | 'entropicValueAtRisk' | 'riskPremium' | 'liquidityPremium',
      number
    > & { funding: Record<string, [number, number]> };
    const close = (actual: number, expected: number, scale = Math.abs(expected)) => {
      expect(Math.abs(actual - expected)).toBeLessThanOrEqual(1e-6 * scale + 1e-8);
    };
    close(recomputed.volatility, risk.volatility);
    close(recomputed.entropicValueAtRisk, risk.entropicValueAtRisk);
    const { premium } = (await quote(legs)).body;
    expect(Number(premium.risk)).toBeGreaterThan(0);
    close(recomputed.riskPremium, Number(premium.risk), risk.entropicValueAtRisk);
    close(recomputed.liquidityPremium, Number(premium.liquidity), risk.entropicValueAtRisk);
    const scale = funding.markets.reduce(
      (sum, { quoteCurrencyPerYear: of }) => sum + Math.abs(of.risk) + Math.abs(of.liquidity),
      0,
    );
    expect(scale).toBeGreaterThan(0);
    for (const { market, quoteCurrencyPerYear } of funding.markets) {
      close(recomputed.funding[market][0], quoteCurrencyPerYear.risk, scale);
      close(recomputed.funding[market][1], quoteCurrencyPerYear.liquidity, scale);
    }
  });

  it('splits the risk measure and the funding fully over the markets', async () => {
    const risk = await get<{
      entropicValueAtRisk: number;
      riskMeasure: number;
      pending: string;
      allocation: { markets: Record<string, number>; capital: number };
    }>('/v1/risk');
    const allocated = Object.values(risk.allocation.markets).reduce(
      (sum, part) => sum + part,
      risk.allocation.capital,
    );
    expect(Math.abs(allocated - risk.entropicValueAtRisk)).toBeLessThan(
      1e-6 * (1 + risk.entropicValueAtRisk),
    );
    expect(Math.abs(risk.entropicValueAtRisk - Number(risk.pending) - risk.riskMeasure)).toBeLessThan(1e-6);
    interface Rates {
      perHour: number;
      perYear: number;
    }
    const funding = await get<{
      quoteCurrencyPerYear: { risk: number; liquidity: number };
      markets: {
        market: string;
        quoteCurrencyPerYear: { risk: number; liquidity: number };
        quoteCurrencyPerUnit: Rates | null;
        shareOfNotional: Rates | null;
      }[];
    }>('/v1/funding');
    const total = funding.markets.reduce(
      (sum, { quoteCurrencyPerYear }) => sum + quoteCurrencyPerYear.risk,
      0,
    );
    expect(Math.abs(total - funding.quoteCurrencyPerYear.risk)).toBeLessThan(1e-6 * (1 + Math.abs(total)));
    // A unit's funding times the net size is the market's, and a share of notional is a unit's over its mark.
    const { board, ledger } = engine.pricer.engine;
    const open = funding.markets.filter(({ market }) => ledger.market(market).size !== 0n);
    expect(open.length).toBeGreaterThan(0);
    for (const { market, quoteCurrencyPerYear, quoteCurrencyPerUnit, shareOfNotional } of open) {
      const size = Number(ledger.market(market).size) / 1e8;
      const whole = quoteCurrencyPerYear.risk + quoteCurrencyPerYear.liquidity;
      expect(quoteCurrencyPerUnit!.perYear * size).toBeCloseTo(whole, 6);
      expect(quoteCurrencyPerUnit!.perHour * 24 * 365).toBeCloseTo(quoteCurrencyPerUnit!.perYear, 6);
      expect(shareOfNotional!.perHour * board.mark(market)!.value).toBeCloseTo(
        quoteCurrencyPerUnit!.perHour,
        10,
      );
    }
  });

  it('quotes a trade: premium in decimal strings that add up, risk before and after, funding it leads to', async () => {
    const { status, body } = await quote([
      { market: 'SIM-A', size: '2.5' },
      { market: 'SIM-B', size: '-10' },
    ]);
    expect(status).toBe(201);
    expect(Number(body.premium.total)).toBeCloseTo(
      Number(body.premium.risk) + Number(body.premium.liquidity),
      7,
    );
    expect(Number(body.premium.risk)).toBeCloseTo(Math.max(0, body.risk.after - body.risk.before), 5);
    expect(Object.keys(body.fundingQuoteCurrencyPerYear).sort()).toEqual([...source.markets].sort());
    expect(body.legs[0].mark).toMatch(/^\d+(\.\d+)?$/);
    expect(body.forecastId).toMatch(/^\d+@/);
  });

  it('charges more for the next unit of the same trade: the premium is convex', async () => {
    const [one, ten] = await Promise.all([
      quote([{ market: 'SIM-A', size: '20' }]),
      quote([{ market: 'SIM-A', size: '200' }]),
    ]);
    expect(Number(ten.body.premium.total)).toBeGreaterThan(10 * Number(one.body.premium.total));
  });

  it('books an accepted quote once, whatever is retried', async () => {
    const { body } = await quote([{ market: 'SIM-C', size: '7' }], 'once');
    const before = engine.pricer.engine.ledger.totals.trades;
    const answers = await Promise.all(
      Array.from({ length: 5 }, () =>
        post<{ tradeId: string; premium: { total: string } }>(`/v1/quotes/${body.id}/accept`),
      ),
    );
    for (const answer of answers) {
      expect(answer.status).toBe(200);
      expect(answer.body).toEqual(answers[0].body);
    }
    expect(answers[0].body.premium.total).toBe(body.premium.total);
    await drained();
    expect(engine.pricer.engine.ledger.totals.trades).toBe(before + 1);
    expect(engine.pricer.engine.ledger.position('once', 'SIM-C').size).toBe(700_000_000n);
    await new Promise((resolve) => setTimeout(resolve, 3100));
    expect((await post(`/v1/quotes/${body.id}/accept`)).status).toBe(200);
  });

  it('refuses an expired quote and one that never was', async () => {
    const { body } = await quote([{ market: 'SIM-A', size: '1' }]);
    await new Promise((resolve) => setTimeout(resolve, 3050));
    const late = await post<Problem>(`/v1/quotes/${body.id}/accept`);
    expect([late.status, late.body.code]).toEqual([410, 'quote-expired']);
    for (const part of [body.id.split('-')[0], body.id.slice(0, -1)]) {
      expect((await post<Problem>(`/v1/quotes/${part}/accept`)).body.code).toBe('unknown-quote');
    }
    const never = await post<Problem>('/v1/quotes/nothing/accept');
    expect([never.status, never.body.code]).toEqual([404, 'unknown-quote']);
  });

  it('refuses a quote whose trade has become dearer since', async () => {
    const { body } = await quote([{ market: 'SIM-D', size: '3000' }]);
    const other = await quote([{ market: 'SIM-D', size: '3000' }]);
    expect((await post(`/v1/quotes/${other.body.id}/accept`)).status).toBe(200);
    const stale = await post<Problem>(`/v1/quotes/${body.id}/accept`);
    expect([stale.status, stale.body.code]).toEqual([409, 'quote-stale']);
    expect(stale.body.detail).toMatch(/now costs/);
  });

  it.each([
    ['an unknown market', { legs: [{ market: 'NOPE', size: '1' }] }, 404, 'unknown-market'],
    ['size zero', { legs: [{ market: 'SIM-A', size: '0' }] }, 422, 'invalid-input'],
    ['an absurd size', { legs: [{ market: 'SIM-A', size: '99999999999999' }] }, 422, 'notional-limit'],
    [
      'a size finer than the books',
      { legs: [{ market: 'SIM-A', size: '0.0000000001' }] },
      422,
      'invalid-input',
    ],
    ['a size that is no number', { legs: [{ market: 'SIM-A', size: 'ten' }] }, 422, 'invalid-input'],
    ['a number where a string belongs', { legs: [{ market: 'SIM-A', size: 1 }] }, 422, 'invalid-input'],
    ['no legs', { legs: [] }, 422, 'invalid-input'],
    ['an unknown field', { legs: [{ market: 'SIM-A', size: '1' }], leverage: 3 }, 422, 'invalid-input'],
  ])('refuses %s with a problem document', async (_, request, status, code) => {
    const answer = await post<Problem>('/v1/quotes', request);
    expect([answer.status, answer.body.code]).toEqual([status, code]);
    expect(answer.type).toContain('application/problem+json');
    expect(answer.body.type).toBe(`urn:zkrisk:problem:${code}`);
    expect(answer.body.detail.length).toBeGreaterThan(10);
  });

  it('answers malformed requests with problem documents too', async () => {
    const broken = await fetch(`${engine.url}/v1/quotes`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"legs":',
    });
    expect([broken.status, ((await broken.json()) as Problem).code]).toEqual([400, 'malformed-request']);
    const huge = await fetch(`${engine.url}/v1/quotes`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ x: 'y'.repeat(300_000) }),
    });
    expect([huge.status, ((await huge.json()) as Problem).code]).toEqual([413, 'body-too-large']);
    const nowhere = await fetch(`${engine.url}/v1/nowhere`);
    expect([nowhere.status, ((await nowhere.json()) as Problem).code]).toEqual([404, 'unknown-resource']);
    const url = await fetch(`${engine.url}/%zz`);
    expect([url.status, ((await url.json()) as Problem).code]).toEqual([400, 'malformed-request']);
  });

  it('takes deposits once, at the fair value of a share', async () => {
    const deposit = { commandId: 'deposit-1', provider: 'lp-9', amount: '1000' };
    const [first, again] = [
      await post<{ shares: string }>('/v1/liquidity/deposits', deposit),
      await post<{ shares: string }>('/v1/liquidity/deposits', deposit),
    ];
    expect(first.status).toBe(201);
    expect(again.body).toEqual(first.body);
    expect(first.body).toMatchObject({ kind: 'liquidity-asked' });
    await confirmMarks();
    const { engine: pricing } = engine.pricer;
    const value = Number(pricing.shares.value.worth(pricing.ledger.sharesOf('lp-9'))) / 1e8;
    // Shares are issued at the higher of their values and redeemed at the lower.
    expect(value).toBeGreaterThan(990);
    expect(value).toBeLessThanOrEqual(1000);
  });

  it('refuses a withdrawal larger than the balance', async () => {
    const answer = await post<Problem>('/v1/liquidity/withdrawals', {
      provider: 'lp-9',
      amount: '5000',
      mode: 'forced',
    });
    expect([answer.status, answer.body.code]).toEqual([409, 'insufficient-balance']);
    const nobody = await post<Problem>('/v1/liquidity/withdrawals', {
      provider: 'stranger',
      amount: '1',
      mode: 'locked',
    });
    expect(nobody.body.code).toBe('insufficient-balance');
    const negative = await post<Problem>('/v1/liquidity/deposits', { provider: 'lp-9', amount: '-5' });
    expect(negative.status).toBe(422);
  });

  it('pays a forced withdrawal now for a fee and a locked one after the horizon for free', async () => {
    const forced = await post<{ paid: string; fee: string }>('/v1/liquidity/withdrawals', {
      provider: 'lp-9',
      amount: '300',
      mode: 'forced',
    });
    expect(forced.body).toMatchObject({ kind: 'liquidity-asked' });
    const withdrawal = { commandId: 'locked-1', provider: 'lp-9', amount: '200', mode: 'locked' };
    await post('/v1/liquidity/withdrawals', withdrawal);
    await confirmMarks();
    // Asked again with the same id, it answers the outcome.
    const locked = await post<{ releaseAt: number; kind: string }>('/v1/liquidity/withdrawals', withdrawal);
    expect(locked.body.kind).toBe('withdrawal-locked');
    // Locked shares cannot be withdrawn a second time.
    const twice = await post<Problem>('/v1/liquidity/withdrawals', {
      provider: 'lp-9',
      amount: '600',
      mode: 'forced',
    });
    expect(twice.body.code).toBe('insufficient-balance');
    await confirmMarks(locked.body.releaseAt + HOUR);
    const events = await engine.database.query<{ payload: { mode: string; fee: string; paid: string } }[]>(
      `select payload from book_event where kind = 'liquidity-withdrawn' and payload->>'provider' = 'lp-9' order by sequence`,
    );
    expect(events.map(({ payload }) => payload.mode)).toEqual(['forced', 'locked']);
    // Shares are paid at their value when they are released: premia that vested meanwhile are theirs.
    expect(Number(events[0].payload.paid) + Number(events[0].payload.fee)).toBeCloseTo(300, 1);
    expect(Number(events[1].payload.fee)).toBe(0);
    expect(Number(events[1].payload.paid)).toBeGreaterThan(199);
    expect(Number(events[1].payload.paid)).toBeLessThan(205);
    expect(engine.pricer.engine.ledger.imbalance()).toBe(0n);
  });

  it('refuses to quote a market that has stopped, by name, and goes on with the rest', async () => {
    // Time moves past every mark: markets are stale until they tick again.
    const until = engine.pricer.engine.board.now + 4 * HOUR;
    await engine.log.publish([dated(watermark('later', until))]);
    await drained();
    const stale = await quote([{ market: 'SIM-A', size: '1' }]);
    expect([stale.status, (stale.body as unknown as Problem).code]).toEqual([503, 'market-stale']);
    const { board } = engine.pricer.engine;
    const time = board.now;
    // Up and down: a move that all markets share would confirm itself.
    const moved = new Map(
      source.markets.map((market, i) => [
        market,
        ((i % 2 === 0 ? 1.6 : 0.6) * board.mark(market)!.value).toFixed(6),
      ]),
    );
    // Twice: prices so far from the last ones are held back until they are repeated.
    for (const after of [0, 6_000]) {
      const ticks = source.markets
        .filter((market) => market !== 'SIM-H')
        .map((market, i) => {
          const header = { id: `again-${i}-${after}`, sequence: 10_000, time: time + after };
          const tick = { kind: 'tick', market, price: moved.get(market)! } as const;
          return dated(outgoing(TOPICS.prices, market, header, tick));
        });
      await engine.log.publish(ticks);
      await drained();
      const state = after === 0 ? 'market-stale' : undefined;
      const answer = (await quote([{ market: 'SIM-A', size: '1' }])).body as unknown as Problem;
      expect(answer.code).toBe(state);
    }
    const stopped = (await quote([{ market: 'SIM-H', size: '1' }])).body as unknown as Problem;
    expect(stopped.code).toBe('market-stale');
    expect(stopped.detail).toContain('SIM-H');
    const { markets } = await get<{ markets: { market: string; status: string }[] }>('/v1/markets');
    expect(markets.find(({ market }) => market === 'SIM-H')?.status).toBe('stale');
  });

  it('dead-letters bad ticks by market and sequence number and uses the good ones', async () => {
    const time = engine.pricer.engine.board.now + 1000;
    const good = (1.005 * engine.pricer.engine.board.mark('SIM-B')!.value).toFixed(6);
    const tick = (sequence: number, price: string, at = time) =>
      dated(
        outgoing(
          TOPICS.prices,
          'SIM-B',
          { id: `bad-${sequence}`, sequence, time: at },
          { kind: 'tick', market: 'SIM-B', price },
        ),
      );
    await engine.log.publish([
      tick(20_001, '-5'),
      tick(20_002, '0'),
      { ...tick(20_003, '1'), value: tick(20_003, '1').value.replace('"price":"1"', '"price":"NaN"') },
      tick(20_004, good),
      tick(20_004, good),
      tick(20_005, '60', lastTime - HOUR),
    ]);
    await drained();
    expect(engine.pricer.engine.board.mark('SIM-B')?.text).toBe(String(Number(good)));
    const reasons = (await (engine.log as EmbeddedLog).read('prices.dead', 0, 0n, 100)).map(
      ({ value }) => (JSON.parse(value) as { reason: string }).reason,
    );
    for (const fragment of [
      'must be a price from 1e-12',
      'payload.price',
      `SIM-B ${good}`,
      'duplicate',
      'late',
    ]) {
      expect(reasons.some((reason) => reason.includes(fragment))).toBe(true);
    }
  });

  it('announces a market that is warming up', async () => {
    const time = engine.pricer.engine.board.now + HOUR;
    const header = { id: 'new', sequence: 1, time };
    await engine.log.publish([
      dated(outgoing(TOPICS.prices, 'NEW', header, { kind: 'tick', market: 'NEW', price: '3' })),
    ]);
    await drained();
    const answer = (await quote([{ market: 'NEW', size: '1' }])).body as unknown as Problem;
    expect([answer.status, answer.code]).toEqual([503, 'market-warming-up']);
    const later = time + HOUR;
    await engine.log.publish([dated(watermark('w', later))]);
    await drained();
    const { warmingUp } = await get<{ warmingUp: { market: string; needed: number }[] }>('/v1/markets');
    expect(warmingUp.map(({ market }) => market)).toEqual(['NEW']);
  });

  it('serves health, readiness, metrics and its documents', async () => {
    expect((await fetch(`${engine.url}/healthz`)).status).toBe(200);
    expect((await fetch(`${engine.url}/readyz`)).status).toBe(200);
    const metrics = await (await fetch(`${engine.url}/metrics`)).text();
    expect(metrics).toMatch(/^zkrisk_ledger_imbalance 0$/m);
    expect(metrics).toMatch(/zkrisk_consumer_lag_records\{group="pricer",topic="trades",partition="0"\} 0/);
    const document = await get<{ paths: Record<string, unknown> }>('/docs-json');
    for (const path of [
      '/v1/quotes',
      '/v1/quotes/{id}/accept',
      '/v1/markets',
      '/v1/book',
      '/v1/risk',
      '/v1/funding',
      '/v1/forecasts/latest',
      '/v1/forecasts/latest/quality',
      '/v1/liquidity/deposits',
      '/v1/liquidity/withdrawals',
      '/healthz',
      '/readyz',
      '/metrics',
    ]) {
      expect(Object.keys(document.paths)).toContain(path);
    }
    await eventually(async () => (await fetch(`${engine.url}/docs`)).status === 200, 'the documents');
  });
});
