// Long because all its tests need one running engine, which takes longer to start than they take.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { outgoing, TOPICS } from '#lib/messages';
import { ApiError, type LiquidationEvent, verifyCertificate, ZkriskClient } from '#lib/sdk';
import {
  type Engine,
  type MarketSource,
  Replayer,
  simulatedMarket,
  startEngine,
} from '../../apps/zkrisk/src/index.js';
import { eventually, startTestDatabase, type TestDatabase } from '../support/database.js';
import { LEVERED } from '../support/moved-market.js';

const BARS = 60;
const HOUR = 3_600_000;

/** Accounts, margin and liquidations, through REST, the SDK, the stream and a bot, on a market that is moved by hand. */
describe('the liquidator', () => {
  let engine: Engine;
  let server: TestDatabase;
  let client: ZkriskClient;
  let time = 0;
  let sent = 0;
  const source = simulatedMarket(11, BARS);
  const marks = new Map<string, number>();

  const environment = (): NodeJS.ProcessEnv => ({
    PORT: '0',
    DATABASE_URL: server.url,
    HOUSE_LIQUIDATOR: 'off',
    PLANS_PER_BATCH: '3',
    PLAN_TTL_MS: String(HOUR),
    FIRST_PARAMETERS: LEVERED,
    LOG_LEVEL: 'silent',
  });
  const drained = () => engine.log.drained(new AbortController().signal);

  beforeAll(async () => {
    server = await startTestDatabase();
    engine = await startEngine(environment());
    client = new ZkriskClient({ url: engine.url });
    const replayer = new Replayer(source, engine.log, engine.database, {
      speed: undefined,
      liquidity: 1_000_000,
      warmUpBars: 0,
      flow: { seed: 3, accounts: 5, tradesPerBar: 0, medianNotional: 10_000, firstBar: 45 },
    });
    await replayer.run(new AbortController().signal, (progress) => (time = progress.time));
    for (const row of (source satisfies MarketSource).rows(BARS - 1)) {
      source.markets.forEach((market, i) => marks.set(market, Number(row.prices[i])));
    }
  }, 120_000);
  afterAll(async () => {
    await engine.stop();
    await server.stop();
  });

  /** Moves marks; all markets tick, so that none goes stale. */
  async function move(factors: Record<string, number>, stepMs = 60_000): Promise<void> {
    time += stepMs;
    for (const [market, factor] of Object.entries(factors)) marks.set(market, marks.get(market)! * factor);
    // Twice, as a lonely source confirms a large move by repeating it.
    for (const after of [0, 6_000]) {
      await engine.log.publish(
        [...marks].map(([market, price]) => {
          const header = { id: `move-${++sent}`, sequence: sent, time: time + after };
          const tick = { kind: 'tick', market, price: price.toFixed(10) } as const;
          return { ...outgoing(TOPICS.prices, market, header, tick), appendedAt: header.time };
        }),
      );
    }
    time += 6_000;
    await drained();
  }

  async function open(account: string, leverage: number, legs: Record<string, number>): Promise<void> {
    const notional = Object.values(legs).reduce((sum, value) => sum + Math.abs(value), 0);
    await client.deposit(account, (notional / leverage).toFixed(2));
    const quote = await client.quote(
      account,
      Object.entries(legs).map(([market, value]) => ({
        market,
        size: (value / marks.get(market)!).toFixed(6),
      })),
    );
    await client.acceptQuote(quote.id);
    await drained();
  }

  const openPlans = () => client.liquidations({ status: 'open' });
  const refusal = async (work: Promise<unknown>): Promise<string> =>
    work.then(
      () => 'accepted',
      (error: unknown) => (error as ApiError).code,
    );

  it('marks an account: equity, margins, and a liquidation price at which it meets its maintenance margin', async () => {
    await open('marked', 8, { 'SIM-A': 10_000, 'SIM-B': -5_000 });
    const account = await client.account('marked');
    expect(account.cross.positions).toHaveLength(2);
    const { equity, maintenanceMargin, initialMargin, positions } = account.cross;
    expect(equity).toBeGreaterThan(initialMargin);
    expect(maintenanceMargin).toBeCloseTo(0.03 * 10_000 + 0.05 * 5_000, -1);
    const { initial, maintenance } = account.cross.terms;
    expect(initial).toMatchObject({
      risk: 0,
      worst: 'none',
      concentration: 0,
      closing: 0,
      total: initialMargin,
    });
    expect(maintenance).toMatchObject({ floor: maintenanceMargin, total: maintenanceMargin });
    for (const { market, liquidationPrice } of positions) {
      const there = await client.simulate('marked', {
        marks: { [market]: liquidationPrice!.toFixed(12) },
      });
      expect(there.equity).toBeCloseTo(there.maintenanceMargin, 4);
    }
    expect(await refusal(client.account('nobody'))).toBe('unknown-account');
  });

  it('says what a trade or a deposit would make of it, and books nothing', async () => {
    const before = await client.account('marked');
    const more = await client.simulate('marked', {
      legs: [{ market: 'SIM-C', size: (8_000 / marks.get('SIM-C')!).toFixed(6) }],
    });
    expect(more.notional).toBeGreaterThan(before.cross.notional + 7_500);
    expect(more.premium).not.toBeNull();
    expect(more.accepted).toBe(true);
    const much = await client.simulate('marked', {
      legs: [{ market: 'SIM-C', size: (90_000 / marks.get('SIM-C')!).toFixed(6) }],
    });
    expect(much.accepted).toBe(false);
    const funded = await client.simulate('marked', { deposit: '500' });
    expect(funded.equity - before.cross.equity).toBeCloseTo(500, 6);
    expect((await client.account('marked')).cash).toBe(before.cash);
  });

  it('refuses trades and withdrawals that the initial margin does not allow', async () => {
    const quote = await client.quote('marked', [
      { market: 'SIM-C', size: (90_000 / marks.get('SIM-C')!).toFixed(6) },
    ]);
    expect(await refusal(client.acceptQuote(quote.id))).toBe('insufficient-margin');
    const { cross } = await client.account('marked');
    const over = (cross.available + 1).toFixed(2);
    expect(await refusal(client.withdraw('marked', over))).toBe('insufficient-margin');
    expect(await refusal(client.withdraw('marked', '-5'))).toBe('invalid-input');
    const paid = await client.withdraw('marked', 'available');
    // At the worse of the marks and their averages, which are a little behind.
    expect(Number(paid.amount)).toBeLessThan(cross.available + 1e-6);
    expect(cross.available - Number(paid.amount)).toBeLessThan(30);
    expect((await client.account('marked')).cross.available).toBeLessThan(30);
    expect(await refusal(client.withdraw('marked', '1'))).toBe('insufficient-margin');
    await client.deposit('marked', paid.amount);
    const twice = await Promise.all([
      client.deposit('marked', '7', 'same'),
      client.deposit('marked', '7', 'same'),
    ]);
    expect(twice[0]).toEqual(twice[1]);
  });

  it('keeps isolated positions apart and gives back what is left of their margin', async () => {
    await client.deposit('ivy', '2000');
    const size = (3_000 / marks.get('SIM-D')!).toFixed(6);
    const unfunded = await client.quote('ivy', [{ market: 'SIM-D', size }]);
    expect(await refusal(client.acceptQuote(unfunded.id, 'isolated'))).toBe('insufficient-margin');
    await client.transfer('ivy', 'SIM-D', '400');
    const quote = await client.quote('ivy', [{ market: 'SIM-D', size }]);
    await client.acceptQuote(quote.id, 'isolated');
    const account = await client.account('ivy');
    expect(account.cash).toBe('1600');
    expect(account.cross.positions).toEqual([]);
    expect(account.isolated.map(({ market }) => market)).toEqual(['SIM-D']);
    expect(account.isolated[0].equity).toBeLessThan(400);
    const close = await client.quote('ivy', [{ market: 'SIM-D', size: `-${size}` }]);
    await client.acceptQuote(close.id, 'isolated');
    const after = await client.account('ivy');
    expect(after.isolated).toEqual([]);
    expect(Number(after.cash)).toBeGreaterThan(1950);
    expect(engine.pricer.engine.ledger.imbalance()).toBe(0n);
  });

  it('plans for an account as soon as it is below maintenance: one open plan, certified, withdrawn when it recovers', async () => {
    await open('pat', 10, { 'SIM-A': 20_000, 'SIM-E': 10_000 });
    await move({ 'SIM-A': 0.95, 'SIM-E': 0.95 });
    expect(await openPlans()).toEqual([]);
    await move({ 'SIM-A': 0.97, 'SIM-E': 0.97 });
    const [plan] = await openPlans();
    expect(plan).toMatchObject({ account: 'pat', status: 'open', outcome: 'partial' });
    expect(plan.gap).toBeLessThanOrEqual(1e-8);
    const detail = await client.liquidation(plan.planId);
    expect(verifyCertificate(detail.plan)).toEqual({ holds: true, failures: [] });
    await move({ 'SIM-A': 0.999 });
    expect((await openPlans()).map(({ planId }) => planId)).toEqual([plan.planId]);
    await move({ 'SIM-A': 1.05, 'SIM-E': 1.05 });
    expect(await openPlans()).toEqual([]);
    expect((await client.liquidation(plan.planId)).status).toBe('superseded');
    await move({ 'SIM-A': 1 / (0.95 * 0.97 * 0.999 * 1.05), 'SIM-E': 1 / (0.95 * 0.97 * 1.05) });
  });

  it('turns a full report into a trade, and the account is healthy again', async () => {
    await move({ 'SIM-A': 0.92, 'SIM-E': 0.92 });
    const [plan] = (await openPlans()).filter(({ account }) => account === 'pat');
    const before = await client.account('pat');
    await client.reportExecution(plan.planId, { liquidator: 'test', status: 'full' });
    await drained();
    expect((await client.liquidation(plan.planId)).status).toBe('executed');
    const after = await client.account('pat');
    expect(after.cross.liquidatable).toBe(false);
    expect(after.cross.notional).toBeLessThan(before.cross.notional);
    // Closed as planned, not more: the rest has its initial margin, but for the liquidity premium.
    expect(after.cross.marginRatio!).toBeGreaterThan(0.045);
    expect(after.cross.marginRatio!).toBeLessThan(0.06);
    expect(await refusal(client.reportExecution(plan.planId, { liquidator: 'test', status: 'full' }))).toBe(
      'plan-closed',
    );
    expect(await refusal(client.reportExecution('lq-999', { liquidator: 'test', status: 'full' }))).toBe(
      'unknown-liquidation',
    );
    expect(engine.pricer.engine.ledger.imbalance()).toBe(0n);
  });

  it('plans anew for what a partial execution has left', async () => {
    await move({ 'SIM-A': 0.96, 'SIM-E': 0.96 });
    const [plan] = (await openPlans()).filter(({ account }) => account === 'pat');
    const { orders } = await client.liquidation(plan.planId);
    const [order] = orders;
    const filled = (share: number) => ({
      market: order.market,
      size: (Number(order.size) * share).toFixed(8),
    });
    const part = filled(Math.min(1, 0.11 * orders.length));
    // A liquidator cannot keep a plan alive by crumbs.
    expect(
      await refusal(
        client.reportExecution(plan.planId, { liquidator: 'test', status: 'partial', fills: [filled(1e-4)] }),
      ),
    ).toBe('invalid-input');
    const wrong = [{ ...part, size: (-Number(part.size)).toFixed(8) }];
    expect(
      await refusal(
        client.reportExecution(plan.planId, { liquidator: 'test', status: 'partial', fills: wrong }),
      ),
    ).toBe('invalid-input');
    await client.reportExecution(plan.planId, { liquidator: 'test', status: 'partial', fills: [part] });
    await drained();
    expect((await client.liquidation(plan.planId)).status).toBe('partially-executed');
    const [next] = (await openPlans()).filter(({ account }) => account === 'pat');
    expect(next.ordinal).toBe(plan.ordinal + 1);
    await client.reportExecution(next.planId, { liquidator: 'test', status: 'expired' });
    await drained();
    // One liquidator's opinion closes nothing: the plan is there for the others.
    expect((await client.liquidation(next.planId)).status).toBe('open');
    await client.reportExecution(next.planId, { liquidator: 'other', status: 'full' });
    await drained();
    expect((await client.account('pat')).cross.liquidatable).toBe(false);
  });

  it('in a crash plans for the most under-margined first, and for all in the end', async () => {
    const leverages = [6, 9, 12, 15, 18];
    for (const leverage of leverages) await open(`crash-${leverage}`, leverage, { 'SIM-F': 6_000 });
    const seen = await client.liquidations();
    await move({ 'SIM-F': 0.85 });
    const plans = (await client.liquidations())
      .filter(({ ordinal }) => ordinal > (seen[0]?.ordinal ?? 0))
      .reverse();
    expect(plans.map(({ account }) => account)).toEqual([
      'crash-18',
      'crash-15',
      'crash-12',
      'crash-9',
      'crash-6',
    ]);
    expect(plans[0].outcome).toBe('bankrupt');
    expect(Number(plans[0].shortfall)).toBeGreaterThan(0);
    expect(engine.liquidator.backlog).toBe(0);
  });

  it('books a bankruptcy against the pool, to the last unit', async () => {
    const { ledger } = engine.pricer.engine;
    const bankrupt = (await openPlans()).filter(({ outcome }) => outcome === 'bankrupt');
    expect(bankrupt.length).toBeGreaterThan(0);
    const before = ledger.totals.bankruptcies;
    for (const { planId } of bankrupt)
      await client.reportExecution(planId, { liquidator: 'test', status: 'full' });
    await drained();
    const { totals } = engine.pricer.engine.ledger;
    expect(totals.bankruptcies).toBeGreaterThan(before);
    expect(engine.pricer.engine.ledger.imbalance()).toBe(0n);
    for (const { account } of bankrupt) {
      expect((await client.account(account)).cash).toBe('0');
      expect((await client.account(account)).cross.positions).toEqual([]);
    }
  });

  it('streams every event once, in order, to a client that is cut off and comes back', async () => {
    const all: LiquidationEvent[] = [];
    const stop = new AbortController();
    const following = (async () => {
      for await (const event of client.liquidationEvents({ after: '0', signal: stop.signal }))
        all.push(event);
    })();
    const total = async () =>
      Number(
        (await engine.database.query<{ n: string }[]>('select count(*) as n from liquidation_event'))[0].n,
      );
    await eventually(async () => all.length === (await total()), 'the whole stream');
    expect(all.map(({ eventId }) => Number(eventId))).toEqual(all.map((_, i) => i + 1));
    const half = all[Math.floor(all.length / 2)].eventId;
    const rest: string[] = [];
    const again = new AbortController();
    for await (const { eventId } of client.liquidationEvents({ after: half, signal: again.signal })) {
      rest.push(eventId);
      if (Number(eventId) === all.length) again.abort();
    }
    expect(rest).toEqual(all.map(({ eventId }) => eventId).filter((id) => Number(id) > Number(half)));
    const known = all.length;
    await open('streamed', 12, { 'SIM-G': 8_000 });
    await move({ 'SIM-G': 0.93 });
    await eventually(async () => all.length > known && all.length === (await total()), 'what came after');
    stop.abort();
    await following;
  });

  it('is served by the example bot, which checks certificates itself and reports', async () => {
    const bot = spawn(
      process.execPath,
      [
        join(import.meta.dirname, '..', '..', 'examples', 'liquidator-bot', 'bot.js'),
        ...['--url', engine.url, '--name', 'example', '--after', '0'],
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    let output = '';
    bot.stdout.on('data', (bytes: Buffer) => (output += bytes.toString()));
    try {
      await eventually(async () => (await openPlans()).length === 0, 'the bot to execute all plans', 30_000);
      expect(output).toMatch(/lq-\d+-\d+ executed/);
      expect(output).not.toContain('REFUSED');
      await open('late', 12, { 'SIM-G': 8_000 });
      await move({ 'SIM-G': 0.93 });
      await eventually(
        async () => (await client.liquidations({ account: 'late' }))[0]?.status === 'executed',
        'the bot to execute a new plan',
        30_000,
      );
    } finally {
      bot.kill();
    }
  });

  it('shows its work in the metrics', async () => {
    const metrics = await (await fetch(`${engine.url}/metrics`)).text();
    for (const name of ['open_plans', 'plan_backlog', 'solver_queue', 'plans_total', 'margin_accounts']) {
      expect(metrics).toMatch(new RegExp(`zkrisk_${name} \\d`));
    }
  });

  it('takes up plans, accounts and stream where it was after a restart', async () => {
    await open('night', 12, { 'SIM-H': 5_000 });
    await move({ 'SIM-H': 0.94 });
    const before = await openPlans();
    expect(before.some(({ account }) => account === 'night')).toBe(true);
    const account = await client.account('night');
    await engine.stop();
    engine = await startEngine(environment());
    client = new ZkriskClient({ url: engine.url });
    expect(await openPlans()).toEqual(before);
    expect(await client.account('night')).toEqual(account);
    for (const { planId } of before)
      await client.reportExecution(planId, { liquidator: 'test', status: 'full' });
    await drained();
    expect(await openPlans()).toEqual([]);
    expect(engine.pricer.engine.ledger.imbalance()).toBe(0n);
  });
});
