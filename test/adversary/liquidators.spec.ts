import { describe, expect, it } from 'vitest';
import { largestPenalty, penaltyRate } from '#lib/margin';
import { ExchangeMachine, number } from '../support/exchange-machine.js';

/** An account below its maintenance margin by a little, and a bot with money. */
function under(): ExchangeMachine {
  const machine = new ExchangeMachine(['A', 'B'], { volatility: 0.01 });
  machine.provide('lp', 5_000_000);
  machine.wait(1000);
  machine.deposit('debtor', 22_000);
  machine.deposit('bot', 100_000);
  accept(machine, 'bot', 100_000, -0.01);
  machine.trade('debtor', { A: 2000, B: 2000 });
  machine.marks({ A: 97, B: 98 });
  expect(machine.engine.accounts.standing('debtor').liquidatable).toBe(true);
  return machine;
}

let accepted = 0;
function accept(machine: ExchangeMachine, account: string, notional: number, discount?: number): void {
  const command = { kind: 'accept-takeovers', account, commandId: `accept-${++accepted}` } as const;
  const event = machine.command({
    ...{ ...command, notional: String(notional) },
    ...(discount === undefined ? {} : { discount }),
  });
  expect(event).toMatchObject({ kind: 'takeovers-accepted', account });
}

describe('liquidators', () => {
  it('are paid half the penalty of the plan, the reserve the other half, and never more than the account can bear', () => {
    const machine = under();
    const { maintenanceMargin, notional } = machine.engine.accounts.standing('debtor');
    const largest = largestPenalty(maintenanceMargin, notional);
    expect(largest).toBeCloseTo(0.0075, 12);
    const bot = machine.ledger.cashOf('bot');
    const events = machine.liquidate('debtor', { A: -500 }, { penaltyRate: penaltyRate(largest, 12) });
    // 48,500 closed at 0.36 %.
    const fee = 48_500 * (0.001 + (0.0065 * 2) / 6);
    const booked = events.find(({ kind }) => kind === 'trade-booked');
    expect(booked).toMatchObject({ liquidator: 'bot' });
    expect(number(machine.ledger.cashOf('bot') - bot)).toBeCloseTo(fee / 2, 6);
    expect(number(machine.ledger.creditReserve)).toBeCloseTo(fee / 2, 6);
    // A plan that asks for more is paid a quarter of the maintenance margin.
    const before = machine.ledger.cashOf('bot');
    machine.liquidate('debtor', { B: -100 }, { penaltyRate: 0.01 });
    expect(number(machine.ledger.cashOf('bot') - before)).toBeLessThanOrEqual((9800 * 0.0076) / 2);
    expect(machine.ledger.recount()).toBeUndefined();
  });

  it('are paid out of the credit reserve for an account that has nothing left, as far as the reserve goes', () => {
    const machine = under();
    machine.liquidate('debtor', { A: -500 }, { penaltyRate: 0.0075 });
    const reserve = machine.ledger.creditReserve;
    expect(reserve).toBeGreaterThan(0n);
    machine.marks({ A: 80, B: 80 });
    expect(machine.equity('debtor')).toBeLessThan(0);
    const bot = machine.ledger.cashOf('bot');
    // 120,000 at five basis points: 60.
    const events = machine.liquidate('debtor', { A: -1500 }, { penaltyRate: 0.0075 });
    expect(events.find(({ kind }) => kind === 'trade-booked')).toMatchObject({
      ...{ liquidator: 'bot', fromReserve: '60', toLiquidator: '0' },
    });
    expect(number(machine.ledger.cashOf('bot') - bot)).toBeCloseTo(60, 8);
    expect(machine.ledger.recount()).toBeUndefined();
    expect(machine.ledger.imbalance()).toBe(0n);
    // A liquidator paid a part of others' loss takes no more than there is.
    const left = machine.ledger.creditReserve;
    machine.liquidate('debtor', { B: -2000 }, { penaltyRate: 0.0075 });
    expect(machine.ledger.creditReserve).toBeLessThanOrEqual(left);
    expect(machine.ledger.creditReserve).toBeGreaterThanOrEqual(0n);
  });

  it('take positions over at prices of their own, within the penalty: no leg of the pool, no premium', () => {
    const machine = under();
    const pool = machine.ledger.market('A');
    machine.settle();
    const equity = machine.equity('debtor');
    const [booked] = machine
      .liquidate('debtor', { A: -500 }, { penaltyRate: 0.004, prices: ['96.7'] })
      .filter(({ kind }) => kind === 'match-booked');
    expect(booked).toMatchObject({ kind: 'match-booked' });
    expect(machine.ledger.market('A').size).toBe(pool.size);
    expect(machine.equity('debtor')).toBeCloseTo(equity - 500 * 0.3, 6);
    expect(machine.equity('bot')).toBeCloseTo(100_000 + 500 * 0.3, 6);
    expect(machine.ledger.position('bot', 'A').size).toBe(500n * 10n ** 8n);
    expect(machine.ledger.totals.riskPremia + machine.ledger.totals.liquidityPremia).toBeGreaterThanOrEqual(
      0n,
    );
    const refused = (offer: object, code: string) => {
      expect(
        machine.liquidate('debtor', { A: -500 }, { penaltyRate: 0.004, prices: ['96.7'], ...offer }).at(-1),
      ).toMatchObject({ kind: 'trade-rejected', code });
    };
    refused({ prices: ['96.5'] }, 'liquidation-price');
    refused({ prices: ['90'] }, 'match-price');
    refused({ penaltyRate: 0.001 }, 'liquidation-price');
    refused({ liquidator: 'debtor' }, 'invalid-input');
    machine.deposit('poor', 1);
    accept(machine, 'poor', 1_000_000);
    refused({ liquidator: 'poor' }, 'insufficient-margin');
    refused({ prices: [] }, 'invalid-input');
    expect(machine.ledger.recount()).toBeUndefined();
  });

  it('pass nothing to an account that has not accepted it, or at prices and to an amount that it has not', () => {
    const machine = under();
    machine.deposit('victim', 100_000);
    const report = (liquidator: string, price: string, size = -500) =>
      machine.liquidate('debtor', { A: size }, { penaltyRate: 0.004, prices: [price], liquidator }).at(-1)!;
    const refused = { kind: 'trade-rejected', code: 'takeover-not-accepted' };
    // Whoever reports names whom it likes: money alone is no consent.
    expect(report('victim', '97')).toMatchObject(refused);
    expect(machine.ledger.hasPositions('victim')).toBe(false);
    accept(machine, 'victim', 40_000);
    expect(report('victim', '97')).toMatchObject(refused);
    // 412 at 97 are 39,964. Dearer than the marks it takes none, where it has not said otherwise.
    expect(report('victim', '97.01', -412)).toMatchObject(refused);
    expect(machine.ledger.hasPositions('victim')).toBe(false);
    expect(report('victim', '97', -412)).toMatchObject({ kind: 'match-booked' });
    expect(number(machine.ledger.takeoversOf('victim').notional)).toBe(36);
    // Used up: neither the rest nor the same again is passed to it.
    expect(report('victim', '97', -1)).toMatchObject(refused);
    accept(machine, 'victim', 40_000, 0.002);
    expect(report('victim', '96.9', -10)).toMatchObject(refused);
    expect(report('victim', '96.8', -10)).toMatchObject({ kind: 'match-booked' });
    accept(machine, 'victim', 0);
    expect(report('victim', '96.8', -10)).toMatchObject(refused);
    // A snapshot keeps the word.
    accept(machine, 'victim', 1234.5, 0.001);
    const restored = machine.restored(machine.ledger.snapshot());
    expect(restored.takeoversOf('victim')).toEqual({ notional: 123_450_000_000n, discount: 0.001 });
    expect(machine.restored().takeoversOf('victim').notional).toBe(0n);
  });

  it('take over at prices that the account pays, not the pool: one that has nothing left is taken over at the marks', () => {
    const machine = under();
    accept(machine, 'bot', 1_000_000, -0.02);
    machine.deposit('bot', 900_000);
    machine.marks({ A: 94, B: 94 });
    machine.settle();
    const debt = machine.equity('debtor');
    expect(debt).toBeLessThan(0);
    const all = { A: -2000, B: -2000 };
    const at = (price: string) =>
      machine.liquidate('debtor', all, { penaltyRate: 0.0075, prices: [price, price] });
    // The pool would have borne 2,820 for it, beside the debt.
    expect(at('93.295').at(-1)).toMatchObject({ kind: 'trade-rejected', code: 'liquidation-price' });
    const events = at('94');
    expect(events[0]).toMatchObject({ kind: 'match-booked' });
    const borne = events.find((event) => event.kind === 'bankruptcy-settled');
    expect(Number(borne?.loss)).toBeCloseTo(-debt, 4);
  });

  it('leave an account that has a little left no debt: its prices cost what it has at most', () => {
    const machine = under();
    accept(machine, 'bot', 1_000_000, -0.02);
    machine.deposit('bot', 900_000);
    machine.marks({ A: 95, B: 95 });
    machine.settle();
    const left = machine.equity('debtor');
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThan(2000);
    const at = (cost: number) => {
      const price = (95 - cost / 4000).toFixed(8);
      const offer = { penaltyRate: 0.0075, prices: [price, price] };
      return machine.liquidate('debtor', { A: -2000, B: -2000 }, offer);
    };
    expect(at(left + 1).at(-1)).toMatchObject({ code: 'liquidation-price' });
    const events = at(left - 1);
    expect(events[0]).toMatchObject({ kind: 'match-booked' });
    expect(events.some(({ kind }) => kind === 'bankruptcy-settled')).toBe(false);
  });

  it('cannot accept for an account that is not there, nor less than nothing', () => {
    const machine = under();
    const asked = (account: string, notional: string) =>
      machine.command({ kind: 'accept-takeovers', account, commandId: `${account}-${notional}`, notional });
    expect(asked('nobody', '5')).toMatchObject({ kind: 'account-rejected', code: 'unknown-account' });
    expect(asked('bot', '-5')).toMatchObject({ kind: 'account-rejected', code: 'invalid-input' });
    expect(machine.ledger.takeoversOf('nobody').notional).toBe(0n);
  });

  it('pay better prices to the account, and what one market gives is not set against another', () => {
    const machine = under();
    machine.settle();
    const equity = machine.equity('debtor');
    const booked = machine.liquidate('debtor', { A: -500 }, { penaltyRate: 0.001, prices: ['97.5'] });
    expect(booked.some(({ kind }) => kind === 'match-booked')).toBe(true);
    expect(machine.equity('debtor')).toBeCloseTo(equity + 250, 6);
    expect(
      machine
        .liquidate('debtor', { A: -500, B: -500 }, { penaltyRate: 0.001, prices: ['98', '97.5'] })
        .at(-1),
    ).toMatchObject({ code: 'liquidation-price' });
  });
});
