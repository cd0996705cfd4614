import { describe, expect, it } from 'vitest';
import { ExchangeMachine, number } from '../support/exchange-machine.js';

/** Law 9: funding keeps its full precision per unit of size, however small the net; law 10: a premium is collected or not booked. */
describe('funding and premia', () => {
  const charged = (long: string, short: string) => {
    const machine = new ExchangeMachine(['A', 'B'], { correlation: 0.9 });
    machine.provide('lp', 1_000_000);
    for (const account of ['whale', 'x', 'y']) machine.deposit(account, 100_000_000);
    // The book is long B, so that A, which moves with it, has a funding rate whatever its own net.
    machine.trade('whale', { B: 20_000 });
    machine.trade('x', { A: long });
    machine.trade('y', { A: short });
    const before = ['x', 'y'].map((account) => machine.equity(account));
    for (let i = 0; i < 24 * 60; i++) machine.wait(60_000);
    return ['x', 'y'].map((account, i) => before[i] - machine.equity(account));
  };

  it('1000.00000001 against 1000 is charged what 1001 against 1000 is, a unit: not 0', () => {
    const [long, short] = charged('1000.00000001', '-1000');
    const [reference] = charged('1001', '-1000');
    expect(reference).toBeGreaterThan(10);
    expect(long / 1000).toBeCloseTo(reference / 1001, 3);
    expect(short).toBeCloseTo(-long, 4);
  });

  it('and so is a market whose longs and shorts cancel exactly', () => {
    const [long, short] = charged('1000', '-1000');
    const [nearly] = charged('1000.00000001', '-1000');
    expect(long / nearly).toBeCloseTo(1, 5);
    // Payments of longs go to the shorts, but for the rounding, which is the pool's.
    expect(long + short).toBeGreaterThanOrEqual(-1e-6);
  });

  it('a bankrupt’s closing credits no premium that it cannot pay', () => {
    const machine = new ExchangeMachine();
    machine.provide('lp', 10_000_000);
    machine.deposit('poor', 20_000);
    machine.deposit('rich', 100_000_000);
    expect(machine.trade('poor', { A: 1_000 }).kind).toBe('trade-booked');
    machine.trade('rich', { A: -50_000 });
    machine.marks({ A: 75 });
    machine.engine.settleTime();
    const debt = -machine.equity('poor');
    expect(debt).toBeGreaterThan(0);
    const pending = machine.ledger.pendingToCapital + machine.ledger.pendingToLiquidity;
    const events = machine.liquidateAll('poor');
    expect(events).toMatchObject([
      { kind: 'trade-booked', riskPremium: '0', liquidityPremium: '0' },
      { kind: 'bankruptcy-settled' },
    ]);
    expect(machine.ledger.pendingToCapital + machine.ledger.pendingToLiquidity).toBe(pending);
    // The pool bears the debt, and no premium on top.
    expect(number(machine.ledger.totals.bankruptcies)).toBeCloseTo(debt, 5);
  });
});
