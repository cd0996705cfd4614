import { describe, expect, it } from 'vitest';
import { cutOf, markParameters, payableWhileShared, shareOfGains } from '#lib/exchange';
import { ExchangeMachine, HOUR_MS, number } from '../support/exchange-machine.js';

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
      const { ledger } = machine;
      const claim = number(ledger.cashOf(account));
      const gain = number(ledger.gainOf(account, ledger.cashOf(account)));
      const paid = machine.withdraw(account, 'available', true);
      expect(paid.kind).toBe('account-withdrawn');
      return (claim - Number((paid as { amount: string }).amount)) / gain;
    });
    expect(x).toBeCloseTo(y, 9);
    expect(x).toBeLessThan(0.8);
    expect(paidOut(machine)).toBeLessThanOrEqual(37_000_000);
    expect(machine.ledger.netDeposits).toBeGreaterThanOrEqual(0n);
    // What is left of the shortfall is covered by premia that have not vested yet.
    const { shortfall, pendingToCapital, pendingToLiquidity } = machine.ledger;
    expect(shortfall).toBeLessThan(pendingToCapital + pendingToLiquidity + 10n);
    expect(machine.ledger.imbalance()).toBe(0n);
  });

  it('who has won nothing keeps all, and who has won keeps what it had before, as long as gains suffice for the loss', () => {
    const machine = insolvent();
    machine.deposit('idle', 100_000);
    machine.liquidateAll('loser');
    machine.settle();
    expect(machine.engine.solvency().insolvent).toBe(true);
    expect(machine.withdraw('idle', '40000')).toMatchObject({ kind: 'account-rejected', code: 'insolvent' });
    expect(machine.withdraw('idle', '40000', true)).toMatchObject({
      kind: 'account-withdrawn',
      amount: '40000',
    });
    expect(machine.withdraw('idle', 'available', true)).not.toHaveProperty('haircut');
    const { need, gains } = machine.engine.lossShare()!;
    expect(need).toBeLessThan(gains);
    machine.trade('x', { A: -450_000 });
    const cash = machine.ledger.cashOf('x');
    const gain = machine.ledger.gainOf('x', cash);
    const first = machine.withdraw('x', number(cash - gain) - 1, true);
    expect(first).not.toHaveProperty('haircut');
    // What it takes beyond that is of its gains, and pays their share of the loss.
    const more = machine.withdraw('x', 1_000_001, true) as unknown as { amount: string; haircut: string };
    expect(Number(more.haircut)).toBeCloseTo((1_000_000 * number(need)) / number(gains), 2);
    expect(machine.ledger.imbalance()).toBe(0n);
  });

  it('who leaves is paid from principal alone where gains do not suffice, pro rata', () => {
    const share = { at: 0, need: 150n, gains: 100n, principal: 200n };
    expect(payableWhileShared(share, { equity: 60n, gain: 20n }, 60n)).toBe(30n);
    expect(payableWhileShared(share, { equity: 20n, gain: 20n }, 20n)).toBe(0n);
    expect(payableWhileShared({ ...share, need: 300n }, { equity: 60n, gain: 20n }, 60n)).toBe(0n);
    expect(payableWhileShared({ ...share, need: 50n }, { equity: 60n, gain: 20n }, 60n)).toBe(50n);
    expect(cutOf(share, 60n, 20n)).toBe(30n);
    expect(cutOf({ ...share, need: 50n }, 60n, 20n)).toBe(10n);
    expect(cutOf({ ...share, need: 400n }, 60n, 20n)).toBe(60n);
    expect(shareOfGains(share)).toBe(1);
    expect(shareOfGains({ ...share, need: 25n })).toBe(0.25);
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

  it('a gain stays one wherever its owner keeps it: what was moved to an isolated position bears the loss with the rest', () => {
    const machine = insolvent();
    for (const account of ['x', 'y']) machine.trade(account, { A: -450_000 });
    machine.liquidateAll('loser');
    machine.settle();
    const gainOf = (account: string) =>
      machine.ledger.gainOf(account, machine.engine.accounts.exactEquity(account));
    const [won, cash] = [gainOf('x'), machine.ledger.cashOf('x')];
    expect(number(won)).toBeGreaterThan(20_000_000);
    // Its principal alone takes no gain along, all of it takes all.
    machine.transfer('x', 'B', number(cash - won));
    expect(gainOf('x~B')).toBe(0n);
    machine.transfer('x', 'B', number(machine.ledger.cashOf('x')));
    expect(machine.ledger.cashOf('x~B')).toBe(cash);
    expect(gainOf('x~B')).toBe(won);
    expect(gainOf('x')).toBe(0n);
    for (let minutes = 0; minutes < 62; minutes++) machine.wait(60_000);
    expect(machine.events.some(({ kind }) => kind === 'haircut-settled')).toBe(true);
    // Moved, it was principal: x lost 5.97 M and y 22.69 M of the same gain.
    const left = number(machine.ledger.cashOf('x~B'));
    expect(left).toBeCloseTo(number(machine.ledger.cashOf('y')), -6);
    expect(machine.ledger.recount()).toBeUndefined();
  });

  it('cuts of an isolated position are owed to its owner, who can claim them', () => {
    const machine = new ExchangeMachine(['A'], { volatility: 0.02 });
    machine.provide('lp', 1_000_000);
    for (const account of ['x', 'loser']) machine.deposit(account, 12_000_000);
    machine.transfer('x', 'A', 11_000_000);
    machine.trade('loser', { A: -450_000 });
    machine.trade('x', { A: 450_000 }, { margin: 'isolated' });
    machine.marks({ A: 155 });
    machine.liquidateAll('loser');
    for (let minutes = 0; minutes < 62; minutes++) machine.wait(60_000);
    expect(number(machine.ledger.notesOf('x').outstanding)).toBeGreaterThan(1_000_000);
    // No command can name it.
    expect(machine.ledger.notesOf('x~A').outstanding).toBe(0n);
    machine.deposit('z', 1_000_000);
    // The first income covers the rest of the shortfall, half of the second is set aside.
    for (let days = 0; days < 2; days++) {
      expect(machine.trade('z', { A: -1000 }).kind).toBe('trade-booked');
      machine.wait(25 * HOUR_MS);
      machine.settle();
    }
    expect(machine.ledger.notesOf('x').claimable).toBeGreaterThan(0n);
    const paid = machine.command({ kind: 'claim', commandId: 'claim', account: 'x' });
    expect(paid).toMatchObject({ kind: 'note-paid', account: 'x' });
  });

  it('nobody runs from a loss that a held-back price tells of: withdrawals wait until it is a mark, or refused', () => {
    const machine = new ExchangeMachine(['A', 'B'], {
      volatility: 0.02,
      parameters: { marks: markParameters({ maximumStepMs: 1e12 }) },
    });
    machine.provide('lp', 1_000_000);
    for (const account of ['x', 'flat']) machine.deposit(account, 12_000_000);
    machine.trade('x', { A: 450_000 });
    // Within what the pool can bear: nobody waits.
    machine.marks({ A: 101 });
    machine.marks({ A: 96 });
    expect(machine.engine.board.marks.held('A')).toBeDefined();
    expect(machine.withdraw('flat', 1000).kind).toBe('account-withdrawn');
    machine.marks({ A: 155 });
    expect(machine.engine.solvency().insolvent).toBe(false);
    // It took all of its 12 M while the others were left with 21.7 M too little.
    expect(machine.withdraw('flat', 'available')).toMatchObject({
      ...{ kind: 'account-rejected', code: 'loss-held-back' },
      reason: expect.stringContaining('price of A') as string,
    });
    machine.marks({ A: 101 });
    expect(machine.withdraw('flat', 1000).kind).toBe('account-withdrawn');
    for (let i = 0; i < 4; i++) machine.marks({ A: 155 }, 3000);
    expect(machine.engine.solvency().insolvent).toBe(true);
    expect(machine.withdraw('flat', 1000)).toMatchObject({ code: 'insolvent' });
  });

  it('gains and losses of an isolated position are its owner’s when it is closed', () => {
    const machine = new ExchangeMachine(['A', 'B'], { volatility: 0.02 });
    machine.provide('lp', 1_000_000);
    machine.deposit('x', 100_000);
    machine.trade('x', { B: -100 });
    machine.wait(1000);
    machine.marks();
    machine.transfer('x', 'A', 50_000);
    const gainOf = (account: string) =>
      number(machine.ledger.gainOf(account, machine.engine.accounts.exactEquity(account)));
    machine.trade('x', { A: 1000 }, { margin: 'isolated' });
    machine.marks({ A: 110 });
    const won = gainOf('x~A');
    expect(won).toBeGreaterThan(9000);
    machine.trade('x', { A: -1000 }, { margin: 'isolated' });
    expect(machine.ledger.hasAccount('x~A')).toBe(false);
    const gain = gainOf('x');
    expect(gain).toBeGreaterThan(won - 200);
    machine.transfer('x', 'A', 50_000);
    machine.trade('x', { A: 1000 }, { margin: 'isolated' });
    machine.marks({ A: 105 });
    machine.trade('x', { A: -1000 }, { margin: 'isolated' });
    expect(gainOf('x')).toBeLessThan(gain - 4900);
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
