// Long because it is one list: the fold of each kind of event, with its amounts.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InvalidInputError } from '#lib/errors';
import type { BookEvent } from './book-event.js';
import { divide, formatDecimal, fromNumber, notionalOf, parseDecimal, formatMoney } from '#lib/amounts';
import { ExchangeLedger } from './exchange-ledger.js';
import { FLAT, tradePosition } from './position.js';
import type { LedgerSnapshot } from './ledger-state.js';

const HOUR = 3_600_000;

describe('fixed point', () => {
  it('reads and writes every amount without loss', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }),
        fc.integer({ min: 0, max: 18 }),
        (value, decimals) => {
          expect(parseDecimal(formatDecimal(value, decimals), decimals, 'x')).toBe(value);
        },
      ),
    );
  });

  it('refuses what is not a plain decimal, or finer than the books', () => {
    for (const text of ['', '1e5', '.5', '1.', 'NaN', '0x10', '1,000', '+1']) {
      expect(() => parseDecimal(text, 8, 'size')).toThrow(InvalidInputError);
    }
    expect(() => parseDecimal('0.000000001', 8, 'size')).toThrow(/9 decimal places, at most 8/);
    expect(parseDecimal('1.500000000000', 8, 'size')).toBe(150_000_000n);
  });

  it('rounds as asked', () => {
    expect(divide(-7n, 2n, 'down')).toBe(-4n);
    expect(divide(-7n, 2n, 'up')).toBe(-3n);
    expect(divide(-7n, 2n, 'nearest')).toBe(-4n);
    expect(divide(7n, 3n, 'nearest')).toBe(2n);
    expect(fromNumber(0.1 + 0.2, 8, 'up', 'x')).toBe(30_000_001n);
    expect(fromNumber(-2.5e-8, 8, 'nearest', 'x')).toBe(-3n);
    expect(fromNumber(2 ** 60, 8, 'down', 'x')).toBe(2n ** 60n * 100_000_000n);
    expect(() => fromNumber(NaN, 8, 'up', 'fee')).toThrow(/fee/);
  });
});

describe(tradePosition, () => {
  const price = (text: string) => parseDecimal(text, 12, 'price');
  const size = (text: string) => parseDecimal(text, 8, 'size');

  it('averages entries, realises what is closed, and does both through zero', () => {
    let state = tradePosition(FLAT, size('2'), price('100'));
    state = tradePosition(state.position, size('2'), price('110'));
    expect(formatMoney(state.position.entryNotional)).toBe('420');
    state = tradePosition(state.position, size('-1'), price('120'));
    expect(formatMoney(state.realisedPnl)).toBe('15');
    expect(formatMoney(state.position.entryNotional)).toBe('315');
    state = tradePosition(state.position, size('-5'), price('90'));
    expect(formatMoney(state.realisedPnl)).toBe('-45');
    expect(state.position).toEqual({ size: size('-2'), entryNotional: -parseDecimal('180', 8, 'x') });
  });

  it('never pays the trader by rounding: a round trip at one price earns nothing', () => {
    const sizes = fc.bigInt({ min: 1n, max: 10n ** 12n });
    fc.assert(
      fc.property(
        sizes,
        fc.bigInt({ min: 1n, max: 10n ** 18n }),
        fc.bigInt({ min: 1n, max: 100n }),
        fc.boolean(),
        (quantity, at, part, long) => {
          const signed = long ? quantity : -quantity;
          const opened = tradePosition(FLAT, signed, at).position;
          const first = tradePosition(opened, -signed / part, at);
          const second = tradePosition(first.position, -first.position.size, at);
          expect(second.position).toEqual(FLAT);
          expect(first.realisedPnl + second.realisedPnl).toBeLessThanOrEqual(0n);
          expect(first.realisedPnl + second.realisedPnl).toBeGreaterThanOrEqual(-4n);
        },
      ),
    );
  });

  it('rounds notionals as asked', () => {
    expect(notionalOf(1n, 1n, 'up')).toBe(1n);
    expect(notionalOf(1n, 1n, 'down')).toBe(0n);
  });
});

/** Sequences of events that could happen, in time order. */
const market = fc.constantFrom('A', 'B');
const account = fc.constantFrom('x', 'y', 'z');
const decimal = (max: number) => fc.integer({ min: 1, max }).map((units) => formatDecimal(BigInt(units), 8));
const signed = fc.tuple(fc.boolean(), decimal(10 ** 9)).map(([long, text]) => (long ? text : `-${text}`));
const step = fc.oneof(
  fc.record({
    kind: fc.constant('trade' as const),
    account,
    legs: fc.array(fc.record({ market, size: signed, price: decimal(10 ** 9) }), {
      minLength: 1,
      maxLength: 2,
    }),
    risk: decimal(10 ** 8),
    liquidity: decimal(10 ** 8),
  }),
  fc.record({
    kind: fc.constant('funding' as const),
    market,
    risk: signed,
    liquidity: signed,
    index: fc.integer({ min: -1e9, max: 1e9 }).map((per) => `${per}000000000`),
  }),
  fc.record({ kind: fc.constant('deposit' as const), amount: decimal(10 ** 9) }),
  fc.record({ kind: fc.constant('time' as const), hours: fc.integer({ min: 1, max: 40 }) }),
);

function play(steps: readonly (typeof step extends fc.Arbitrary<infer T> ? T : never)[]): BookEvent[] {
  let at = 0;
  return steps.map((drawn, i): BookEvent => {
    at += HOUR / 4;
    switch (drawn.kind) {
      case 'trade':
        return {
          kind: 'trade-booked',
          at,
          tradeId: `t${i}`,
          account: drawn.account,
          legs: drawn.legs,
          riskPremium: drawn.risk,
          liquidityPremium: drawn.liquidity,
          forecastId: 'f',
          quoteId: null,
        };
      case 'funding':
        return {
          kind: 'funding-accrued',
          at,
          markets: [[drawn.market, drawn.risk, drawn.liquidity, drawn.index]],
        };
      case 'deposit':
        return {
          kind: 'liquidity-deposited',
          at,
          commandId: `d${i}`,
          provider: 'lp',
          amount: drawn.amount,
          shares: drawn.amount,
        };
      case 'time':
        at += drawn.hours * HOUR;
        return { kind: 'vested', at, toCapital: '0', toLiquidity: '0' };
    }
  });
}

describe(ExchangeLedger, () => {
  it('neither loses nor makes a unit, whatever happens', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const ledger = new ExchangeLedger(24 * HOUR, HOUR);
        for (const event of play(steps)) {
          ledger.apply(event);
          expect(ledger.imbalance()).toBe(0n);
          expect(ledger.capital).toBeGreaterThanOrEqual(0n);
          expect(ledger.liquidity).toBeGreaterThanOrEqual(0n);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('has market totals that are the sums of its positions', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const ledger = new ExchangeLedger(24 * HOUR, HOUR);
        for (const event of play(steps)) ledger.apply(event);
        for (const name of ledger.marketNames()) {
          const positions = ['x', 'y', 'z'].map((owner) => ledger.position(owner, name));
          expect(ledger.market(name).size).toBe(positions.reduce((sum, { size }) => sum + size, 0n));
          expect(ledger.market(name).entryNotional).toBe(
            positions.reduce((sum, { entryNotional }) => sum + entryNotional, 0n),
          );
        }
      }),
    );
  });

  it('goes on from a snapshot bit for bit', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 2, maxLength: 40 }), (steps) => {
        const events = play(steps);
        const half = Math.floor(events.length / 2);
        const whole = new ExchangeLedger(24 * HOUR, HOUR);
        for (const event of events) whole.apply(event);
        const first = new ExchangeLedger(24 * HOUR, HOUR);
        for (const event of events.slice(0, half)) first.apply(event);
        const stored = JSON.parse(JSON.stringify(first.snapshot())) as LedgerSnapshot;
        const second = ExchangeLedger.restore(stored, 24 * HOUR, HOUR);
        for (const event of events.slice(half)) second.apply(event);
        expect(second.snapshot()).toEqual(whole.snapshot());
        expect(second.eventCount).toBe(events.length);
      }),
    );
  });

  it('goes on from a snapshot in parts, however small they are', () => {
    fc.assert(
      fc.property(
        fc.array(step, { minLength: 2, maxLength: 40 }),
        fc.integer({ min: 1, max: 5 }),
        (steps, size) => {
          const whole = new ExchangeLedger(24 * HOUR, HOUR);
          for (const event of play(steps)) whole.apply(event);
          const stored = JSON.parse(JSON.stringify([...whole.snapshotParts(size)])) as LedgerSnapshot[];
          const [first, ...others] = stored;
          const copy = ExchangeLedger.restore(first, 24 * HOUR, HOUR);
          for (const part of others) copy.restorePart(part);
          expect(copy.snapshot()).toEqual(whole.snapshot());
          for (const { cash, shares } of others as { cash?: unknown[]; shares?: unknown[] }[])
            expect((cash ?? shares ?? []).length).toBeLessThanOrEqual(size);
        },
      ),
    );
  });

  it('makes no snapshot of two moments', () => {
    const ledger = new ExchangeLedger(24 * HOUR, HOUR);
    const deposit: BookEvent = {
      kind: 'account-deposited',
      at: 1,
      commandId: 'd',
      account: 'x',
      amount: '5',
    };
    ledger.apply(deposit);
    const parts = ledger.snapshotParts(1);
    parts.next();
    ledger.apply(deposit);
    expect(() => parts.next()).toThrow(/moved/);
  });

  it('keeps an account whose name looks like an amount', () => {
    const ledger = new ExchangeLedger(24 * HOUR, HOUR);
    ledger.apply({ kind: 'account-deposited', at: 1, commandId: 'd', account: '12n', amount: '5' });
    const copy = ExchangeLedger.restore(ledger.snapshot(), 24 * HOUR, HOUR);
    expect(copy.cashOf('12n')).toBe(ledger.cashOf('12n'));
    expect(copy.cashOf('12n')).toBeGreaterThan(0n);
  });

  it('keeps what backs a provider’s liquidity', () => {
    const ledger = new ExchangeLedger(24 * HOUR, HOUR);
    ledger.apply({
      ...{
        kind: 'liquidity-valued',
        ...{ vault: `0x${'1'.repeat(40)}`, deficit: '7' },
        at: 2,
        provider: 'vault',
        valuedAt: 1,
        value: '100',
        units: '10',
      },
      ...{ haircut: 0.1, backing: '90', settled: '1.5', amount: '90', shares: '90' },
    });
    const [first, ...others] = ledger.snapshotParts(1);
    const copy = ExchangeLedger.restore(first, 24 * HOUR, HOUR);
    for (const part of others) copy.restorePart(part);
    expect(copy.backingOf('vault')).toEqual(ledger.backingOf('vault'));
    expect(copy.snapshot()).toEqual(ledger.snapshot());
  });

  it('charges accounts their share of a market’s funding, and pays those on the other side', () => {
    const ledger = new ExchangeLedger(24 * HOUR, HOUR);
    const trade = (id: string, who: string, size: string, at: number): BookEvent => ({
      kind: 'trade-booked',
      at,
      tradeId: id,
      account: who,
      legs: [{ market: 'A', size, price: '100' }],
      riskPremium: '0',
      liquidityPremium: '0',
      forecastId: 'f',
      quoteId: null,
    });
    ledger.apply(trade('1', 'x', '3', 1));
    ledger.apply(trade('2', 'y', '-1', 2));
    ledger.apply({ kind: 'funding-accrued', at: 3, markets: [['A', '10', '2', '6000000000000000000']] });
    ledger.apply(trade('3', 'x', '-3', 4));
    ledger.apply(trade('4', 'y', '1', 5));
    expect(formatMoney(ledger.cashOf('x'))).toBe('-18');
    expect(formatMoney(ledger.cashOf('y'))).toBe('6');
    expect(formatMoney(ledger.pendingToCapital)).toBe('10');
    expect(formatMoney(ledger.pendingToLiquidity)).toBe('2');
    expect(ledger.market('A').unsettledFunding).toBe(0n);
  });

  it('bears losses by P, then L, then nobody; later gains make the shortfall good first', () => {
    const ledger = new ExchangeLedger(24 * HOUR, HOUR);
    const trade = (size: string, price: string, at: number): BookEvent => ({
      kind: 'trade-booked',
      at,
      tradeId: String(at),
      account: 'x',
      legs: [{ market: 'A', size, price }],
      riskPremium: '0',
      liquidityPremium: '0',
      forecastId: 'f',
      quoteId: null,
    });
    ledger.apply({
      kind: 'liquidity-deposited',
      at: 0,
      commandId: 'd',
      provider: 'lp',
      amount: '50',
      shares: '50',
    });
    ledger.apply(trade('1', '100', 1));
    ledger.apply(trade('-1', '170', 2));
    expect([ledger.capital, ledger.liquidity, formatMoney(ledger.shortfall)]).toEqual([0n, 0n, '20']);
    ledger.apply(trade('1', '100', 3));
    ledger.apply(trade('-1', '70', 4));
    // Of the gain of 30 the shortfall takes 20, and the losses that L has borne take the rest: P earns when L has its 50 back.
    expect([ledger.shortfall, ledger.capital].map(String)).toEqual(['0', '0']);
    expect([ledger.liquidity, ledger.borne].map(formatMoney)).toEqual(['10', '40']);
    ledger.apply(trade('1', '100', 5));
    ledger.apply(trade('-1', '55', 6));
    expect([ledger.capital, ledger.liquidity, ledger.borne].map(formatMoney)).toEqual(['5', '50', '0']);
    expect(ledger.imbalance()).toBe(0n);
  });
});

describe('accounts in the books', () => {
  const booked = (account: string, size: string, price: string): BookEvent => ({
    kind: 'trade-booked',
    at: 0,
    tradeId: `${account}${size}${price}`,
    account,
    legs: [{ market: 'A', size, price }],
    riskPremium: '0',
    liquidityPremium: '0',
    forecastId: 'f',
    quoteId: null,
  });
  const deposit = (account: string, amount: string): BookEvent => ({
    kind: 'account-deposited',
    at: 0,
    commandId: `${account}-in`,
    account,
    amount,
  });

  it('keep deposits, withdrawals and moved collateral to the last unit', () => {
    const ledger = new ExchangeLedger(24 * HOUR, HOUR);
    const events: BookEvent[] = [
      deposit('a', '100'),
      { kind: 'collateral-moved', at: 0, commandId: 'm', from: 'a', to: 'a~A', amount: '30.00000001' },
      { kind: 'account-withdrawn', at: 0, commandId: 'w', account: 'a', amount: '20' },
      { kind: 'account-rejected', at: 0, commandId: 'x', account: 'b', code: 'c', reason: 'r' },
    ];
    for (const event of events) {
      ledger.apply(event);
      expect(ledger.imbalance()).toBe(0n);
    }
    expect([ledger.cashOf('a'), ledger.cashOf('a~A')].map(formatMoney)).toEqual([
      '49.99999999',
      '30.00000001',
    ]);
    expect(ledger.hasAccount('b')).toBe(false);
  });

  it('show what an account owes in funding before it is taken', () => {
    const ledger = new ExchangeLedger(24 * HOUR, HOUR);
    ledger.apply(deposit('a', '100'));
    ledger.apply(booked('a', '2', '50'));
    ledger.apply(booked('b', '2', '50'));
    ledger.apply({ kind: 'funding-accrued', at: 1, markets: [['A', '3', '1', '1000000000000000000']] });
    const { cash, fundingOwed, positions } = ledger.account('a');
    expect([cash, fundingOwed].map(formatMoney)).toEqual(['100', '2']);
    expect(positions).toMatchObject([{ market: 'A', size: 200_000_000n }]);
    expect(ledger.imbalance()).toBe(0n);
  });

  it('let a bankrupt account’s debt go through P, then L, then into a shortfall, and nothing is lost', () => {
    const ledger = new ExchangeLedger(24 * HOUR, HOUR);
    ledger.apply({
      kind: 'liquidity-deposited',
      at: 0,
      commandId: 'l',
      provider: 'lp',
      amount: '50',
      shares: '50',
    });
    ledger.apply(deposit('a', '10'));
    ledger.apply(booked('a', '1', '200'));
    ledger.apply(booked('a', '-1', '100'));
    // The trader's loss of 100 is the pool's gain; he has paid 10.
    expect([ledger.capital, ledger.cashOf('a')].map(formatMoney)).toEqual(['100', '-90']);
    // The pool has lost 80 elsewhere: P is down to 20.
    ledger.apply(booked('b', '1', '100'));
    ledger.apply(booked('b', '-1', '180'));
    ledger.apply({ kind: 'bankruptcy-settled', at: 1, account: 'a', loss: '90' });
    expect([ledger.capital, ledger.liquidity, ledger.shortfall].map(formatMoney)).toEqual(['0', '0', '20']);
    expect(formatMoney(ledger.cashOf('a'))).toBe('0');
    expect(formatMoney(ledger.totals.bankruptcies)).toBe('90');
    expect(ledger.imbalance()).toBe(0n);
    const copy = ExchangeLedger.restore(ledger.snapshot(), 24 * HOUR, HOUR);
    expect(copy.snapshot()).toEqual(ledger.snapshot());
  });
});
