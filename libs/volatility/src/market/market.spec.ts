import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { uniform } from '../../../../test/support/arbitraries.js';
import { randomStream } from '#lib/runtime';
import { covarianceMatrix, rateOf } from '#lib/risk';
import { advanceFilter, fitMarketModel, goGarchForecast, initialFilterState } from './index.js';

/** Correlated GARCH-like returns of n markets. */
function panel(n: number, length: number, seed: number): Float64Array[] {
  const random = randomStream(seed);
  const returns = Array.from({ length: n }, () => new Float64Array(length));
  let h = 1;
  for (let t = 0; t < length; t++) {
    const common = Math.sqrt(h) * random.normal();
    h = 0.1 + 0.2 * common * common + 0.7 * h;
    for (let i = 0; i < n; i++) returns[i][t] = 0.01 * (common * (0.5 + 0.1 * i) + 0.3 * random.normal());
  }
  return returns;
}
const names = (n: number) => Array.from({ length: n }, (_, i) => `M${i}`);

describe(fitMarketModel, () => {
  it.each(['cointegration', 'single', 'none'] as const)(
    'with clusters %s gives a covariance that is PSD at any horizon',
    (clusters) => {
      const { model } = fitMarketModel(names(5), panel(5, 500, 3), { clusters });
      const state = initialFilterState(model);
      fc.assert(
        fc.property(uniform(0.1, 500), (horizon) => {
          const covariance = covarianceMatrix(goGarchForecast(model, state, horizon));
          const { realEigenvalues } = new EigenvalueDecomposition(Matrix.from1DArray(5, 5, covariance), {
            assumeSymmetric: true,
          });
          expect(Math.min(...realEigenvalues)).toBeGreaterThan(0);
        }),
        { numRuns: 40 },
      );
    },
  );

  it('has the rate that differences over the horizon show', () => {
    const { model } = fitMarketModel(names(4), panel(4, 600, 5), { clusters: 'none' });
    const state = initialFilterState(model);
    // Within a step D(τ) is linear, so a difference inside the last step is exact up to the square root.
    const at = (horizon: number) => covarianceMatrix(goGarchForecast(model, state, horizon));
    const [low, high] = [at(11.5 - 1e-5), at(11.5 + 1e-5)];
    covarianceMatrix(rateOf(goGarchForecast(model, state, 11.5))).forEach((rate, i) => {
      expect(Math.abs((high[i] - low[i]) / 2e-5 - rate)).toBeLessThan(1e-6 * Math.abs(rate) + 1e-14);
    });
  });

  it('keeps each cluster’s own covariance whatever the others do', () => {
    const returns = panel(4, 500, 7);
    const joint = fitMarketModel(names(4), returns, { clusters: 'none' });
    const alone = fitMarketModel(['M2'], [returns[2]], { clusters: 'none' });
    const together = covarianceMatrix(goGarchForecast(joint.model, initialFilterState(joint.model), 24));
    const single = covarianceMatrix(goGarchForecast(alone.model, initialFilterState(alone.model), 24));
    expect(together[2 * 4 + 2]).toBeCloseTo(single[0], 14);
    expect(Math.abs(together[1])).toBeGreaterThan(0.2 * together[0]);
  });

  it('leaves cross blocks empty in mode zero', () => {
    const { model } = fitMarketModel(names(3), panel(3, 400, 9), {
      clusters: 'none',
      crossCorrelation: 'zero',
    });
    const covariance = covarianceMatrix(goGarchForecast(model, initialFilterState(model), 5));
    expect(covariance[1]).toBe(0);
    expect(covariance[5]).toBe(0);
  });

  it('leaves constant and collinear markets out by name and models the rest', () => {
    const returns = panel(3, 400, 11);
    const { model, excluded } = fitMarketModel(
      ['A', 'FLAT', 'B', 'TWICE-A', 'C'],
      [returns[0], new Float64Array(400), returns[1], returns[0].map((value) => 2 * value), returns[2]],
    );
    expect(model.markets).toEqual(['A', 'B', 'C']);
    expect(excluded).toEqual([
      { market: 'FLAT', reason: 'is constant: its price did not move' },
      { market: 'TWICE-A', reason: 'is collinear with the markets before it' },
    ]);
  });

  it('lets a group that cannot be fitted fall apart, and leaves out by name what cannot be fitted alone', () => {
    const returns = panel(3, 400, 19);
    // Barely moves: below the variance that a GARCH takes for one.
    const still = returns[1].map((value) => 1e-13 * value);
    const { model, excluded } = fitMarketModel(['A', 'STILL', 'B'], [returns[0], still, returns[2]], {
      clusters: 'single',
    });
    expect(model.markets).toEqual(['A', 'B']);
    expect(excluded).toEqual([
      { market: 'STILL', reason: expect.stringMatching(/cannot be fitted|constant/) as string },
    ]);
  });

  it('refuses too little data and returns that are not numbers', () => {
    expect(() => fitMarketModel(['A'], [new Float64Array(20)])).toThrow(/too few: 20/);
    const broken = panel(1, 200, 13)[0];
    broken[17] = Infinity;
    expect(() => fitMarketModel(['A'], [broken])).toThrow(/returns\.A\[17\]/);
    expect(() => fitMarketModel(['A'], [new Float64Array(200)])).toThrow(/no usable market: A is constant/);
  });
});

describe(advanceFilter, () => {
  it('ends where a fit’s own recursion ends, and survives JSON on the way', () => {
    const returns = panel(3, 500, 15);
    const { model } = fitMarketModel(names(3), returns, { clusters: 'single' });
    const copy = JSON.parse(JSON.stringify(model)) as typeof model;
    // Unconditional variances forget themselves: filtering the whole window from anywhere gives the last state.
    let state = new Float64Array(model.factors).fill(1);
    for (let t = 0; t < 500; t++)
      state = advanceFilter(
        copy,
        state,
        returns.map((series) => series[t]),
      ) as typeof state;
    initialFilterState(model).forEach((value, k) => {
      expect(Math.abs(state[k] - value)).toBeLessThan(1e-6 * value);
    });
  });

  it('moves a cluster with a missing return to its expectation', () => {
    const { model } = fitMarketModel(names(2), panel(2, 500, 17), { clusters: 'none' });
    const state = initialFilterState(model);
    const next = advanceFilter(model, state, [0.05, null]);
    const { omega, alpha, beta } = model.clusters[1].goGarch.garch[0].parameters;
    expect(next[1]).toBeCloseTo(omega + (alpha + beta) * state[1], 14);
    expect(next[0]).toBeGreaterThan(1.5 * state[0]);
  });
});
