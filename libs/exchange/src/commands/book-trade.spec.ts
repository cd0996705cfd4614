import { describe, expect, it } from 'vitest';
import { BOOK_EVENTS } from '../../../../test/support/book-events.js';
import { ExchangeMachine, money } from '../../../../test/support/exchange-machine.js';
import { booked, marginAccountOf, premia, tradeRejected } from './book-trade.js';
import { affordable, reducesOnly } from './margin-check.js';

/** x has 10,000, is long 10 of A and short 4 of B. */
function machine(rules: object = {}): ExchangeMachine {
  const made = new ExchangeMachine(['A', 'B'], { volatility: 0.01, rules });
  made.provide('lp', 1_000_000);
  made.deposit('x', 10_000);
  made.trade('x', { A: 10, B: -4 });
  return made;
}
const refused = (code: string) => ({ kind: 'trade-rejected', account: 'x', code });
type Sizes = Readonly<Record<string, number>>;
const units = (size: number) => BigInt(Math.round(size * 1e8));

describe('a reduce-only trade', () => {
  const reduce = (made: ExchangeMachine, sizes: Parameters<ExchangeMachine['trade']>[1]) =>
    made.trade('x', sizes, { reduceOnly: true });

  it('closes at most what is open, all its legs together', () => {
    expect(reduce(machine(), { A: -3 })).toMatchObject({ legs: [{ market: 'A', size: '-3' }] });
    expect(reduce(machine(), { A: -30 })).toMatchObject({ legs: [{ size: '-10' }] });
    expect(reduce(machine(), { B: 30 })).toMatchObject({ legs: [{ size: '4' }] });
    expect(reduce(machine(), { B: 3 })).toMatchObject({ legs: [{ size: '3' }] });
    const both = [
      ['A', -6],
      ['B', 4],
      ['A', -6],
    ] as const;
    expect(reduce(machine(), both)).toMatchObject({
      legs: [
        { market: 'A', size: '-10' },
        { market: 'B', size: '4' },
      ],
    });
  });

  it('is refused where it would open a position, or nothing is left', () => {
    const nothing = refused('nothing-to-reduce');
    for (const sizes of [{ A: 1 }, { B: -1 }, { A: 0 }, { A: -1, B: -1 }] as Sizes[])
      expect(reduce(machine(), sizes)).toMatchObject(nothing);
    expect(
      reduce(machine(), [
        ['A', -10],
        ['A', -1],
      ]),
    ).toMatchObject(nothing);
    expect(machine().trade('y', { A: -1 }, { reduceOnly: true })).toMatchObject({
      code: 'nothing-to-reduce',
    });
  });
});

describe('an isolated trade', () => {
  it('is of one leg, on the margin account of its market', () => {
    const made = machine();
    made.transfer('x', 'A', 1000);
    expect(made.trade('x', { A: 2 }, { margin: 'isolated' })).toMatchObject({
      kind: 'trade-booked',
      account: 'x~A',
    });
    expect(made.trade('x', { A: 2, B: 1 }, { margin: 'isolated' })).toMatchObject({
      code: 'invalid-input',
      account: 'x~A',
    });
    expect(made.ledger.position('x', 'A').size).toBe(units(10));
    const legs = [{ market: 'A', size: '1' }];
    expect(marginAccountOf({ tradeId: 't', account: 'x', legs, margin: 'isolated' })).toBe('x~A');
    expect(marginAccountOf({ tradeId: 't', account: 'x', legs, margin: 'cross' })).toBe('x');
    expect(marginAccountOf({ tradeId: 't', account: 'x', legs })).toBe('x');
  });
});

describe('a trade at a quote', () => {
  const quoted = (marks: string[], riskPremium = '1000', sizes: Record<string, string> = { A: '1' }) => {
    const made = machine();
    const legs = Object.entries(sizes).map(([market, size]) => ({ market, size }));
    const quote = { quoteId: 'q', marks, riskPremium, liquidityPremium: '0' } as never;
    return made.engine.book({ tradeId: 't', account: 'x', legs, quote }, made.time).at(-1);
  };
  it('is booked at the quote’s marks and premium', () => {
    expect(quoted(['99'])).toMatchObject({
      ...{ kind: 'trade-booked', quoteId: 'q', riskPremium: '1000', liquidityPremium: '0' },
      legs: [{ market: 'A', size: '1', price: '99' }],
    });
    expect(quoted(['99'], '0')).toMatchObject(refused('quote-stale'));
    expect(quoted(['101'], '0.02')).toMatchObject({ kind: 'trade-booked', legs: [{ price: '101' }] });
  });
  it('has a mark for each leg', () => {
    expect(quoted([])).toMatchObject(refused('invalid-input'));
    expect(quoted(['99', '99'])).toMatchObject(refused('invalid-input'));
    expect(quoted(['99'], '1', { A: '1', B: '1' })).toMatchObject(refused('invalid-input'));
  });
});

describe('the event of a trade', () => {
  const price = {
    legs: [
      {
        name: 'A',
        exactSize: -units(2),
        exactPrice: 5n * 10n ** 11n,
        size: -2,
        market: 0,
        executionPrice: 0.5,
        markText: '0.5',
      },
    ],
    ...{ riskPremium: 30n, liquidityPremium: 10n, riskBefore: 0, riskAfter: 0, forecastId: 'f' },
  };
  it('has its legs, its price and its terms', () => {
    const terms = { tradeId: 't', account: 'x', quoteId: 'q', riskPremium: '3', liquidityPremium: '4' };
    expect(booked(price, 7, terms)).toEqual({
      ...{ kind: 'trade-booked', at: 7, ...terms, forecastId: 'f' },
      legs: [{ market: 'A', size: '-2', price: '0.5' }],
    });
  });

  it('has the charge split as the premium is', () => {
    const split = (charged: bigint) => Object.values(premia(price, charged));
    expect([split(40n), split(20n), split(3n), split(0n)]).toEqual([
      ['0.0000003', '0.0000001'],
      ['0.00000015', '0.00000005'],
      ['0.00000002', '0.00000001'],
      ['0', '0'],
    ]);
  });

  it('that was refused says of which trade, or plan', () => {
    const error = { code: 'c', message: 'm' };
    const rejected = { kind: 'trade-rejected', at: 7, tradeId: 't', account: 'x', code: 'c', reason: 'm' };
    expect(tradeRejected({ tradeId: 't' }, 'x', error, 7)).toEqual(rejected);
    expect(tradeRejected({ tradeId: 't', planId: 'p' }, 'x', error, 7)).toEqual({ ...rejected, planId: 'p' });
  });
});

describe(reducesOnly, () => {
  it('is so where each leg makes a position smaller and turns none', () => {
    const { engine } = machine();
    const reduces = (sizes: Readonly<Record<string, number>>) =>
      reducesOnly(
        engine,
        'x',
        Object.entries(sizes).map(([name, size]) => ({ name, exactSize: units(size) })),
      );
    const smaller: Sizes[] = [{ A: -1 }, { A: -10 }, { B: 4 }, { A: -1, B: 1 }];
    expect(smaller.map(reduces)).toEqual([true, true, true, true]);
    const others: Sizes[] = [
      { A: 1 },
      { A: -10.00000001 },
      { B: -1 },
      { B: 4.1 },
      { A: -1, B: -1 },
      { C: 1 },
    ];
    expect(others.map(reduces)).toEqual(new Array(6).fill(false));
  });
});

describe(affordable, () => {
  it('is the premium, or the equity after the trade, and nothing of a debt', () => {
    const { engine, ledger, time } = machine();
    const equity = engine.accounts.exactEquity('x');
    expect([affordable(engine, 'x', [], equity), affordable(engine, 'x', [], equity + 1n)]).toEqual([
      equity,
      equity,
    ]);
    expect([affordable(engine, 'x', [], 5n), affordable(engine, 'nobody', [], 5n)]).toEqual([5n, 0n]);
    ledger.apply({
      ...BOOK_EVENTS['account-withdrawn'],
      at: time,
      account: 'debtor',
      amount: '0',
      haircut: '7',
    });
    expect(affordable(engine, 'debtor', [], 5n)).toBe(0n);
  });
});

describe('the charge for a trade', () => {
  it('is at most the equity of who closes, and who cannot pay opens nothing', () => {
    const made = machine();
    made.deposit('poor', 60);
    expect(made.trade('poor', { A: 10 })).toMatchObject({ kind: 'trade-booked' });
    // A loss of almost all: closing costs what is left, split as the premium is.
    const left = made.equity('poor');
    made.marks({ A: 100 - left / 10 + 0.01 });
    const rest = made.engine.accounts.exactEquity('poor');
    expect(Number(rest)).toBeGreaterThan(0);
    expect(Number(rest)).toBeLessThan(2e7);
    const closed = made.trade('poor', { A: -10 }) as unknown as {
      riskPremium: string;
      liquidityPremium: string;
    };
    expect(money(closed.riskPremium) + money(closed.liquidityPremium)).toBeLessThanOrEqual(rest);
    expect(made.ledger.cashOf('poor')).toBeGreaterThanOrEqual(0n);
    expect(made.trade('poor', { A: 10 })).toMatchObject({ code: 'insufficient-margin' });
  });

  it('is refused where the missing margin would grow: with the figures of the margin that counts', () => {
    const made = machine();
    made.deposit('y', 100);
    const code = (sizes: Record<string, number>) =>
      (made.trade('y', sizes) as unknown as { code?: string }).code;
    expect(code({ A: 15 })).toBeUndefined();
    made.marks({ A: 97.5 });
    // Between both margins: a smaller position is allowed, a larger or another one is not, nor one that is turned.
    const { equity, maintenanceMargin, initialMargin } = made.engine.accounts.standing('y');
    expect(equity).toBeLessThan(initialMargin);
    expect([code({ A: 0.1 }), code({ B: 0.1 }), code({ A: -30.1 })]).toEqual(
      new Array(3).fill('insufficient-margin'),
    );
    expect(equity).toBeGreaterThan(maintenanceMargin);
    expect([code({ A: -5 }), code({ A: -10 })]).toEqual([undefined, undefined]);
  });
});
