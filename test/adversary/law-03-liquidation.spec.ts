import { describe, expect, it } from 'vitest';
import { ExchangeMachine, HOUR_MS, money, number } from '../support/exchange-machine.js';

/** Law 3: whoever is below maintenance is liquidated, whatever anybody sends. */
describe('executing a plan', () => {
  function under(rules = {}): ExchangeMachine {
    const machine = new ExchangeMachine(['A', 'B'], { volatility: 0.02, rules });
    machine.provide('lp', 10_000_000);
    machine.deposit('debtor', 30_000);
    machine.trade('debtor', { A: 2000, B: 2000 });
    machine.marks({ A: 95, B: 96 });
    expect(machine.engine.accounts.standing('debtor').liquidatable).toBe(true);
    return machine;
  }

  it('leaves out what the owner has closed, and executes the rest', () => {
    const machine = under();
    expect(machine.trade('debtor', { A: -2000 }).kind).toBe('trade-booked');
    const booked = machine
      .liquidate('debtor', { A: -1500, B: -5000 })
      .find(({ kind }) => kind === 'trade-booked');
    expect(booked).toMatchObject({ legs: [{ market: 'B', size: '-2000' }] });
    expect(machine.ledger.account('debtor').positions).toEqual([]);
    expect(machine.liquidate('debtor', { A: -1 }).at(-1)).toMatchObject({
      kind: 'trade-rejected',
      code: 'nothing-to-reduce',
    });
  });

  it('executes what can be traded where one market is silent', () => {
    const machine = under();
    machine.time += 4 * HOUR_MS;
    machine.engine.take({ market: 'A', price: '95', time: machine.time, sequence: 1e6 });
    expect(machine.engine.board.permits('B', 'liquidate')).toBe(false);
    const booked = machine
      .liquidate('debtor', { A: -2000, B: -2000 })
      .find(({ kind }) => kind === 'trade-booked');
    expect(booked).toMatchObject({ legs: [{ market: 'A', size: '-2000' }] });
  });

  it('closes dust at the last mark, in a silent market too', () => {
    const machine = new ExchangeMachine(['A', 'B'], { volatility: 0.02 });
    machine.provide('lp', 10_000_000);
    machine.deposit('debtor', 1);
    machine.trade('debtor', { B: 0.005 });
    machine.time += 4 * HOUR_MS;
    machine.engine.take({ market: 'A', price: '100', time: machine.time, sequence: 1e6 });
    const events = machine.liquidate('debtor', { B: '-0.005' });
    expect(events).toContainEqual(
      expect.objectContaining({ kind: 'dust-closed', market: 'B', size: '-0.005' }),
    );
    expect(machine.ledger.isOpen('B')).toBe(false);
    expect(machine.ledger.recount()).toBeUndefined();
  });

  it('books the penalty, to the pool, and no more than there is', () => {
    const machine = under({ liquidation: { penaltyRate: 0.01 } });
    machine.settle();
    const equity = machine.equity('debtor');
    const before = machine.ledger.capital + machine.ledger.liquidity;
    const booked = machine.liquidateAll('debtor').find(({ kind }) => kind === 'trade-booked');
    expect(booked).toMatchObject({ penalty: '3820' });
    expect(machine.ledger.totals.penalties).toBe(money(3820));
    // The pool has the loss of the trader, the penalty, and nothing that anybody lacks.
    expect(number(machine.ledger.capital + machine.ledger.liquidity - before)).toBeCloseTo(18_000 + 3820, 0);
    // A float of the equity is within a unit.
    expect(number(machine.ledger.cashOf('debtor'))).toBeLessThanOrEqual(equity - 3820 + 1e-8);
    const poor = under({ liquidation: { penaltyRate: 0.5 } });
    poor.liquidateAll('debtor');
    expect(poor.ledger.cashOf('debtor')).toBeGreaterThanOrEqual(0n);
    expect(poor.ledger.cashOf('debtor')).toBeLessThan(100n);
  });
});
