import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InvalidInputError } from '#lib/errors';
import {
  absorbLoss,
  requireAlpha,
  requireCovariance,
  requireFinite,
  requireHorizon,
  requireLength,
  requirePrices,
  VestingSchedule,
} from './index.js';

describe(absorbLoss, () => {
  it('takes P first, then L, and names what is left', () => {
    expect(absorbLoss(30n, 100n, 50n)).toEqual({ byCapital: 30n, byLiquidity: 0n, shortfall: 0n });
    expect(absorbLoss(120n, 100n, 50n)).toEqual({ byCapital: 100n, byLiquidity: 20n, shortfall: 0n });
    expect(absorbLoss(170n, 100n, 50n)).toEqual({ byCapital: 100n, byLiquidity: 50n, shortfall: 20n });
    expect(absorbLoss(10n, -5n, 50n)).toEqual({ byCapital: 0n, byLiquidity: 10n, shortfall: 0n });
  });

  it('never loses a unit', () => {
    const units = fc.bigInt({ min: 0n, max: 10n ** 20n });
    fc.assert(
      fc.property(units, units, units, (loss, capital, liquidity) => {
        const { byCapital, byLiquidity, shortfall } = absorbLoss(loss, capital, liquidity);
        expect(byCapital + byLiquidity + shortfall).toBe(loss);
      }),
    );
  });

  it('refuses a negative loss', () => {
    expect(() => absorbLoss(-1n, 0n, 0n)).toThrow(InvalidInputError);
  });
});

describe(VestingSchedule, () => {
  it('gives back what is pending of an amount, and nothing of one that has vested', () => {
    const vesting = new VestingSchedule(1000, 10);
    vesting.collect(5, 700n);
    vesting.collect(7, 300n);
    expect(vesting.isPending(7)).toBe(true);
    expect(vesting.takeBack(5, 700n)).toBe(700n);
    expect(vesting.pending).toBe(300n);
    expect(vesting.takeBack(25, 1n)).toBe(0n);
    expect(vesting.vest(1010)).toBe(300n);
    expect(vesting.isPending(7)).toBe(false);
    expect(vesting.takeBack(7, 300n)).toBe(0n);
    expect(vesting.pending).toBe(0n);
  });

  it('holds what was collected for the horizon and no longer', () => {
    const schedule = new VestingSchedule(1000, 10);
    schedule.collect(100, 5n);
    schedule.collect(200, 7n);
    expect(schedule.pending).toBe(12n);
    expect(schedule.vest(1099)).toBe(0n);
    expect(schedule.vest(1100)).toBe(5n);
    expect(schedule.pending).toBe(7n);
    expect(schedule.vest(5000)).toBe(7n);
    expect(schedule.pending).toBe(0n);
  });

  it('gathers a bucket into one entry', () => {
    const schedule = new VestingSchedule(1000, 100);
    for (let at = 1; at <= 100; at++) schedule.collect(at, 1n);
    expect(schedule.entries()).toEqual([{ collectedAt: 100, amount: 100n }]);
  });

  it('goes on from entries that were there', () => {
    const schedule = new VestingSchedule(1000, 10, [
      { collectedAt: 100, amount: 5n },
      { collectedAt: 200, amount: -2n },
    ]);
    expect(schedule.pending).toBe(3n);
    expect(schedule.collect(205, 4n)).toEqual({ collectedAt: 210, amount: 4n });
    expect(schedule.vest(1100)).toBe(5n);
    expect(schedule.entries()).toEqual([
      { collectedAt: 200, amount: -2n },
      { collectedAt: 210, amount: 4n },
    ]);
    expect(schedule.vest(1210)).toBe(2n);
    expect([schedule.pending, schedule.entries().length]).toEqual([0n, 0]);
  });

  it('refuses time that runs backwards, and spans that are none', () => {
    const schedule = new VestingSchedule(1000, 1);
    schedule.collect(10, 1n);
    expect(() => schedule.collect(9, 1n)).toThrow(/before the last collection/);
    expect(schedule.collect(10, 1n)).toEqual({ collectedAt: 10, amount: 2n });
    for (const span of [0, -1, NaN]) {
      expect(() => new VestingSchedule(span, 1)).toThrow(/horizonMs/);
      expect(() => new VestingSchedule(1, span)).toThrow(/bucketMs/);
    }
  });
});

describe('input that no mathematics can be done with', () => {
  it('a list with an entry that is no number, or of another length', () => {
    expect(() => requireFinite([0, -1], 'x')).not.toThrow();
    for (const value of [NaN, Infinity, -Infinity])
      expect(() => requireFinite([0, value], 'x')).toThrow(`must be a finite number, got ${value}`);
    expect(() => requireFinite([0, NaN], 'x')).toThrow('x[1]');
    expect(() => requireLength([1, 2], 2, 'x')).not.toThrow();
    expect(() => requireLength([1, 2], 3, 'x')).toThrow('must have 3 entries, one a market, got 2');
    expect(() => requirePrices([1, 2])).not.toThrow();
    expect(() => requireAlpha(0.5)).not.toThrow();
    expect(() => requireHorizon(0.5)).not.toThrow();
  });

  it.each([NaN, Infinity, 0, -1])('price %s is refused by name', (price) => {
    expect(() => {
      requirePrices([1, price]);
    }).toThrow(/prices\[1\].*positive price/);
  });

  it.each([0, 1, -0.1, NaN])('α = %s is refused', (alpha) => {
    expect(() => {
      requireAlpha(alpha);
    }).toThrow(/alpha/);
  });

  it.each([0, -1, Infinity, NaN])('τ = %s is refused', (tau) => {
    expect(() => {
      requireHorizon(tau);
    }).toThrow(/tau/);
  });

  it('a covariance must be square, symmetric and positive semi-definite', () => {
    const check = (values: number[], n: number) => () => {
      requireCovariance(Float64Array.from(values), n, 'covariance');
    };
    expect(check([1, 2, 3], 2)).toThrow(/2×2.*got 3/);
    expect(check([], 0)).not.toThrow();
    expect(check([0, 0, 0, 0], 2)).not.toThrow();
    // Asymmetry and negative eigenvalues count from 1e-9 of the largest entry.
    expect(check([1000, 0, 2e-6, 1000], 2)).toThrow(/entry \(1,0\) is 0.*\(0,1\)|entry \(1,0\) is 0\.000002/);
    expect(check([1000, 0, 0.5e-6, 1000], 2)).not.toThrow();
    expect(check([1000, 0, 0, -3e-6], 2)).toThrow(/smallest eigenvalue is -0\.000003/);
    expect(check([1000, 0, 0, -1e-6], 2)).not.toThrow();
    expect(check([1, 0.5, 0.4, 1], 2)).toThrow(/symmetric/);
    expect(check([1, 2, 2, 1], 2)).toThrow(/positive semi-definite/);
    expect(check([1, NaN, NaN, 1], 2)).toThrow(/finite/);
    expect(check([1, 1, 1, 1], 2)).not.toThrow();
    const symmetric = [4, 1, 2, 1, 5, 3, 2, 3, 6];
    expect(check(symmetric, 3)).not.toThrow();
    for (const [row, column] of [
      [1, 0],
      [2, 0],
      [2, 1],
    ]) {
      const [lower, upper] = [3 * row + column, 3 * column + row];
      const found = `entry (${row},${column}) is 9 and (${column},${row}) is ${symmetric[upper]}`;
      expect(check(symmetric.with(lower, 9), 3)).toThrow(found);
    }
    expect(check([1, 1 + 1e-12, 1, 1], 2)).not.toThrow();
  });
});
