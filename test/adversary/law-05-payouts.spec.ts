import { describe, expect, it } from 'vitest';
import { ExchangeMachine, number } from '../support/exchange-machine.js';

/** The pool of 1 M has lost more than it has: longs have won 50 M, and the shorts have 10 M to pay it with. */
function insolvent(): ExchangeMachine {
  const machine = new ExchangeMachine(['A', 'B'], { volatility: 0.02 });
  machine.provide('lp', 1_000_000);
  for (const account of ['x', 'y', 'loser']) machine.deposit(account, 12_000_000);
  machine.trade('loser', { A: -900_000 });
  machine.trade('x', { A: 450_000 });
  machine.trade('y', { A: 450_000 });
  machine.marks({ A: 155 });
  return machine;
}

const paidOut = (machine: ExchangeMachine) =>
  machine.events.reduce(
    (sum, event) => sum + (event.kind === 'account-withdrawn' ? Number(event.amount) : 0),
    0,
  );

/** Law 5: payouts never exceed deposits; while there is a shortfall payouts are pro rata. */
describe('payouts of an insolvent exchange', () => {
  it('who is first is paid no more than who is last, and no more than there is', () => {
    const machine = insolvent();
    for (const account of ['x', 'y']) machine.trade(account, { A: -450_000 });
    machine.liquidateAll('loser');
    expect(machine.ledger.shortfall).toBeGreaterThan(0n);
    expect(machine.engine.solvency().insolvent).toBe(true);
    // Nothing is cut without the owner's word.
    expect(machine.withdraw('x', 'available')).toMatchObject({ kind: 'account-rejected', code: 'insolvent' });
    const [x, y] = ['x', 'y'].map((account) => {
      const claim = number(machine.ledger.cashOf(account));
      const paid = machine.withdraw(account, 'available', true);
      expect(paid.kind).toBe('account-withdrawn');
      return Number((paid as { amount: string }).amount) / claim;
    });
    expect(x).toBeCloseTo(y, 9);
    expect(x).toBeGreaterThan(0.3);
    expect(paidOut(machine)).toBeLessThanOrEqual(37_000_000);
    expect(machine.ledger.netDeposits).toBeGreaterThanOrEqual(0n);
    expect(machine.ledger.shortfall).toBeLessThan(10n);
    expect(machine.ledger.imbalance()).toBe(0n);
  });

  it('nothing is paid that a debt which is not settled yet has to cover', () => {
    const machine = insolvent();
    machine.trade('x', { A: -450_000 });
    machine.withdraw('x', 'available', true);
    machine.trade('y', { A: -450_000 });
    machine.withdraw('y', 'available', true);
    expect(machine.ledger.netDeposits).toBeGreaterThanOrEqual(0n);
    machine.liquidateAll('loser');
    for (const account of ['x', 'y']) machine.withdraw(account, 'available', true);
    expect(paidOut(machine)).toBeLessThanOrEqual(37_000_000);
    expect(machine.ledger.netDeposits).toBeGreaterThanOrEqual(0n);
  });

  it('positions can only be made smaller, and providers neither come nor go', () => {
    const machine = insolvent();
    machine.trade('x', { A: -450_000 });
    machine.trade('y', { A: -200_000 });
    machine.liquidateAll('loser');
    expect(machine.trade('y', { B: 1 })).toMatchObject({ kind: 'trade-rejected', code: 'insolvent' });
    expect(machine.trade('y', { A: -300_000 })).toMatchObject({ code: 'insolvent' });
    expect(machine.trade('y', { A: -100 }).kind).toBe('trade-booked');
    machine.provide('new', 1_000);
    machine.marks();
    expect(machine.ledger.sharesOf('new')).toBe(0n);
  });

  it('what is missing is measured at marks, before anybody realises it', () => {
    const machine = new ExchangeMachine(['A'], { volatility: 0.02 });
    machine.provide('lp', 1_000_000);
    machine.deposit('x', 12_000_000);
    machine.trade('x', { A: 450_000 });
    machine.marks({ A: 155 });
    expect(machine.ledger.shortfall).toBe(0n);
    expect(machine.engine.solvency().insolvent).toBe(true);
    expect(machine.trade('x', { A: 1 })).toMatchObject({ code: 'insolvent' });
    machine.marks({ A: 100 });
    expect(machine.engine.solvency().insolvent).toBe(false);
  });
});
