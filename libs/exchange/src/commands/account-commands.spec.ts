import { describe, expect, it } from 'vitest';
import { BOOK_EVENTS } from '../../../../test/support/book-events.js';
import { ExchangeMachine, HOUR_MS, money } from '../../../../test/support/exchange-machine.js';

/** x has 1,000 of cash and no position. */
function funded(rules: object = {}): ExchangeMachine {
  const machine = new ExchangeMachine(['A', 'B'], { rules });
  machine.provide('lp', 1_000_000);
  machine.deposit('x', 1000);
  return machine;
}
const refused = (code: string) => ({ kind: 'account-rejected', account: 'x', code });

describe('a deposit', () => {
  it('is of more than nothing', () => {
    const machine = funded();
    expect(machine.deposit('x', '0.00000001')).toMatchObject({
      kind: 'account-deposited',
      amount: '0.00000001',
    });
    for (const amount of ['0', '-1'])
      expect(machine.deposit('x', amount)).toMatchObject(refused('invalid-input'));
    expect(machine.ledger.cashOf('x')).toBe(money('1000.00000001'));
  });
});

describe('a withdrawal', () => {
  it('is of more than nothing, and of no more than is free; all of it is asked for by a word', () => {
    const machine = funded();
    for (const amount of ['0', '-1'])
      expect(machine.withdraw('x', amount)).toMatchObject(refused('invalid-input'));
    expect(machine.withdraw('x', '1000.00000001')).toMatchObject(refused('insufficient-margin'));
    expect(machine.withdraw('x', 'available')).toMatchObject({ kind: 'account-withdrawn', amount: '1000' });
    expect(machine.withdraw('x', 'available')).toMatchObject(refused('insufficient-margin'));
    expect(machine.withdraw('nobody', 'available')).toMatchObject({ code: 'insufficient-margin' });
  });

  it('leaves the initial margin; unrealised gains and averages above the mark are not paid out', () => {
    const machine = funded();
    machine.trade('x', { A: 100 });
    machine.marks({ A: 110 });
    const free = () => Number(machine.engine.accounts.withdrawable('x')) / 1e8;
    const { available } = machine.engine.accounts.standing('x');
    // 1,000 of gain less a premium and 550 of margin; the average of the second is 10 below the mark, 1,000 of the position.
    expect(available).toBeGreaterThan(1000);
    expect(free()).toBeCloseTo(available - 1000, 6);
    machine.wait(HOUR_MS);
    // The average has come to the mark: all cash but what the margin needs.
    const cash = Number(machine.ledger.cashOf('x')) / 1e8;
    const owed = Number(machine.ledger.account('x').fundingOwed) / 1e8;
    expect(free()).toBeCloseTo(Math.min(cash - owed, machine.engine.accounts.standing('x').available), 6);
    // Averages above the mark add nothing.
    machine.marks({ A: 99 });
    expect(free()).toBeCloseTo(machine.engine.accounts.standing('x').available, 6);
    expect(free()).toBeGreaterThan(100);
    machine.marks({ A: 80 });
    expect(free()).toBe(0);
  });

  it('waits while a mark of the account is not good enough', () => {
    const machine = funded();
    machine.trade('x', { A: 1 });
    machine.time += 4 * HOUR_MS;
    machine.engine.take({ market: 'B', price: '100', time: machine.time, sequence: 1e6 });
    expect(machine.withdraw('x', 1)).toMatchObject(refused('market-stale'));
    expect(machine.transfer('x', 'B', 1)).toMatchObject(refused('market-stale'));
  });
});

describe('a transfer', () => {
  it('moves collateral between a trader and an isolated position, and says what the account had', () => {
    const machine = funded();
    expect(machine.transfer('x', 'A', 300)).toMatchObject({
      ...{ kind: 'collateral-moved', from: 'x', to: 'x~A', amount: '300', equity: '1000' },
    });
    expect(machine.transfer('x', 'A', -100)).toMatchObject({
      ...{ kind: 'collateral-moved', from: 'x~A', to: 'x', amount: '100', equity: '300' },
    });
    expect([machine.ledger.cashOf('x'), machine.ledger.cashOf('x~A')]).toEqual([money(800), money(200)]);
  });

  it('is of some money that is free, to a market that is known', () => {
    const machine = funded();
    expect(machine.transfer('x', 'A', 0)).toMatchObject(refused('invalid-input'));
    expect(machine.transfer('x', 'Z', 1)).toMatchObject(refused('unknown-market'));
    // From what is not there nothing comes back, whatever its market is called.
    expect(machine.transfer('x', 'Z', -1)).toMatchObject(refused('insufficient-margin'));
    expect(machine.transfer('x', 'A', '1000.00000001')).toMatchObject(refused('insufficient-margin'));
    expect(machine.transfer('x', 'A', 1000).kind).toBe('collateral-moved');
  });
});

describe('a claim', () => {
  it('pays what is set aside for the account’s notes, and is refused while nothing is', () => {
    const machine = funded();
    const claim = (commandId: string) => machine.command({ kind: 'claim', commandId, account: 'x' });
    expect(claim('c1')).toMatchObject(refused('nothing-to-claim'));
    machine.ledger.apply({ ...BOOK_EVENTS['gains-cut'], at: machine.time, cuts: [['x', '8']] });
    expect(claim('c2')).toMatchObject({
      ...refused('nothing-to-claim'),
      reason: expect.stringContaining('for 8') as string,
    });
    const premia = { riskPremium: '6', liquidityPremium: '0' };
    machine.ledger.apply({
      ...BOOK_EVENTS['trade-booked'],
      at: machine.time,
      account: 'x',
      legs: [],
      ...premia,
    });
    machine.wait(25 * HOUR_MS);
    expect(claim('c3')).toMatchObject({ kind: 'note-paid', account: 'x', amount: '3', commandId: 'c3' });
    expect(claim('c4')).toMatchObject(refused('nothing-to-claim'));
  });
});

describe('accepting takeovers', () => {
  it('is for an account with money, of nothing or more, without a discount unless it is asked for', () => {
    const machine = funded();
    const accept = (account: string, notional: string, discount?: number) =>
      machine.command({
        ...{ kind: 'accept-takeovers', commandId: `${account}${notional}`, account, notional },
        ...(discount === undefined ? {} : { discount }),
      });
    expect(accept('x', '5')).toMatchObject({ kind: 'takeovers-accepted', notional: '5', discount: 0 });
    expect(accept('x', '6', 0.1)).toMatchObject({ notional: '6', discount: 0.1 });
    expect(accept('x', '0')).toMatchObject({ kind: 'takeovers-accepted', notional: '0' });
    expect(accept('x', '-1')).toMatchObject(refused('invalid-input'));
    expect(accept('nobody', '5')).toMatchObject({ code: 'unknown-account' });
  });
});

describe('a reservation', () => {
  const reserve = (
    machine: ExchangeMachine,
    commandId: string,
    legs: Record<string, string>,
    account = 'x',
  ) =>
    machine.command({
      ...{ kind: 'reserve', commandId, account },
      legs: Object.entries(legs).map(([market, size]) => ({ market, size })),
    });

  it('is for an order of something, in a market where positions may grow, by an account with money', () => {
    const machine = funded();
    expect(reserve(machine, 'r', { A: '0' })).toMatchObject({
      ...{ ...refused('invalid-input'), reason: expect.stringContaining('legs.0.size') as string },
    });
    expect(reserve(machine, 'r', { Z: '1' })).toMatchObject(refused('unknown-market'));
    expect(reserve(machine, 'r', { A: '1' }, 'nobody')).toMatchObject({ code: 'unknown-account' });
  });

  it('holds the margin that the order adds, the fee and how far a fill may be from the mark', () => {
    const machine = funded({
      fees: {
        default: { maker: 0, taker: 0.001 },
        accounts: { x: 0.5 },
        markets: { B: { maker: 0, taker: 0.002 } },
      },
    });
    // 1,000 at 5 % of margin, 2 % of deviation, half of a fee of 0.1 %.
    expect(reserve(machine, 'r1', { A: '10' })).toMatchObject({
      ...{ kind: 'margin-reserved', amount: '70.5', legs: [['A', '1000']] },
    });
    expect(reserve(machine, 'r2', { B: '-10' })).toMatchObject({ amount: '71', legs: [['B', '-1000']] });
    expect(machine.engine.accounts.standing('x')).toMatchObject({ available: 858.5, reserved: 141.5 });
    expect(machine.withdraw('x', '858.51')).toMatchObject(refused('insufficient-margin'));
    const more = reserve(machine, 'r3', { A: '200' });
    expect(more).toMatchObject(refused('insufficient-margin'));
    expect(reserve(machine, 'r4', { A: '1', B: '1' })).toMatchObject({
      legs: [
        ['A', '100'],
        ['B', '100'],
      ],
    });
  });

  it('pays nothing for a fee that is a rebate, and reserves a unit at least', () => {
    const rebate = { fees: { default: { maker: 0.002, taker: -0.001 }, largestDeviation: 0 } };
    const machine = funded(rebate);
    expect(reserve(machine, 'r1', { A: '10' })).toMatchObject({ amount: '50' });
    machine.trade('x', { B: 5 });
    expect(reserve(machine, 'r2', { B: '-5' })).toMatchObject({ amount: '0.00000001' });
  });

  it('is one of 256 at most', () => {
    const machine = funded({ fees: { largestDeviation: 0 } });
    machine.trade('x', { A: 5 });
    for (let i = 0; i < 256; i++) {
      const legs = [['A', '-0.01']] as const;
      machine.ledger.apply({
        ...BOOK_EVENTS['margin-reserved'],
        at: machine.time,
        commandId: `r${i}`,
        amount: '0.00000001',
        legs,
      });
      if (i === 254) expect(machine.ledger.reservationCount('x')).toBe(255);
    }
    expect(reserve(machine, 'last', { A: '-0.01' })).toMatchObject(refused('reservation'));
    const released = machine.command({ kind: 'release', commandId: 'c', account: 'x', reservationId: 'r7' });
    expect(released).toMatchObject({ kind: 'margin-released', reservationId: 'r7', amount: '0.00000001' });
    expect(reserve(machine, 'last', { A: '-0.01' }).kind).toBe('margin-reserved');
  });

  it('keeps to the limits of the account', () => {
    const machine = funded({ limits: { account: 500 } });
    expect(reserve(machine, 'r', { A: '5.01' })).toMatchObject(refused('notional-limit'));
    expect(reserve(machine, 'r', { A: '5' }).kind).toBe('margin-reserved');
  });
});
