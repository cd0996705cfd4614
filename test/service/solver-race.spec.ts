import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ApiError, LiquidationDetail } from '#lib/sdk';
import { bidFor } from '../../examples/liquidator-bot/solver.js';
import { eventually } from '../support/database.js';
import { quickParameters } from '../support/quick-parameters.js';
import { type MovedMarket, startMovedMarket } from '../support/moved-market.js';

const TICK_MS = 6_000;
const PAIRS = [
  ['SIM-A', 'SIM-B'],
  ['SIM-C', 'SIM-D'],
  ['SIM-E', 'SIM-F'],
  ['SIM-G', 'SIM-H'],
];

/** Liquidators that compete over REST, with the house behind them: the default. */
describe('the race of solvers', () => {
  let market: MovedMarket;
  let debtors = 0;

  beforeAll(async () => {
    market = await startMovedMarket({
      HOUSE_LIQUIDATOR: undefined,
      PLAN_TTL_MS: '3600000',
      FIRST_PARAMETERS: quickParameters(
        {
          forecast: { minimumBars: 40, windowBars: 80, refitEveryBars: 1000 },
          margin: { mode: 'portfolio' },
          credit: { accountShare: null, poolShare: null, loading: 0 },
        },
        12,
      ),
    });
    for (const solver of ['ann', 'bob', 'cleo']) {
      await market.client.deposit(solver, '50000');
      await market.client.acceptTakeovers(solver, '100000');
    }
  }, 120_000);
  afterAll(() => market.stop());

  const drained = () => market.engine.log.drained(new AbortController().signal);
  const cash = async (account: string) => Number((await market.client.account(account)).cash);
  const refusal = (work: Promise<unknown>): Promise<ApiError | undefined> =>
    work.then(
      () => undefined,
      (error: unknown) => error as ApiError,
    );

  /** An account below its margin whose plan has just been opened: the race goes on for five seconds. */
  async function openedPlan(): Promise<LiquidationDetail> {
    const [first, second] = PAIRS[debtors];
    const account = `debtor${++debtors}`;
    await market.open(account, 5, { [first]: 20_000, [second]: 10_000 });
    for (let step = 0; step < 30; step++) {
      // A larger move becomes a mark when it is repeated.
      await market.tick(step % 2 === 0 ? { [first]: 0.96, [second]: 0.96 } : {}, TICK_MS);
      const [plan] = await market.client.liquidations({ status: 'open', account });
      if (plan !== undefined) return market.client.liquidation(plan.planId);
    }
    throw new Error(`${account} never fell below its margin`);
  }

  it('is won by the best plan: its own solver, the lowest penalty; a forged one is refused, and says why', async () => {
    const { client } = market;
    const { planId, plan, account } = await openedPlan();
    const before = { ann: await cash('ann'), bob: await cash('bob') };
    await client.reportExecution(planId, { liquidator: 'ann', status: 'full', ...bidFor(plan, 0.8) });
    const best = bidFor(plan, 0.5);
    await client.reportExecution(planId, { liquidator: 'bob', status: 'full', ...best });
    const { solution } = bidFor(plan, 0.1);
    const forged = { ...solution, fractions: solution.fractions.map((w) => 0.5 * w) };
    const refused = await refusal(
      client.reportExecution(planId, {
        liquidator: 'cleo',
        status: 'full',
        penaltyRate: 0,
        solution: forged,
      }),
    );
    expect(refused).toMatchObject({ code: 'offer-refused' });
    expect(refused!.message).toMatch(/initial margin is not restored/);
    await drained();
    // Sealed while it goes on.
    expect((await client.liquidation(planId)).race).toMatchObject({ offers: 2, claim: null });
    expect((await ticked(planId, closed)).status).toBe('executed');
    const [booked] = await bookedTrades(planId);
    expect(booked).toMatchObject({ liquidator: 'bob' });
    const notional = booked.legs.reduce(
      (sum, { size, price }) => sum + Math.abs(Number(size)) * Number(price),
      0,
    );
    expect(Number(booked.penalty) / notional).toBeCloseTo(best.penaltyRate, 6);
    expect((await cash('bob')) - before.bob).toBeCloseTo(Number(booked.penalty) / 2, 6);
    expect(await cash('ann')).toBe(before.ann);
    expect((await client.account(account)).cross.liquidatable).toBe(false);
  });

  it('takes positions over at the winner’s prices; who claims and does not deliver delays five seconds, once', async () => {
    const { client } = market;
    const { planId, orders } = await openedPlan();
    await client.reportExecution(planId, {
      liquidator: 'cleo',
      status: 'full',
      penaltyRate: 0,
      claims: true,
    });
    await client.reportExecution(planId, {
      liquidator: 'ann',
      status: 'full',
      penaltyRate: 0.0005,
      claims: true,
    });
    const fills = orders.map(({ market: name, size }) => ({ market: name, size, price: market.price(name) }));
    await client.reportExecution(planId, { liquidator: 'bob', status: 'full', penaltyRate: 0.0008, fills });
    await drained();
    const { race } = await ticked(planId, (plan) => plan.race.claim !== null);
    expect(race.claim).toMatchObject({ liquidator: 'cleo' });
    // Neither cleo, nor ann with another claim: bob, who can be executed at once.
    await market.tick({}, TICK_MS);
    expect((await client.liquidation(planId)).status).toBe('executed');
    const bob = await client.account('bob');
    expect(bob.cross.positions.map(({ market: name }) => name).sort()).toEqual(
      orders.map((o) => o.market).sort(),
    );
  });

  it('is the house’s where nobody offers, and where a winner cannot bear what it took', async () => {
    const { client } = market;
    const alone = await openedPlan();
    expect((await ticked(alone.planId, closed)).status).toBe('executed');
    expect(await bookedTrades(alone.planId)).toMatchObject([{ liquidator: 'house' }]);
    await client.deposit('poor', '1');
    await client.acceptTakeovers('poor', '100000');
    const { planId, orders, account } = await openedPlan();
    const fills = orders.map(({ market: name, size }) => ({ market: name, size, price: market.price(name) }));
    await client.reportExecution(planId, { liquidator: 'poor', status: 'full', penaltyRate: 0, fills });
    await drained();
    expect((await ticked(planId, closed)).status).toBe('refused');
    // Planned for again at once, against the pool alone: nobody with prices can make it fail a second time.
    const [again] = await client.liquidations({ status: 'open', account });
    expect(again).toBeDefined();
    const refused = await refusal(
      client.reportExecution(again.planId, {
        liquidator: 'poor',
        status: 'full',
        penaltyRate: 0,
        claims: true,
      }),
    );
    expect(refused!.message).toMatch(/did not deliver/);
    expect((await ticked(again.planId, closed)).status).toBe('executed');
    expect(market.engine.pricer.engine.ledger.imbalance()).toBe(0n);
  });

  it('tells everybody what happened: opened, claimed, closed', async () => {
    const kinds = await market.engine.database.query<{ kind: string }[]>(
      `select distinct payload->>'kind' as kind from liquidation_event order by 1`,
    );
    expect(kinds.map(({ kind }) => kind)).toEqual(['claimed', 'closed', 'opened']);
    await eventually(
      async () => (await market.client.liquidations({ status: 'open' })).length === 0,
      'no plan left',
    );
  });

  /** Ticks until a plan is no longer as it was: a mark that has just moved far may take one more to be good enough. */
  async function ticked(
    planId: string,
    until: (plan: LiquidationDetail) => boolean,
  ): Promise<LiquidationDetail> {
    for (let ticks = 0; ticks < 6; ticks++) {
      await market.tick({}, TICK_MS);
      const plan = await market.client.liquidation(planId);
      if (until(plan)) return plan;
    }
    throw new Error(`${planId} stays as it is: ${(await refusals(planId)).join()}`);
  }
  const closed = ({ status }: LiquidationDetail) => status !== 'open';
  interface Booked {
    readonly liquidator: string;
    readonly penalty: string;
    readonly legs: readonly { readonly size: string; readonly price: string }[];
  }
  /** Why the books refused a plan's trade. */
  async function refusals(planId: string): Promise<string[]> {
    const rows = await market.engine.database.query<{ reason: string }[]>(
      `select payload->>'reason' as reason from book_event where payload->>'planId' = $1 and payload->>'kind' = 'trade-rejected'`,
      [planId],
    );
    return rows.map(({ reason }) => reason);
  }
  async function bookedTrades(planId: string): Promise<Booked[]> {
    const rows = await market.engine.database.query<{ payload: Booked }[]>(
      `select payload from book_event where payload->>'planId' = $1 and payload->>'kind' = 'trade-booked'`,
      [planId],
    );
    return rows.map(({ payload }) => payload);
  }
});
