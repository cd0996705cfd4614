import { describe, expect, it } from 'vitest';
import { liquidate, loadSolvers, verifyCertificate } from '#lib/liquidation';
import { MarginWatch, ordersOf } from '#lib/liquidating';
import { accountState, poolState } from '#lib/exchange';
import { followsForecast, liquidationStatement } from '#lib/proofs';
import { ExchangeMachine, LINEAR } from '../support/exchange-machine.js';

/** Portfolio margin without caps and charge. */
const PORTFOLIO = { margin: { mode: 'portfolio' }, credit: LINEAR.credit };

function hedged(cash: number, rules: object = PORTFOLIO): ExchangeMachine {
  const machine = new ExchangeMachine(['A', 'B'], { volatility: 0.04, correlation: 0.9, rules });
  machine.provide('lp', 10_000_000);
  machine.wait(1000);
  machine.deposit('trader', cash);
  return machine;
}

/** Law 1 by portfolio margin: an account's limit is its portfolio's loss, not the sum of its positions'. */
describe('portfolio margin', () => {
  it('nets a hedge, and asks more of a lone position than of a hedged one', () => {
    const machine = hedged(200_000);
    expect(machine.trade('trader', { A: 5000, B: -5000 }).kind).toBe('trade-booked');
    const both = machine.engine.accounts.standing('trader');
    // Each alone moves by 10 %: the worst of the pair is one, 50,000 beside floors of 1 % and the concentration.
    expect(both.notional).toBe(1_000_000);
    expect(both.initialMargin).toBeGreaterThan(60_000);
    expect(both.initialMargin).toBeLessThan(61_000);
    const alone = hedged(200_000);
    expect(alone.trade('trader', { A: 10_000 }).kind).toBe('trade-booked');
    // All markets by 15 %.
    expect(alone.engine.accounts.standing('trader').initialMargin).toBeGreaterThan(160_000);
    expect(alone.trade('trader', { A: 3000 })).toMatchObject({ code: 'insufficient-margin' });
  });

  it('refuses the closing of a hedge that leaves less than the margin, and takes what lowers the whole', () => {
    const machine = hedged(70_000);
    machine.trade('trader', { A: 5000, B: -5000 });
    machine.marks({ A: 95, B: 101 });
    expect(machine.trade('trader', { B: 5000 })).toMatchObject({ code: 'insufficient-margin' });
    expect(machine.trade('trader', { A: -2500, B: 2500 }).kind).toBe('trade-booked');
  });

  it('has the deviations that the guard rails let through: a model that goes wild in one bar does not liquidate everybody', () => {
    const machine = hedged(1_000_000);
    machine.trade('trader', { A: 5000, B: 1000 });
    const calm = machine.engine.accounts.standing('trader').initialMargin;
    const forecast = machine.engine.board.latestForecast!;
    const wild = {
      ...forecast,
      factorVariances: forecast.factorVariances.map((value) => 400 * value),
      ownVariances: forecast.ownVariances.map((value) => 400 * value),
    };
    machine.forecast({ ...wild, forecastId: 'guarded', guardedDeviations: [0.06, 0.06] });
    expect(machine.engine.accounts.standing('trader').initialMargin).toBe(calm);
    machine.forecast({ ...wild, forecastId: 'unguarded' });
    // 80 % a day: 2κ·σ of an hour is more than all that is held.
    expect(machine.engine.accounts.standing('trader').initialMargin).toBeGreaterThan(5 * calm);
  });

  it('is watched and restored as it is asked for: plans are certified, and executed leave the initial margin', async () => {
    const solvers = await loadSolvers();
    let planned = 0;
    for (let seed = 0; seed < 12; seed++) {
      const machine = hedged(60_000 + 5000 * seed);
      const watch = new MarginWatch(machine.engine.parameters);
      machine.trade('trader', { A: 3000 + 200 * seed, B: seed % 3 === 0 ? -3000 : 500 });
      const fall = { A: 100 - 9 - (seed % 5), B: seed % 3 === 0 ? 99 : 92 };
      machine.marks(fall);
      const { engine, ledger } = machine;
      watch.board.takeOver(engine.board.snapshot());
      watch.setForecast(engine.board.latestForecast!);
      for (const market of ['A', 'B'])
        watch.take({ market, price: String(fall[market as 'A']), time: machine.time + 1, sequence: 1e6 });
      watch.setPool(poolState(engine));
      watch.setAccount(accountState(ledger, 'trader', [], machine.time));
      const here = engine.accounts.standing('trader');
      const under = watch.underMargined();
      expect(under.length > 0).toBe(here.liquidatable);
      if (under.length === 0) continue;
      expect(under[0].equity).toBeCloseTo(here.equity, 6);
      expect(under[0].maintenanceMargin).toBeCloseTo(here.maintenanceMargin, 6);
      const plan = liquidate(watch.caseOf('trader'), solvers);
      expect(verifyCertificate(plan).failures).toEqual([]);
      // A prover takes it: the margin has the premium's covariance.
      expect(followsForecast(plan.case)).toBe(true);
      expect(liquidationStatement.inputs({ plan })).toHaveLength(7);
      const sizes = watch.liquidatable('trader').map(({ size }) => size);
      const orders = Object.fromEntries(ordersOf(plan, sizes).map(({ market, size }) => [market, size]));
      expect(machine.liquidate('trader', orders).some(({ kind }) => kind === 'trade-booked')).toBe(true);
      const after = engine.accounts.standing('trader');
      expect(after.equity).toBeGreaterThanOrEqual(after.initialMargin - 1e-6 * here.notional);
      if (plan.outcome === 'partial') planned++;
    }
    expect(planned).toBeGreaterThan(3);
  });
});

describe('versions of the risk parameters', () => {
  const change = (machine: ExchangeMachine, base: number, margin: object = {}) => {
    const { parameters } = machine.engine.parameters.rules;
    return machine.engine.setParameters(
      {
        ...{
          commandId: `p${base}-${machine.events.length}`,
          base,
          by: 'op',
          reason: 'test',
          issuedAt: machine.time,
        },
        parameters: { ...parameters, margin: { ...parameters.margin, ...margin } },
      },
      machine.time,
    );
  };

  it('change margins at once, one version after the other; what was made under another is refused', () => {
    const machine = hedged(60_000, {});
    machine.trade('trader', { A: 5000, B: -5000 });
    const linear = machine.engine.accounts.standing('trader').initialMargin;
    expect(linear).toBe(50_000);
    expect(change(machine, 1, { mode: 'portfolio' }).at(-1)).toMatchObject({
      kind: 'parameters-set',
      version: 2,
    });
    expect(machine.engine.accounts.standing('trader').initialMargin).toBeGreaterThan(60_000);
    expect(change(machine, 1).at(-1)).toMatchObject({
      kind: 'parameters-rejected',
      code: 'parameters-version',
    });
    const legs = [{ market: 'A', size: '-100' }];
    const stale = { planId: 'old', account: 'trader', legs, liquidator: 'bot', parameters: 1 };
    expect(machine.engine.liquidate(stale, machine.time).at(-1)).toMatchObject({
      code: 'parameters-version',
    });
    expect(change(machine, 2, { mode: 'linear' }).at(-1)).toMatchObject({ version: 3 });
    expect(machine.engine.accounts.standing('trader').initialMargin).toBe(linear);
  });

  it('are refused where a rate falls with the notional, or the initial one is below maintenance', () => {
    const machine = hedged(60_000, {});
    const falling = [
      { above: 0, rate: 0.02 },
      { above: 1000, rate: 0.01 },
    ];
    const flat = [{ above: 0, rate: 0.01 }];
    for (const floor of [
      { initial: falling, maintenance: flat },
      { initial: flat, maintenance: [{ above: 0, rate: 0.02 }] },
    ])
      expect(change(machine, 1, { floors: { default: floor, markets: {} } }).at(-1)).toMatchObject({
        kind: 'parameters-rejected',
        code: 'invalid-input',
      });
  });
});
