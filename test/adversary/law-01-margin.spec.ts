import { describe, expect, it } from 'vitest';
import { ExchangeMachine } from '../support/exchange-machine.js';

/** Law 1: after every command each account it touches has its initial margin, or the command lowered its risk. */
describe('legs and limits', () => {
  const funded = (cash: number, rules = {}) => {
    const machine = new ExchangeMachine(['A', 'B'], { rules });
    machine.provide('lp', 10_000_000);
    machine.deposit('thief', cash);
    return machine;
  };

  it('64 legs that each seem to reduce open nothing: they are one trade of their sum', () => {
    const machine = funded(100);
    // 100 of cash carry 2,000 of notional at 5 %; a position of 10 is 1,000.
    expect(machine.trade('thief', { A: 10 }).kind).toBe('trade-booked');
    const legs = Array.from({ length: 64 }, () => ['A', -10] as const);
    const answer = machine.trade('thief', legs);
    expect(answer).toMatchObject({ kind: 'trade-rejected', code: 'insufficient-margin' });
    expect(machine.ledger.position('thief', 'A').size).toBe(10_00000000n);
    const turned = Array.from({ length: 63 }, () => ['A', -2] as const);
    expect(machine.trade('thief', turned)).toMatchObject({ kind: 'trade-rejected' });
  });

  it('legs of one market are priced as their sum', () => {
    const [one, parts] = [funded(1_000_000), funded(1_000_000)];
    const whole = one.trade('thief', { A: 1000 });
    const split = parts.trade('thief', [
      ['A', 5000],
      ['A', -4000],
    ]);
    expect(split).toMatchObject({
      kind: 'trade-booked',
      legs: [{ market: 'A', size: '1000' }],
      riskPremium: (whole as { riskPremium: string }).riskPremium,
    });
    expect(
      parts.trade('thief', [
        ['B', 1],
        ['B', -1],
      ]),
    ).toMatchObject({ code: 'invalid-input' });
  });

  it('a trade is limited by all its legs, an account and a market by all they hold', () => {
    const limits = { trade: 1000, account: 1500, market: 2000 };
    const machine = funded(1_000_000, { limits });
    machine.deposit('other', 1_000_000);
    const refused = { kind: 'trade-rejected', code: 'notional-limit' };
    expect(machine.trade('thief', { A: 6, B: -6 })).toMatchObject(refused);
    expect(machine.trade('thief', { A: 10 }).kind).toBe('trade-booked');
    expect(machine.trade('thief', { B: 6 })).toMatchObject(refused);
    expect(machine.trade('thief', { B: 5 }).kind).toBe('trade-booked');
    expect(machine.trade('other', { A: 10 }).kind).toBe('trade-booked');
    machine.deposit('third', 1_000_000);
    expect(machine.trade('third', { A: 1 })).toMatchObject(refused);
    // The other side grows no open interest.
    expect(machine.trade('third', { A: -1 }).kind).toBe('trade-booked');
    // A reduction is taken, also past the limits.
    expect(machine.trade('thief', { A: -10 }).kind).toBe('trade-booked');
  });

  it('linear margin counts the open interest that the trade itself makes, alone or in a match', () => {
    const machine = new ExchangeMachine(['A', 'B'], {
      rules: { credit: { poolShare: 0.01, accountShare: null } },
    });
    machine.provide('lp', 1_000_000);
    for (const account of ['a', 'b', 'c', 'd']) machine.deposit(account, 20_000);
    // 10 % of the hour's widest move would be due past an interest of 10,000 a share of K; 5 % are without one.
    const lacks = (account: string) => machine.engine.accounts.standing(account).available < 0;
    machine.trade('a', { A: 3900 });
    expect(machine.ledger.hasPositions('a')).toBe(false);
    const fill = (buyer: string, seller: string) => ({
      ...{ buyer, seller, market: 'A', size: '1900', price: '100', maker: 'buyer' as const },
    });
    const matched = machine.match({
      ...{ matchId: 'm', releases: [], pool: [] },
      fills: [fill('a', 'b'), fill('c', 'd')],
    });
    for (const account of ['a', 'b', 'c', 'd']) expect(lacks(account), account).toBe(false);
    expect(matched).toMatchObject({ kind: 'match-rejected', code: 'insufficient-margin' });
  });

  it('an account below its initial margin closes, and opens nothing', () => {
    const machine = funded(800);
    expect(machine.trade('thief', { A: 100 }).kind).toBe('trade-booked');
    machine.marks({ A: 98 });
    // Equity 600 less the premium of 200, initial margin 490: between the two margins.
    const { equity, initialMargin, maintenanceMargin } = machine.engine.accounts.standing('thief');
    expect(equity).toBeLessThan(initialMargin);
    expect(equity).toBeGreaterThan(maintenanceMargin);
    expect(machine.trade('thief', { A: 1 })).toMatchObject({ code: 'insufficient-margin' });
    expect(machine.trade('thief', { B: 0.1 })).toMatchObject({ code: 'insufficient-margin' });
    expect(machine.trade('thief', { A: -201 })).toMatchObject({ code: 'insufficient-margin' });
    expect(machine.withdraw('thief', 1)).toMatchObject({ code: 'insufficient-margin' });
    expect(machine.transfer('thief', 'B', 1)).toMatchObject({ code: 'insufficient-margin' });
    expect(machine.trade('thief', { A: -40 }).kind).toBe('trade-booked');
    expect(machine.trade('thief', { A: -60 }).kind).toBe('trade-booked');
    expect(machine.ledger.account('thief').positions).toEqual([]);
  });
});
