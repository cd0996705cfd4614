import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InvalidInputError } from '#lib/errors';
import { logUniform, uniform } from '../../../test/support/arbitraries.js';
import { fairValue } from './fair-value.js';

const positive = logUniform(1e-3, 1e6);

describe(fairValue, () => {
  it('is the value of reserves in balance', () => {
    // Half of 1000 in each: 5 at 100, 500 at 1.
    expect(fairValue([5, 500], [0.5, 0.5], [100, 1])).toBeCloseTo(1000, 9);
    expect(fairValue([2, 300, 100], [0.6, 0.3, 0.1], [300, 1, 1])).toBeCloseTo(1000, 9);
  });

  it('does not move with trades along the invariant, whatever their size; what reserves are worth at the marks only rises', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            reserve: positive,
            price: positive,
            part: uniform(0.05, 1),
          }),
          {
            minLength: 2,
            maxLength: 8,
          },
        ),
        logUniform(0.01, 100),
        (tokens, factor) => {
          const whole = tokens.reduce((sum, { part }) => sum + part, 0);
          const weights = tokens.map(({ part }) => part / whole);
          const prices = tokens.map(({ price }) => price);
          const before = tokens.map(({ reserve }) => reserve);
          // In of the first, out of the second: R₀^{w₀}·R₁^{w₁} stays.
          const after = [...before];
          after[0] *= factor;
          after[1] *= factor ** (-weights[0] / weights[1]);
          const fair = fairValue(before, weights, prices);
          expect(Math.abs(fairValue(after, weights, prices) / fair - 1)).toBeLessThan(1e-10);
          const atMarks = after.reduce((sum, reserve, i) => sum + reserve * prices[i], 0);
          expect(atMarks).toBeGreaterThanOrEqual(fair * (1 - 1e-10));
        },
      ),
    );
  });

  it('refuses what has no value', () => {
    expect(() => fairValue([0, 1], [0.5, 0.5], [1, 1])).toThrow(InvalidInputError);
    expect(() => fairValue([1, 1], [0.5, 0.5], [1, Number.NaN])).toThrow(InvalidInputError);
    expect(() => fairValue([1], [0.5, 0.5], [1, 1])).toThrow(InvalidInputError);
  });
});
