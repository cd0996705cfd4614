import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type IndexedPosition,
  linearParameters,
  liquidationPrice,
  MarginBook,
  MarginSchedule,
  type MarginPosition,
  portfolioModel,
  standing,
} from './index.js';

const RATES = MarginSchedule.parse('default=0.03/0.05,BTC=0.02/0.04');
const LINEAR = portfolioModel(linearParameters(RATES, ['BTC', 'ETH', 'SOL', 'XRP']));

describe('MarginSchedule', () => {
  it('has rates by market and for the others', () => {
    expect(RATES.of('BTC')).toEqual({ maintenance: 0.02, initial: 0.04 });
    expect(RATES.of('DOGE')).toEqual({ maintenance: 0.03, initial: 0.05 });
  });

  it.each([
    'BTC=0.02/0.04',
    'default=0.05/0.03',
    'default=0/0.1',
    'default',
    'default=0.03/1.5',
    'default=a/b',
  ])('refuses "%s"', (text) => {
    expect(() => MarginSchedule.parse(text)).toThrow(/MARGIN_RATES/);
  });
});

describe('standing', () => {
  const positions: MarginPosition[] = [
    { market: 'BTC', size: 2, entryNotional: 180, mark: 100 },
    { market: 'ETH', size: -10, entryNotional: -90, mark: 10 },
  ];

  it('marks equity and margins', () => {
    expect(standing(5, positions, LINEAR)).toEqual({
      equity: 15,
      unrealisedPnl: 10,
      notional: 300,
      maintenanceMargin: 7,
      initialMargin: 13,
      marginRatio: 0.05,
      available: 2,
      liquidatable: false,
    });
    expect(standing(-4, positions, LINEAR).liquidatable).toBe(true);
    expect(standing(-4, [], LINEAR).liquidatable).toBe(false);
  });

  it('meets the maintenance margin exactly at the liquidation price', () => {
    for (const which of [0, 1]) {
      const now = standing(5, positions, LINEAR);
      const price = liquidationPrice(now, positions[which], RATES)!;
      const there = standing(
        5,
        positions.map((p, i) => (i === which ? { ...p, mark: price } : p)),
        LINEAR,
      );
      expect(there.equity).toBeCloseTo(there.maintenanceMargin, 10);
      expect(price < positions[which].mark).toBe(positions[which].size > 0);
    }
  });

  it('has no liquidation price where even nothing is enough', () => {
    const long: MarginPosition = { market: 'BTC', size: 1, entryNotional: 100, mark: 100 };
    expect(liquidationPrice(standing(500, [long], LINEAR), long, RATES)).toBeNull();
  });
});

describe('MarginBook', () => {
  it('finds the accounts that a plain loop finds, in order of their need, through any sequence of changes', () => {
    const market = fc.constantFrom('BTC', 'ETH', 'SOL', 'XRP');
    const position = fc.record({
      market,
      size: fc.integer({ min: -50, max: 50 }).filter((size) => size !== 0),
      entryNotional: fc.integer({ min: -5000, max: 5000 }),
      fundingIndex: fc.integer({ min: -3, max: 3 }),
    });
    const change = fc.oneof(
      fc.record({
        kind: fc.constant('account' as const),
        account: fc.nat(40),
        cash: fc.integer({ min: -1000, max: 1000 }),
        positions: fc.uniqueArray(position, { maxLength: 4, selector: (p) => p.market }),
      }),
      fc.record({ kind: fc.constant('mark' as const), market, price: fc.integer({ min: 1, max: 200 }) }),
      fc.record({ kind: fc.constant('index' as const), market, index: fc.integer({ min: -4, max: 4 }) }),
    );
    fc.assert(
      fc.property(fc.array(change, { maxLength: 120 }), (changes) => {
        const book = new MarginBook(RATES);
        const accounts = new Map<string, { cash: number; positions: IndexedPosition[] }>();
        const marks = new Map<string, number>();
        const indices = new Map<string, number>();
        for (const step of changes) {
          if (step.kind === 'account') {
            book.set(`a${step.account}`, step.cash, step.positions);
            accounts.set(`a${step.account}`, step);
          } else if (step.kind === 'mark') {
            book.setMark(step.market, step.price);
            marks.set(step.market, step.price);
          } else {
            book.setFundingIndex(step.market, step.index);
            indices.set(step.market, step.index);
          }
        }
        const expected: string[] = [];
        for (const [account, { cash, positions }] of accounts) {
          if (!positions.every((p) => marks.has(p.market))) continue;
          const owed = positions.reduce(
            (sum, p) => sum + p.size * ((indices.get(p.market) ?? 0) - p.fundingIndex),
            0,
          );
          const marked = positions.map((p) => ({ ...p, mark: marks.get(p.market)! }));
          const { equity, maintenanceMargin, liquidatable } = standing(cash - owed, marked, LINEAR);
          if (liquidatable && Math.abs(equity - maintenanceMargin) > 1e-9) expected.push(account);
        }
        const found = book.underMargined();
        const clear = found.filter((f) => Math.abs(f.equity - f.maintenanceMargin) > 1e-9);
        expect(clear.map(({ account }) => account).sort()).toEqual(expected.sort());
        const needs = found.map(({ equity, maintenanceMargin }) => equity / maintenanceMargin);
        expect(needs).toEqual([...needs].sort((a, b) => a - b));
      }),
      { numRuns: 300 },
    );
  });

  it('grows and moves accounts without losing one', () => {
    const book = new MarginBook(RATES);
    const markets = Array.from({ length: 12 }, (_, i) => `M${i}`);
    for (const name of markets) book.setMark(name, 100);
    for (let round = 1; round <= 12; round++) {
      for (let account = 0; account < 3000; account++) {
        const positions = markets
          .slice(0, round)
          .map((name) => ({ market: name, size: 1, entryNotional: 100, fundingIndex: 0 }));
        // 3 % of 100 is asked for each position; every third account has less.
        book.set(`a${account}`, account % 3 === 0 ? 2.9 * round : 3.1 * round, positions);
      }
      expect(book.underMargined()).toHaveLength(1000);
    }
    expect(book.accounts).toBe(3000);
  });

  it('refuses a price that is not one', () => {
    expect(() => new MarginBook(RATES).setMark('BTC', 0)).toThrow(/BTC\.price/);
  });
});
