import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MatchPayload } from '#lib/messages';
import type { BookEvent, MatchBooked } from '#lib/exchange';
import { ExchangeMachine, money, number } from '../support/exchange-machine.js';

const fill = (buyer: string, seller: string, market: string, size: string, price: string) => ({
  ...{ buyer, seller, market, size, price },
  maker: 'seller' as const,
});

function exchange(rules: object = {}): ExchangeMachine {
  const machine = new ExchangeMachine(['A', 'B'], { volatility: 0.03, rules });
  machine.provide('lp', 1_000_000);
  machine.wait(1000);
  for (const account of ['a', 'b', 'c', 'd']) machine.deposit(account, 100_000);
  return machine;
}

let count = 0;
const match = (machine: ExchangeMachine, part: Partial<MatchPayload>): BookEvent =>
  machine.match({ matchId: `m${++count}`, fills: [], pool: [], releases: [], ...part });

/** Trades that an order book has matched: all or none, and the pool has nothing to do with the fills. */
describe('matched trades', () => {
  it('change neither the pool’s sizes nor its risk, and pay no premium but the fees of the schedule', () => {
    const machine = exchange({
      fees: { default: { maker: -0.0001, taker: 0.0005 }, accounts: { a: 0.5 } },
    });
    const before = machine.ledger.market('A');
    const booked = match(machine, { fills: [fill('a', 'b', 'A', '10', '101')] }) as MatchBooked;
    expect(booked.kind).toBe('match-booked');
    const { size, entryNotional } = machine.ledger.market('A');
    expect([size, entryNotional]).toEqual([before.size, before.entryNotional]);
    // 1010 of notional: the taker buys at half its fee, the maker is paid its rebate.
    expect(booked.accounts.map(({ fee }) => fee)).toEqual(['0.2525', '-0.101']);
    expect(machine.ledger.cashOf('fees')).toBe(money('0.1515'));
    expect(number(machine.ledger.cashOf('a'))).toBeCloseTo(100_000 - 0.2525, 8);
    machine.marks({ A: 105 });
    expect(machine.equity('a')).toBeCloseTo(100_000 - 0.2525 + 40, 6);
    expect(machine.equity('b')).toBeCloseTo(100_000 + 0.101 - 40, 6);
    expect(match(machine, { fills: [fill('b', 'a', 'A', '10', '104')] }).kind).toBe('match-booked');
    expect(machine.ledger.isOpen('A')).toBe(false);
    expect(machine.ledger.recount()).toBeUndefined();
  });

  it('pay no rebate that the other side’s fee does not: two accounts of one person earn nothing by a tier', () => {
    const machine = exchange({
      fees: { default: { maker: -0.0002, taker: 0.0003 }, accounts: { a: 0.5, c: 0 } },
    });
    const back = (one: ReturnType<typeof fill>) => ({
      ...{ ...one, buyer: one.seller, seller: one.buyer },
      maker: 'buyer' as const,
    });
    // Nothing limits what is bought and sold again at once: 40 M were paid out of the fees for 100 bn.
    for (const [taker, fee] of [
      ['c', '0'],
      ['a', '15000000'],
      ['d', '30000000'],
    ] as const) {
      const one = fill(taker, 'b', 'A', '1000000000', '100');
      machine.deposit(taker, 100_000_000);
      const booked = match(machine, { fills: [one, back(one)] }) as MatchBooked;
      expect(booked.kind).toBe('match-booked');
      expect(booked.accounts[0]).toMatchObject({ account: taker, fee: String(2 * Number(fee)) });
      const rebate = Math.min(Number(fee), 20_000_000);
      expect(Number(booked.accounts[1].fee) + 2 * rebate).toBe(0);
      expect(machine.ledger.cashOf('fees')).toBeGreaterThanOrEqual(0n);
    }
    expect(machine.ledger.imbalance()).toBe(0n);
  });

  it('are of accounts with money: a name makes none, nor does a release', () => {
    const machine = exchange();
    const { length } = machine.ledger.participants;
    const ghost = [{ account: 'ghost', reservationId: 'r' }];
    expect(match(machine, { releases: ghost })).toMatchObject({ code: 'unknown-account' });
    expect(match(machine, { fills: [fill('ghost', 'a', 'A', '1', '100')] })).toMatchObject({
      code: 'unknown-account',
    });
    expect(match(machine, {})).toMatchObject({ kind: 'match-rejected', code: 'invalid-input' });
    expect(machine.ledger.participants).toHaveLength(length);
  });

  it('are all booked or none: margin, caps, limits and prices of each', () => {
    const machine = exchange({ limits: { market: 3_000_000 } });
    machine.deposit('poor', 10);
    const refused = (part: Partial<MatchPayload>, code: string) => {
      const events = machine.events.length;
      expect(match(machine, part)).toMatchObject({ kind: 'match-rejected', code });
      expect(machine.ledger.isOpen('A')).toBe(false);
      expect(machine.events.length).toBe(events + 1);
    };
    const good = fill('a', 'b', 'A', '10', '100');
    refused({ fills: [good, fill('c', 'poor', 'A', '10', '100')] }, 'insufficient-margin');
    refused({ fills: [good, fill('c', 'd', 'A', '10', '102.1')] }, 'match-price');
    refused({ fills: [good, fill('c', 'c', 'A', '10', '100')] }, 'invalid-input');
    refused({ fills: [good, fill('c', 'd', 'A', '-10', '100')] }, 'invalid-input');
    refused({ fills: [good, fill('c', 'd', 'Z', '10', '100')] }, 'unknown-market');
    refused({ fills: [fill('a', 'b', 'A', '30001', '100')] }, 'notional-limit');
    // 16,000 each: none alone is past the limit of the market.
    refused(
      { fills: [fill('a', 'b', 'A', '16000', '100'), fill('c', 'd', 'A', '16000', '100')] },
      'notional-limit',
    );
    refused({ fills: [good], parameters: 7 }, 'parameters-version');
    expect(match(machine, { fills: [good] }).kind).toBe('match-booked');
  });

  it('share the premium of their legs against the pool: who lowers its risk pays nothing, the sum is that of one trade', () => {
    const machine = exchange();
    machine.trade('d', { A: 1000 });
    machine.settle();
    const alone = machine.engine.price([{ market: 'A', size: '100' }]);
    const booked = match(machine, {
      pool: [
        { account: 'a', market: 'A', size: '500' },
        { account: 'b', market: 'A', size: '-400' },
      ],
    }) as MatchBooked;
    const paid = booked.accounts.map(
      ({ riskPremium, liquidityPremium }) => money(riskPremium) + money(liquidityPremium),
    );
    expect(paid[0]).toBe(alone.riskPremium + alone.liquidityPremium);
    expect(paid[1]).toBe(0n);
    // The order of the legs is nobody's advantage, and splitting one changes its sum by units at most.
    const premiaOf = (pool: MatchPayload['pool']) => {
      const fresh = exchange();
      const { accounts } = match(fresh, { pool }) as MatchBooked;
      return new Map(accounts.map(({ account, riskPremium }) => [account, Number(riskPremium)]));
    };
    const legs = [
      { account: 'a', market: 'A', size: '300' },
      { account: 'b', market: 'B', size: '200' },
      { account: 'c', market: 'A', size: '-100' },
    ];
    const one = premiaOf(legs);
    const other = premiaOf([legs[2], legs[1], { ...legs[0], size: '120' }, { ...legs[0], size: '180' }]);
    for (const [account, premium] of one) expect(other.get(account)).toBeCloseTo(premium, 5);
    expect(one.get('c')).toBe(0);
  });

  it('reserve the margin of orders, which nothing else can use until they are filled or released', () => {
    const machine = exchange();
    const reserve = (commandId: string, size: string) =>
      machine.command({ kind: 'reserve', commandId, account: 'a', legs: [{ market: 'A', size }] });
    expect(reserve('order-1', '10000')).toMatchObject({ kind: 'margin-reserved', amount: '70000' });
    expect(machine.engine.accounts.standing('a').available).toBe(30_000);
    expect(reserve('order-2', '10000')).toMatchObject({ code: 'insufficient-margin' });
    expect(machine.withdraw('a', 30_001)).toMatchObject({ code: 'insufficient-margin' });
    expect(machine.trade('a', { B: 7000 })).toMatchObject({ code: 'insufficient-margin' });
    expect(match(machine, { fills: [fill('a', 'b', 'B', '7000', '100')] })).toMatchObject({
      code: 'insufficient-margin',
    });
    const filled = { fills: [fill('a', 'b', 'A', '10000', '100')] };
    expect(match(machine, { ...filled, releases: [{ account: 'a', reservationId: 'order-1' }] }).kind).toBe(
      'match-booked',
    );
    expect(machine.engine.accounts.standing('a').available).toBe(50_000);
    expect(reserve('order-3', '100')).toMatchObject({ amount: '700' });
    const release = (reservationId: string) =>
      machine.command({
        kind: 'release',
        commandId: `r-${reservationId}-${++count}`,
        account: 'a',
        reservationId,
      });
    expect(release('order-1')).toMatchObject({ code: 'reservation' });
    expect(release('order-3')).toMatchObject({ kind: 'margin-released', amount: '700' });
    expect(machine.engine.accounts.standing('a').available).toBe(50_000);
  });

  it('margin orders together: many that each close or hedge the same position are not free, and a release frees no other', () => {
    const machine = exchange();
    const reserve = (commandId: string, size: string) =>
      machine.command({ kind: 'reserve', commandId, account: 'a', legs: [{ market: 'A', size }] });
    expect(match(machine, { fills: [fill('b', 'a', 'A', '5000', '100')] }).kind).toBe('match-booked');
    // Short 5,000: the first order closes it and needs only what a fill may cost, the second opens a position of its own.
    expect(reserve('close', '5000')).toMatchObject({ kind: 'margin-reserved', amount: '10000' });
    expect(reserve('again', '5000')).toMatchObject({ kind: 'margin-reserved', amount: '35000' });
    // An order of the other side is no cheaper for those that it would offset: they may be released, and it stays.
    expect(reserve('other', '-2000')).toMatchObject({ amount: '14000' });
    for (const reservationId of ['close', 'again'])
      expect(
        machine.command({ kind: 'release', commandId: `r-${reservationId}`, account: 'a', reservationId }),
      ).toMatchObject({ kind: 'margin-released' });
    expect(
      match(machine, {
        fills: [fill('b', 'a', 'A', '2000', '98.5')],
        releases: [{ account: 'a', reservationId: 'other' }],
      }).kind,
    ).toBe('match-booked');
    // It holds of an exchange that was restored as well.
    const restored = exchange();
    expect(match(restored, { fills: [fill('b', 'a', 'A', '5000', '100')] }).kind).toBe('match-booked');
    const reserveThere = (commandId: string) =>
      restored.command({ kind: 'reserve', commandId, account: 'a', legs: [{ market: 'A', size: '5000' }] });
    expect(reserveThere('close')).toMatchObject({ amount: '10000' });
    restored.restart();
    expect(reserveThere('again')).toMatchObject({ amount: '35000' });
  });

  it('reserve for every subset of the orders that may be filled: the margin is there when they are', () => {
    const sizes = fc.array(
      fc.integer({ min: -40, max: 40 }).filter((size) => size !== 0),
      { minLength: 1, maxLength: 8 },
    );
    fc.assert(
      fc.property(fc.integer({ min: -40, max: 40 }), sizes, fc.nat(), (held, orders, subset) => {
        const machine = exchange();
        if (held !== 0)
          match(machine, {
            fills: [
              fill(held > 0 ? 'a' : 'b', held > 0 ? 'b' : 'a', 'A', String(Math.abs(held) * 100), '100'),
            ],
          });
        const taken = orders.filter(
          (size, i) =>
            machine.command({
              ...{ kind: 'reserve', commandId: `o${i}`, account: 'a' },
              legs: [{ market: 'A', size: String(size * 100) }],
            }).kind === 'margin-reserved',
        );
        const filled = taken.reduce((sum, size, i) => ((subset >> i) & 1 ? sum + size : sum), 0);
        const { initialMargin } = machine.engine.accounts.standing('a', {
          legs: [{ market: 'A', size: filled * 100, price: 100 }],
          cost: 0,
        });
        const now = machine.engine.accounts.standing('a');
        expect(initialMargin).toBeLessThanOrEqual(now.initialMargin + now.reserved + 1e-6);
      }),
      { numRuns: 25 },
    );
  });

  it('neither make money nor lose any, whatever is matched', () => {
    const account = fc.constantFrom('a', 'b', 'c', 'd');
    const market = fc.constantFrom('A', 'B');
    const size = fc.integer({ min: 1, max: 2_000_000_000 }).map((units) => (units / 1e6).toFixed(8));
    const trade = fc.record({
      fills: fc.array(
        fc.record({
          ...{
            buyer: account,
            seller: account,
            market,
            size,
            maker: fc.constantFrom('buyer' as const, 'seller' as const),
          },
          price: fc.integer({ min: 97_900_001, max: 102_100_001 }).map((units) => (units / 1e6).toFixed(8)),
        }),
        { maxLength: 4 },
      ),
      pool: fc.array(
        fc.record({
          account,
          market,
          size: fc.tuple(size, fc.boolean()).map(([text, long]) => (long ? text : `-${text}`)),
        }),
        { maxLength: 3 },
      ),
    });
    const outcomes = new Map<string, number>();
    fc.assert(
      fc.property(fc.array(trade, { minLength: 1, maxLength: 12 }), (trades) => {
        const machine = exchange({ fees: { default: { maker: -0.0002, taker: 0.0004 } } });
        for (const one of trades) {
          const event = match(machine, one);
          outcomes.set(event.kind, (outcomes.get(event.kind) ?? 0) + 1);
          machine.wait(60_000);
        }
        expect(machine.ledger.recount()).toBeUndefined();
        for (const name of ['a', 'b', 'c', 'd']) {
          const { available, notional } = machine.engine.accounts.standing(name);
          if (notional > 0) expect(available).toBeGreaterThan(-2000);
        }
      }),
      { numRuns: 60 },
    );
    expect(outcomes.get('match-booked')).toBeGreaterThan(50);
    expect(outcomes.get('match-rejected')).toBeGreaterThan(50);
  });
});
