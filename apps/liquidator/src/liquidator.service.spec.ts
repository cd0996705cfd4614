import { Logger } from '@nestjs/common';
import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { accountState, poolState } from '#lib/exchange';
import {
  liquidate,
  type LiquidationPlan,
  loadSolvers,
  type Solvers,
  verifyCertificate,
} from '#lib/liquidation';
import {
  type AccountStatePayload,
  type ExecutionPayload,
  type LiquidationTradePayload,
  type PlanPayload,
  type PricePayload,
  TOPICS,
} from '#lib/messages';
import { ExchangeMachine, LINEAR } from '../../../test/support/exchange-machine.js';
import { fake, messagesOf, ServiceBatch } from '../../../test/support/service-batch.js';
import type { LiveLiquidation } from './liquidation-record.js';
import { liquidatorConfig } from './liquidator.config.js';
import type { LiquidatorRepository, LiquidatorState } from './liquidator.repository.js';
import { LiquidatorService } from './liquidator.service.js';
import type { PlanSolver } from './plan-solver.js';

const RETRY_MS = 30_000;
const TTL_MS = 60_000;
/** Moves of any size become marks at once. */
const RULES = { ...LINEAR, marks: { bandMinimum: 10 } };

/** The liquidator's tables, in memory. */
class Tables {
  state: LiquidatorState | undefined;
  live: LiveLiquidation[] = [];
  readonly accounts = new Map<string, AccountStatePayload>();
  readonly closed: [planId: string, status: string][] = [];
  private forecast: Awaited<ReturnType<LiquidatorRepository['load']>>['forecast'];
  private pool: Awaited<ReturnType<LiquidatorRepository['load']>>['pool'];

  readonly repository = fake<LiquidatorRepository>({
    load: () => {
      const { state, live, forecast, pool, accounts } = this;
      const copy = structuredClone({ state, live, forecast, pool, accounts: [...accounts.values()] });
      return Promise.resolve({ ...copy, parameters: undefined });
    },
    saveState: (_manager, _unit, state) => this.done(() => (this.state = state)),
    saveForecast: (_manager, _unit, forecast) => this.done(() => (this.forecast = forecast)),
    savePool: (_manager, _unit, pool) => this.done(() => (this.pool = pool)),
    saveAccounts: (_manager, _unit, states) =>
      this.done(() => {
        for (const state of states) this.accounts.set(state.account, state);
      }),
    open: (_manager, _unit, _ordinal, opened, race) => this.done(() => this.live.push({ opened, race })),
    saveRace: (_manager, planId, race) =>
      this.done(() => {
        this.live.find(({ opened }) => opened.planId === planId)!.race = race;
      }),
    close: (_manager, planId, status) =>
      this.done(() => {
        this.live = this.live.filter(({ opened }) => opened.planId !== planId);
        this.closed.push([planId, status]);
      }),
    appendEvent: () => Promise.resolve(),
  });

  private done(change: () => void): Promise<void> {
    change();
    return Promise.resolve();
  }
}

let solvers: Solvers;
beforeAll(async () => {
  solvers = await loadSolvers();
});

describe(LiquidatorService, () => {
  let machine: ExchangeMachine;
  let tables: Tables;
  let service: LiquidatorService;
  /** whether the solver fails on a case of this collateral */
  let unsolvable: (collateral: number) => boolean;

  /** A batch of one topic, handled by unit 0. */
  async function handle(
    work: (unit: ReturnType<LiquidatorService['unit']>, batch: ServiceBatch) => Promise<void>,
  ): Promise<ServiceBatch> {
    const batch = new ServiceBatch();
    await work(service.unit(0), batch);
    return batch;
  }
  const prices = (marks: Readonly<Record<string, number>>, laterMs = 1000) => {
    machine.marks(marks, laterMs);
    const ticks = Object.entries(marks).map(([market, price]): PricePayload => ({
      kind: 'tick',
      market,
      price: String(price),
    }));
    return handle((unit, { context }) => unit.onPrices(messagesOf(ticks, machine.time), context));
  };
  const accounts = (...names: string[]) =>
    handle((unit, { context }) =>
      unit.onAccountStates(
        messagesOf(names.map((name) => accountState(machine.ledger, name, [], machine.time))),
        context,
      ),
    );
  const executions = (...reports: ExecutionPayload[]) =>
    handle((unit, { context }) => unit.onExecutions(messagesOf(reports, machine.time), context));
  const plansOf = (batch: ServiceBatch) =>
    batch
      .published<PlanPayload>()
      .filter(({ topic }) => topic === TOPICS.plans.name)
      .map(({ payload }) => payload);
  const kinds = (batch: ServiceBatch) =>
    plansOf(batch).map((plan) => (plan.kind === 'closed' ? `${plan.planId} ${plan.status}` : plan.planId));

  /** Two accounts with 4,000 of A and B together; `debtor` has the smaller collateral. */
  beforeEach(async () => {
    machine = new ExchangeMachine(['A', 'B'], { volatility: 0.01, rules: RULES });
    machine.provide('lp', 5_000_000);
    machine.wait(1000);
    machine.deposit('debtor', 22_000);
    machine.deposit('second', 24_000);
    for (const account of ['debtor', 'second']) machine.trade(account, { A: 2000, B: 2000 });
    tables = new Tables();
    unsolvable = () => false;
    const solver = fake<PlanSolver>({
      run: (given) =>
        unsolvable(given.collateral)
          ? Promise.reject(new Error('no optimum'))
          : Promise.resolve({ plan: liquidate(given, solvers), seconds: 0.01 }),
      waiting: 0,
    });
    const config = liquidatorConfig({
      ...{ FIRST_PARAMETERS: JSON.stringify(RULES), HOUSE_LIQUIDATOR: 'off', PLANS_PER_BATCH: '1' },
      ...{ PLAN_RETRY_MS: String(RETRY_MS), PLAN_TTL_MS: String(TTL_MS) },
    });
    service = new LiquidatorService(config, tables.repository, solver);
    await service.restore(0);
    await prices({ A: 100, B: 100 });
    await handle((unit, { context }) =>
      unit.onForecasts(messagesOf([machine.engine.board.latestForecast!]), context),
    );
    await handle((unit, { context }) => unit.onPoolStates(messagesOf([poolState(machine.engine)]), context));
    expect(plansOf(await accounts('debtor', 'second'))).toEqual([]);
  });

  it('opens a plan with a certificate for an account below its maintenance margin, once', async () => {
    const batch = await prices({ A: 97, B: 98 });
    const [opened, ...others] = batch.published<Extract<PlanPayload, { kind: 'opened' }>>();
    expect([opened.topic, opened.key, others]).toEqual(['plans', 'debtor', []]);
    expect(opened.payload).toMatchObject({ kind: 'opened', planId: 'lq-0-1', at: machine.time });
    expect(opened.payload.expiresAt).toBe(machine.time + TTL_MS);
    expect(opened.payload.orders.every(({ size }) => Number(size) < 0)).toBe(true);
    expect(verifyCertificate(opened.payload.plan as unknown as LiquidationPlan).failures).toEqual([]);
    expect([service.openPlans, service.backlog, service.counts.plans]).toEqual([1, 0, 1]);
    expect(kinds(await prices({ A: 97, B: 98 }))).toEqual([]);
  });

  it('tells those who wait for an event when the batch is committed, and not before', async () => {
    const batch = await prices({ A: 97, B: 98 });
    let told = false;
    const waits = service.nextEvent(60_000).then(() => (told = true));
    await Promise.resolve();
    expect(told).toBe(false);
    batch.commit();
    await waits;
    expect(told).toBe(true);
  });

  it('plans for the most under-margined first, and leaves a note of those who wait', async () => {
    const batch = await prices({ A: 96, B: 97 });
    expect(plansOf(batch).map(({ account }) => account)).toEqual(['debtor']);
    const notes = batch.published().filter(({ topic }) => topic === TOPICS.liquidationWork.name);
    expect(notes.map(({ payload }) => payload)).toEqual([{ backlog: 1 }]);
    expect(service.backlog).toBe(1);
    const next = await handle((unit, { context }) => unit.onWork(context));
    expect(plansOf(next).map(({ account }) => account)).toEqual(['second']);
    expect(service.backlog).toBe(0);
  });

  it('withdraws a plan whose account has its margin again, and makes another when time is over', async () => {
    await prices({ A: 97, B: 98 });
    expect(kinds(await prices({ A: 97, B: 98 }, TTL_MS))).toEqual(['lq-0-1 expired', 'lq-0-2']);
    expect(kinds(await prices({ A: 100, B: 100 }))).toEqual(['lq-0-2 superseded']);
    expect(tables.closed).toEqual([
      ['lq-0-1', 'expired'],
      ['lq-0-2', 'superseded'],
    ]);
    expect(service.openPlans).toBe(0);
  });

  it('makes the first report of a plan the trade that executes it, and closes it when that is booked', async () => {
    await prices({ A: 97, B: 98 });
    const report = { reportId: 'r-1', planId: 'lq-0-1', liquidator: 'bot', status: 'full' } as const;
    const batch = await executions(report, { ...report, reportId: 'r-2' }, { ...report, planId: 'lq-0-9' });
    const trades = batch
      .published<LiquidationTradePayload>()
      .filter(({ topic }) => topic === TOPICS.liquidationTrades.name);
    expect(trades.map(({ payload }) => payload)).toEqual([
      expect.objectContaining({ planId: 'lq-0-1', account: 'debtor', liquidator: 'bot' }),
    ]);
    expect(batch.rejections).toEqual([
      { index: 1, reason: 'plan lq-0-1 is not open' },
      { index: 2, reason: 'plan lq-0-9 is not open' },
    ]);
    const sizes = trades[0].payload.legs.map(({ market, size }) => [market, size] as const);
    machine.liquidate('debtor', Object.fromEntries(sizes));
    const cause = { topic: TOPICS.liquidationTrades.name, id: 'lq-0-1', refused: false };
    const state = accountState(machine.ledger, 'debtor', [cause], machine.time);
    const booked = await handle((unit, { context }) => unit.onAccountStates(messagesOf([state]), context));
    expect(kinds(booked)).toEqual(['lq-0-1 executed']);
    expect(service.openPlans).toBe(0);
  });

  it('leaves an account alone for a while whose trade was refused', async () => {
    await prices({ A: 97, B: 98 });
    await executions({ reportId: 'r-1', planId: 'lq-0-1', liquidator: 'bot', status: 'full' });
    machine.deposit('debtor', 1);
    const cause = { topic: TOPICS.liquidationTrades.name, id: 'lq-0-1', refused: true };
    const state = accountState(machine.ledger, 'debtor', [cause], machine.time);
    const refused = await handle((unit, { context }) => unit.onAccountStates(messagesOf([state]), context));
    expect(kinds(refused)).toEqual(['lq-0-1 refused']);
    expect(kinds(await prices({ A: 97, B: 98 }, RETRY_MS - 1000))).toEqual([]);
    expect(kinds(await prices({ A: 97, B: 98 }, 1000))).toEqual(['lq-0-2']);
  });

  it('counts an account that cannot be planned for, tries it again later, and plans for the others', async () => {
    const failed = vi.spyOn(Logger.prototype, 'error').mockReturnValue(undefined);
    let first: number | undefined;
    unsolvable = (collateral) => collateral === (first ??= collateral);
    expect(kinds(await prices({ A: 96, B: 97 }))).toEqual([]);
    expect(failed.mock.calls).toEqual([['no plan for debtor: no optimum']]);
    expect(service.counts.unproven).toBe(1);
    const next = await handle((unit, { context }) => unit.onWork(context));
    expect(plansOf(next).map(({ account }) => account)).toEqual(['second']);
    unsolvable = () => false;
    const later = await prices({ A: 96, B: 97 }, RETRY_MS);
    expect(plansOf(later).map(({ account }) => account)).toEqual(['debtor']);
  });

  it('takes up plans, accounts and numbers where they were after a restart', async () => {
    await prices({ A: 97, B: 98 });
    const { now } = service;
    await service.restore(0);
    expect([service.openPlans, service.accounts, service.now]).toEqual([1, 2, now]);
    expect(kinds(await prices({ A: 97, B: 98 }))).toEqual([]);
    expect(kinds(await prices({ A: 97, B: 98 }, TTL_MS))).toEqual(['lq-0-1 expired', 'lq-0-2']);
  });

  it('plans nothing while the book is kept under other rules, and says so once', async () => {
    const failed = vi.spyOn(Logger.prototype, 'error').mockReturnValue(undefined);
    const other = poolState(machine.engine);
    const pool = { ...other, parameters: { version: 9, digest: 'f'.repeat(64) } };
    for (let i = 0; i < 2; i++)
      await handle((unit, { context }) => unit.onPoolStates(messagesOf([pool]), context));
    expect(failed.mock.calls).toHaveLength(1);
    expect(kinds(await prices({ A: 96, B: 97 }))).toEqual([]);
    await handle((unit, { context }) => unit.onPoolStates(messagesOf([other]), context));
    expect(kinds(await prices({ A: 96, B: 97 }))).toEqual(['lq-0-1']);
  });

  it('forgets a unit that another process takes over', async () => {
    await prices({ A: 97, B: 98 });
    const { now } = service;
    service.release(0);
    expect([service.openPlans, service.accounts, service.now]).toEqual([0, 0, now]);
  });
});
