import { describe, expect, it } from 'vitest';
import type { MatchPayload } from '#lib/messages';
import { BOOK_EVENTS } from '../../../../test/support/book-events.js';
import { ExchangeMachine, money } from '../../../../test/support/exchange-machine.js';
import type { BookEvent, MatchBooked } from '../book/book-event.js';

function machine(rules: object = {}): ExchangeMachine {
  const made = new ExchangeMachine(['A', 'B'], { volatility: 0.02, rules });
  made.provide('lp', 1_000_000);
  made.wait(1000);
  for (const account of ['a', 'b', 'c', 'd']) made.deposit(account, 10_000);
  return made;
}
let count = 0;
const match = (made: ExchangeMachine, part: Partial<MatchPayload>): BookEvent =>
  made.match({ matchId: `m${++count}`, fills: [], pool: [], releases: [], ...part });
const fill = (
  buyer: string,
  seller: string,
  size: string,
  price: string,
  maker: 'buyer' | 'seller' = 'seller',
  market = 'A',
) => ({
  ...{ buyer, seller, size, price, maker, market },
});
const fees = (made: ExchangeMachine, ...fills: readonly ReturnType<typeof fill>[]) =>
  Object.fromEntries(
    (match(made, { fills: [...fills] }) as MatchBooked).accounts.map(({ account, fee }) => [account, fee]),
  );

describe('a match', () => {
  it('is booked with its sides, legs and accounts as they come', () => {
    const made = machine();
    const event = match(made, {
      ...{
        matchId: 'm',
        by: 'a',
        fills: [fill('a', 'b', '2', '101'), fill('b', 'c', '1', '99', 'buyer', 'B')],
      },
      releases: [{ account: 'd', reservationId: 'r' }],
    });
    const nothing = { fee: '0', riskPremium: '0', liquidityPremium: '0' };
    expect(event).toEqual({
      ...{ kind: 'match-booked', at: made.time, matchId: 'm', by: 'a', feeAccount: 'fees', forecastId: 'f1' },
      accounts: [
        { account: 'a', legs: [{ market: 'A', size: '2', price: '101' }], ...nothing },
        {
          account: 'b',
          legs: [
            { market: 'A', size: '-2', price: '101' },
            { market: 'B', size: '1', price: '99' },
          ],
          ...nothing,
        },
        { account: 'c', legs: [{ market: 'B', size: '-1', price: '99' }], ...nothing },
        { account: 'd', legs: [], ...nothing, releases: ['r'] },
      ],
    });
    expect(match(made, { fills: [fill('a', 'b', '1', '100')] })).not.toHaveProperty('by');
    const rejected = match(made, { by: 'a', fills: [fill('a', 'a', '1', '100')] });
    expect(rejected).toMatchObject({
      kind: 'match-rejected',
      by: 'a',
      code: 'invalid-input',
      reason: expect.stringContaining('fills.0.seller') as string,
    });
    expect(match(made, { fills: [fill('a', 'a', '1', '100')] })).not.toHaveProperty('by');
  });

  it('is at prices near the marks, of sizes above nothing', () => {
    const code = (size: string, price: string) =>
      (match(machine(), { fills: [fill('a', 'b', size, price)] }) as { code?: string }).code;
    const within = ['102', '98', '101.999', '98.001'].map((price) => code('1', price));
    expect(within).toEqual([undefined, undefined, undefined, undefined]);
    expect([code('1', '102.001'), code('1', '97.999'), code('0', '100'), code('-1', '100')]).toEqual([
      ...['match-price', 'match-price', 'invalid-input', 'invalid-input'],
    ]);
    expect(match(machine(), { pool: [{ account: 'a', market: 'A', size: '0' }] })).toMatchObject({
      code: 'invalid-input',
    });
    expect(match(machine(), {})).toMatchObject({ code: 'invalid-input' });
  });

  it('pays maker’s and taker’s fees of its market, by the account’s tier, rounded up; a rebate is no larger than the other’s fee', () => {
    const schedule = {
      fees: {
        default: { maker: 0.0001, taker: 0.0003 },
        markets: { B: { maker: -0.0001, taker: 0.0002 } },
        accounts: { a: 0.5 },
      },
    };
    expect(fees(machine(schedule), fill('b', 'c', '10', '100'))).toEqual({ b: '0.3', c: '0.1' });
    expect(fees(machine(schedule), fill('b', 'c', '10', '100', 'buyer'))).toEqual({ b: '0.1', c: '0.3' });
    expect(fees(machine(schedule), fill('a', 'c', '10', '100'))).toEqual({ a: '0.15', c: '0.1' });
    // A rebate is not a tier’s: half of it would be the exchange’s.
    expect(fees(machine(schedule), fill('b', 'a', '10', '100', 'seller', 'B'))).toEqual({
      b: '0.2',
      a: '-0.1',
    });
    expect(fees(machine(schedule), fill('a', 'b', '10', '100', 'seller', 'B'))).toEqual({
      a: '0.1',
      b: '-0.1',
    });
    // Half of a fee of 0.12 does not pay a rebate of 0.1.
    const small = { fees: { ...schedule.fees, markets: { B: { maker: -0.0001, taker: 0.00012 } } } };
    expect(fees(machine(small), fill('a', 'b', '10', '100', 'seller', 'B'))).toEqual({
      a: '0.06',
      b: '-0.06',
    });
    // A notional of a unit and a half is two, and a fee of it is a unit.
    expect(fees(machine(schedule), fill('b', 'c', '0.00000001', '100'))).toEqual({
      b: '0.00000001',
      c: '0.00000001',
    });
    // Two fills of one account add up.
    expect(fees(machine(schedule), fill('b', 'c', '10', '100'), fill('b', 'd', '10', '100'))).toEqual({
      b: '0.6',
      c: '0.1',
      d: '0.1',
    });
  });

  it('needs the initial margin of each side, with its fee; releases free what orders held', () => {
    const made = machine({ fees: { default: { maker: 0, taker: 0.001 } } });
    made.deposit('poor', 55);
    const buy = (size: string, releases: MatchPayload['releases'] = []) =>
      (match(made, { fills: [fill('poor', 'a', size, '100')], releases }) as { code?: string }).code;
    // 5 % of margin and 0.1 % of fee: 55 carry 1,078.
    expect([buy('10.79'), buy('10.78')]).toEqual(['insufficient-margin', undefined]);
    made.deposit('poor', 51);
    made.ledger.apply({
      ...BOOK_EVENTS['margin-reserved'],
      at: made.time,
      account: 'poor',
      commandId: 'r',
      amount: '40',
    });
    expect([buy('5'), buy('5', [{ account: 'poor', reservationId: 'r' }])]).toEqual([
      'insufficient-margin',
      undefined,
    ]);
  });

  it('is refused where who closes cannot pay the fee, and taken where it only makes positions smaller', () => {
    const made = machine({ fees: { default: { maker: 0, taker: 0.001 } } });
    made.deposit('poor', 60);
    match(made, { fills: [fill('poor', 'a', '10', '100')] });
    made.marks({ A: 96 });
    // 19 are left: below the initial margin of 48 and the maintenance margin of 28.8.
    expect(made.engine.accounts.standing('poor')).toMatchObject({ equity: 19, liquidatable: true });
    const sell = (size: string, price = '96') =>
      (match(made, { fills: [fill('a', 'poor', size, price, 'buyer')] }) as { code?: string }).code;
    expect(match(made, { fills: [fill('poor', 'a', '1', '96')] })).toMatchObject({
      code: 'insufficient-margin',
    });
    // 1.9 worse than the mark a unit: all that it has, and no fee.
    expect(sell('10', '94.1')).toBe('insufficient-margin');
    expect(sell('5')).toBeUndefined();
    expect(sell('5')).toBeUndefined();
    expect(made.ledger.hasPositions('poor')).toBe(false);
    expect(Number(made.ledger.cashOf('poor')) / 1e8).toBeCloseTo(19 - 0.96, 6);
  });

  it('opens nothing in a market where positions can only be reduced', () => {
    const made = machine();
    match(made, { fills: [fill('a', 'b', '10', '100')] });
    made.engine.board.marks.setMode('A', 'reduce-only');
    const code = (buyer: string, seller: string, size: string) =>
      (match(made, { fills: [fill(buyer, seller, size, '100')] }) as { code?: string }).code;
    expect([code('a', 'c', '1'), code('c', 'a', '1'), code('b', 'a', '11'), code('b', 'a', '10')]).toEqual([
      ...['market-reduce-only', 'market-reduce-only', 'market-reduce-only', undefined],
    ]);
  });

  it('is limited like a trade: each account, and its legs against the pool together', () => {
    const made = machine({ limits: { trade: 1000, account: 1500, market: 1e9 } });
    const code = (part: Partial<MatchPayload>) => (match(made, part) as { code?: string }).code;
    const pool = (account: string, market: string, size: string) => ({ account, market, size });
    expect(code({ fills: [fill('a', 'b', '15.01', '100')] })).toBe('notional-limit');
    expect(code({ pool: [pool('a', 'A', '6'), pool('b', 'B', '-4.01')] })).toBe('notional-limit');
    expect(code({ fills: [fill('a', 'b', '15', '100')] })).toBeUndefined();
    // Legs of one market that cancel are no trade with the pool.
    expect(code({ pool: [pool('c', 'A', '12'), pool('d', 'A', '-12')] })).toBeUndefined();
    expect(code({ pool: [pool('c', 'B', '2'), pool('d', 'B', '-1')] })).toBeUndefined();
  });
});

describe('a match while the exchange cannot pay everybody', () => {
  it('makes positions smaller, and no other', () => {
    const made = machine();
    match(made, { fills: [fill('a', 'b', '100', '100')] });
    made.ledger.apply({ ...BOOK_EVENTS['bankruptcy-settled'], at: made.time, account: 'z', loss: '2000000' });
    made.marks();
    expect(made.engine.solvency().insolvent).toBe(true);
    const code = (buyer: string, seller: string, size: string) =>
      (match(made, { fills: [fill(buyer, seller, size, '100')] }) as { code?: string }).code;
    expect([code('c', 'd', '1'), code('c', 'a', '1'), code('b', 'a', '101'), code('b', 'a', '100')]).toEqual([
      ...['insolvent', 'insolvent', 'insolvent', undefined],
    ]);
  });

  it('has the funding of its own markets made exact', () => {
    const made = machine();
    match(made, { fills: [fill('a', 'b', '50', '100'), fill('a', 'b', '50', '100', 'seller', 'B')] });
    made.trade('c', { A: 50, B: 50 });
    made.marks({}, 5000);
    const seen = made.events.length;
    match(made, { fills: [fill('a', 'b', '1', '100')] });
    const funding = made.events
      .slice(seen)
      .flatMap((event) => (event.kind === 'funding-accrued' ? event.markets : []));
    // The match's other events are kept with it.
    expect(funding.map(([market]) => market)).toEqual(['A']);
  });
});

describe('legs against the pool', () => {
  const premiaOf = (made: ExchangeMachine, pool: MatchPayload['pool']) => {
    const event = match(made, { pool }) as MatchBooked;
    expect(event.kind).toBe('match-booked');
    return event.accounts.map(({ riskPremium, liquidityPremium }) => [
      money(riskPremium),
      money(liquidityPremium),
    ]);
  };

  it('are at the marks, for the premium of one trade of all of them, to the unit', () => {
    const made = machine();
    const whole = made.engine.price([
      { market: 'A', size: '20' },
      { market: 'B', size: '10' },
    ]);
    const paid = premiaOf(made, [
      { account: 'a', market: 'A', size: '15' },
      { account: 'b', market: 'B', size: '10' },
      { account: 'c', market: 'A', size: '5' },
    ]);
    const sum = (i: number) => paid.reduce((total, premia) => total + premia[i], 0n);
    expect([sum(0), sum(1)]).toEqual([whole.riskPremium, whole.liquidityPremium]);
    // By what each adds to the risk of all: three of A to one, and B less than it would alone.
    expect(Number(paid[0][0]) / Number(paid[2][0])).toBeCloseTo(3, 4);
    expect(Number(paid[1][0]) / Number(paid[0][0] + paid[2][0])).toBeCloseTo(0.4, 0);
    const legs = made.events.findLast(({ kind }) => kind === 'match-booked') as MatchBooked;
    expect(legs.accounts[0].legs).toEqual([{ market: 'A', size: '15', price: '100' }]);
  });

  it('are shared alike where none adds to the risk', () => {
    const made = machine();
    made.trade('d', { A: 50 });
    made.settle();
    const [a, b] = premiaOf(made, [
      { account: 'a', market: 'A', size: '-10' },
      { account: 'b', market: 'A', size: '-10' },
    ]);
    expect(a).toEqual(b);
  });

  it('need the margin of their account with the premium taken off', () => {
    const made = machine();
    const { riskPremium, liquidityPremium } = made.engine.price([{ market: 'A', size: '100' }]);
    const premium = riskPremium + liquidityPremium;
    expect(premium).toBeGreaterThan(money('0.01'));
    const poor = (cash: bigint) => {
      const fresh = machine();
      fresh.deposit('poor', (Number(cash) / 1e8).toFixed(8));
      return (match(fresh, { pool: [{ account: 'poor', market: 'A', size: '100' }] }) as { code?: string })
        .code;
    };
    expect([poor(money(500) + premium + 2n), poor(money(500) + premium - 1000n)]).toEqual([
      undefined,
      'insufficient-margin',
    ]);
  });

  it('of one account alone cost what its trade would', () => {
    const made = machine();
    const { riskPremium, liquidityPremium } = made.engine.price([{ market: 'A', size: '7' }]);
    expect(premiaOf(made, [{ account: 'a', market: 'A', size: '7' }])).toEqual([
      [riskPremium, liquidityPremium],
    ]);
  });
});
