import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { uniform } from '../../../../test/support/arbitraries.js';
import { AccountColumns } from '../account-columns.js';
import { ExposureDrift } from './exposure-drift.js';
import type { Marks } from './pass-marks.js';

const MARKETS = ['A', 'B'];
const HOUR_MS = 3_600_000;
const of = { units: 1, steps: 0 };

const account = fc.record({
  cash: uniform(-50, 50),
  sizes: fc.tuple(uniform(-100, 100), uniform(-100, 100)),
  rate: uniform(0, 3),
});
const state = fc.record({
  marks: fc.tuple(uniform(0.5, 2), uniform(0.5, 2)),
  indices: fc.tuple(uniform(-0.1, 0.1), uniform(-0.1, 0.1)),
});

interface Account {
  readonly cash: number;
  readonly sizes: readonly [number, number];
  readonly rate: number;
}

/** Σ(−E − t·r·x)⁺, with v = 1 + t·r of each market. */
function deficitsOf(
  accounts: readonly Account[],
  { marks, indices, at }: Marks,
  v: readonly number[],
): number {
  return accounts.reduce((sum, { cash, sizes, rate }) => {
    const value = sizes.reduce((worth, size, m) => worth + size * (marks[m] * v[m] - indices[m]), cash);
    return sum + Math.max(0, (rate * at) / HOUR_MS - value);
  }, 0);
}

describe(ExposureDrift, () => {
  it('bounds how far a scenario’s deficits rise, more closely than how far any sum moves', () => {
    let closest = 0;
    fc.assert(
      fc.property(
        fc.array(account, { minLength: 1, maxLength: 8 }),
        state,
        state,
        fc.tuple(uniform(-1, 2), uniform(-1, 2)),
        fc.nat(5),
        (accounts, from, to, v, hours) => {
          const drift = new ExposureDrift();
          const columns = new AccountColumns(() => {
            drift.addMarket();
          });
          accounts.forEach(({ cash, sizes, rate }, i) => {
            const positions = MARKETS.map((market, m) => ({
              ...{ market, size: sizes[m], entryNotional: 0, fundingIndex: 0 },
            }));
            drift.addSizes(columns, columns.set(`a${i}`, cash, positions), 1);
            drift.addRate(rate);
          });
          // One that came and went leaves no more than rounding.
          const gone = columns.set('gone', 0, [
            { market: 'A', size: -77.7, entryNotional: 0, fundingIndex: 0 },
          ]);
          drift.addSizes(columns, gone, 1);
          drift.addSizes(columns, gone, -1);
          const [then, now] = [
            { at: 0, ...from },
            { at: hours * HOUR_MS, ...to },
          ];
          const rise = drift.rise(then, now, (code) => v[code], of);
          const actual = deficitsOf(accounts, now, v) - deficitsOf(accounts, then, v);
          expect(actual).toBeLessThanOrEqual(rise);
          if (rise > 0) closest = Math.max(closest, actual / rise);
          // Of a scenario whose move is within u the bound of all sums holds as well, and is no closer.
          const widest = (code: number) => Math.abs(v[code] - 1) / 2;
          expect(rise).toBeLessThanOrEqual(drift.between(then, now, widest, of) * (1 + 1e-12) + 1e-9);
        },
      ),
    );
    // Where all accounts lose it is attained.
    expect(closest).toBeGreaterThan(0.9);
  });

  it('forgets with a market what rounding has left of its positions', () => {
    const drift = new ExposureDrift();
    const columns = new AccountColumns(() => {
      drift.addMarket();
    });
    const take = (account: string, size: number) => {
      const held = columns.set(account, 0, [{ market: 'A', size, entryNotional: 0, fundingIndex: 0 }]);
      drift.addSizes(columns, held, 1);
      return held;
    };
    // 10⁹ + 0.3 is rounded by some 10⁻⁸, which is left in the sum when both positions are closed.
    const [large, small] = [take('large', -1e9), take('small', -0.3)];
    drift.addSizes(columns, large, -1);
    drift.addSizes(columns, small, -1);
    drift.forget(0);
    take('new', 1e-6);
    const [then, now] = [
      { at: 0, marks: [2], indices: [0] },
      { at: 0, marks: [1], indices: [0] },
    ];
    // The new account is long, and loses its size.
    expect(drift.rise(then, now, () => 1, of)).toBeCloseTo(1e-6, 15);
  });

  it('knows nothing of a market without a mark in which somebody has a position', () => {
    const drift = new ExposureDrift();
    const columns = new AccountColumns(() => {
      drift.addMarket();
    });
    const held = columns.set('a', 0, [{ market: 'A', size: 1, entryNotional: 0, fundingIndex: 0 }]);
    const [then, now] = [
      { at: 0, marks: [1], indices: [0] },
      { at: 0, marks: [NaN], indices: [0] },
    ];
    drift.addSizes(columns, held, 1);
    expect(drift.rise(then, now, () => 1, of)).toBeNaN();
    expect(drift.rise(then, then, () => 1, of)).toBe(0);
  });
});
