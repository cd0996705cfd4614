import { describe, expect, it } from 'vitest';
import type { FactorForecast } from '#lib/risk';
import { guardedDeviations } from './guarded-deviations.js';

const MULTIPLE = 1.2 * Math.sqrt(-2 * Math.log(0.01));
const TAILS = [{ alpha: 0.01, factor: 1.2 }];

/** Independent markets of these deviations. */
const form = (...deviations: number[]): FactorForecast => ({
  ...{ factors: 0, loadings: new Float64Array(0) },
  ...{ variances: new Float64Array(0), varianceRates: new Float64Array(0) },
  own: Float64Array.from(deviations, (value) => value * value),
  ownRates: new Float64Array(deviations.length),
});

describe(guardedDeviations, () => {
  it('takes a market’s first forecast as it is, and then moves its requirement by five points a bar', () => {
    const first = guardedDeviations(['A', 'B'], form(0.02, 0.03), TAILS, 0.01, []);
    expect(first.deviations[0]).toBeCloseTo(0.02, 14);
    expect(first.deviations[1]).toBeCloseTo(0.03, 14);
    const next = guardedDeviations(['A', 'B'], form(0.2, 0.031), TAILS, 0.01, first.requirements);
    expect(next.deviations[0] * MULTIPLE).toBeCloseTo(0.02 * MULTIPLE + 0.05, 12);
    expect(next.deviations[1]).toBeCloseTo(0.031, 14);
    const after = guardedDeviations(['A'], form(0.0001), TAILS, 0.01, next.requirements);
    expect(after.deviations[0] * MULTIPLE).toBeCloseTo(0.02 * MULTIPLE, 12);
    // B has left the model: its requirement stays, as the oracle's does.
    expect(new Map(after.requirements).get('B')).toBeCloseTo(0.031 * MULTIPLE, 12);
  });

  it('starts within the limits', () => {
    const { requirements } = guardedDeviations(['A', 'B'], form(3, 1e-6), TAILS, 0.01, []);
    expect(requirements.map(([, share]) => share)).toEqual([1, 0.001]);
  });

  it('has a factor of one before there is any', () => {
    const { requirements } = guardedDeviations(['A'], form(0.02), [], 0.01, []);
    expect(requirements[0][1]).toBeCloseTo(0.02 * Math.sqrt(-2 * Math.log(0.01)), 14);
  });
});
