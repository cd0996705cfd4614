// Long because it is one list: each step of the model against its reference numbers.
import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { covarianceMatrix, type FactorForecast } from '#lib/risk';
import { randomStream } from '#lib/runtime';
import { describeWithRealData, realDataColumns } from '../../../../test/support/real-data.js';
import { referenceVector } from '../../../../test/support/vectors.js';
import { advanceLmGo, fitLmGo, horizonWeights, initialLmGoState, lmGoForecast } from './index.js';

function panel(n: number, length: number, seed: number): Float64Array[] {
  const random = randomStream(seed);
  const returns = Array.from({ length: n }, () => new Float64Array(length));
  let h = 1;
  for (let t = 0; t < length; t++) {
    const common = Math.sqrt(h) * random.normal();
    h = 0.1 + 0.2 * common * common + 0.7 * h;
    for (let i = 0; i < n; i++) returns[i][t] = 0.01 * (common * (0.5 + 0.1 * i) + 0.5 * random.normal());
  }
  return returns;
}
const names = (n: number) => Array.from({ length: n }, (_, i) => `M${i}`);
const at = (returns: readonly Float64Array[], t: number) => returns.map((series) => series[t]);

/** Largest difference of two lists, by the largest entry of the second. */
function distance(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  let [largest, scale] = [0, 0];
  expect(actual.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) {
    largest = Math.max(largest, Math.abs(actual[i] - expected[i]));
    scale = Math.max(scale, Math.abs(expected[i]));
  }
  return largest / scale;
}
const flat = (matrix: readonly (readonly number[])[]) => matrix.flat();

interface Reference {
  readonly label: string;
  readonly K: number;
  readonly c: number[];
  readonly vr: number[];
  readonly horizon_weights: Record<string, [number, number[]]>;
  readonly sigma_after_fit: Record<string, number[][]>;
  readonly sigma_after_updates: Record<string, number[][]>;
  readonly updates: number;
  readonly window: number;
}

function holdsTo(
  reference: Reference,
  returns: readonly Float64Array[],
  options: Parameters<typeof fitLmGo>[2],
): void {
  const { window, updates } = reference;
  const model = fitLmGo(
    names(returns.length),
    returns.map((series) => series.subarray(0, window)),
    options,
  );
  expect(model.factors).toBe(reference.K);
  expect(distance(model.levels, reference.c)).toBeLessThan(1e-9);
  const { common, own } = model.varianceRatio;
  expect(distance([common, own], [reference.vr[0], reference.vr.at(-1)!])).toBeLessThan(1e-9);
  for (const [horizon, [level, averages]] of Object.entries(reference.horizon_weights)) {
    const { sum } = horizonWeights(model, Number(horizon));
    expect(distance([sum.level, ...sum.averages], [level, ...averages])).toBeLessThan(1e-12);
  }
  let state = initialLmGoState(model);
  const sigma = (horizon: string) => covarianceMatrix(lmGoForecast(model, state, Number(horizon)));
  for (const [horizon, expected] of Object.entries(reference.sigma_after_fit))
    expect(distance(sigma(horizon), flat(expected))).toBeLessThan(1e-9);
  for (let t = window; t < window + updates; t++) state = advanceLmGo(model, state, at(returns, t));
  for (const [horizon, expected] of Object.entries(reference.sigma_after_updates))
    expect(distance(sigma(horizon), flat(expected))).toBeLessThan(1e-9);
}

describe('LM-GO against its NumPy reference', () => {
  type Synthetic = Reference & {
    readonly returns: number[][];
    readonly options: { constant?: number; tau?: number[]; target_mix?: number; factors?: number };
  };
  const synthetic = referenceVector<Synthetic[]>('lm-go', 'synthetic.json');
  it.each(synthetic.map((reference) => [reference.label, reference] as const))('%s', (_, reference) => {
    const { returns, options } = reference;
    const series = returns[0].map((__, i) => Float64Array.from(returns, (row) => row[i]));
    holdsTo(reference, series, {
      ...(options.constant === undefined ? {} : { constant: options.constant }),
      ...(options.tau === undefined ? {} : { decayTimes: options.tau }),
      ...(options.target_mix === undefined ? {} : { levelShare: options.target_mix }),
      ...(options.factors === undefined ? {} : { factors: options.factors }),
    });
  });
});

describeWithRealData('LM-GO against its NumPy reference on real prices', () => {
  type Real = Reference & {
    readonly markets: string[];
    readonly returns_from_row: number;
    readonly factors_option: number | null;
  };
  const { cases } = referenceVector<{ cases: Real[] }>('lm-go', 'reference.json');
  it.each(cases.map((reference) => [reference.label, reference] as const))('%s', (_, reference) => {
    const prices = realDataColumns('hourly_close_24.csv');
    const { returns_from_row: from, window, updates, markets, factors_option } = reference;
    const returns = markets.map((market) =>
      Float64Array.from({ length: window + updates }, (__, t) =>
        Math.log(prices[market][from + t + 1] / prices[market][from + t]),
      ),
    );
    holdsTo(reference, returns, factors_option === null ? {} : { factors: factors_option });
  });
});

const panels = fc.record({
  n: fc.integer({ min: 1, max: 7 }),
  length: fc.integer({ min: 13, max: 120 }),
  seed: fc.integer({ min: 1, max: 1_000_000 }),
  factors: fc.option(fc.integer({ min: 1, max: 7 }), { nil: undefined }),
});

describe(fitLmGo, () => {
  it('inverts its own map: Z W = 1, W_f V W_fᵀ = 1, whatever the window', () => {
    fc.assert(
      fc.property(panels, ({ n, length, seed, factors }) => {
        const {
          loadings,
          unmixing,
          deviations,
          factors: K,
        } = fitLmGo(names(n), panel(n, length, seed), { factors });
        const B = Matrix.from1DArray(n, K, loadings);
        const Wf = Matrix.from1DArray(K, n, unmixing);
        const s = Matrix.diag(deviations);
        const own = Matrix.diag(deviations.map((value) => 1 / value)).mmul(Matrix.eye(n, n).sub(B.mmul(Wf)));
        const product = B.mmul(Wf).add(s.mmul(own));
        expect(distance(product.to1DArray(), Matrix.eye(n, n).to1DArray())).toBeLessThan(1e-12);
        expect(distance(Wf.mmul(B).to1DArray(), Matrix.eye(K, K).to1DArray())).toBeLessThan(1e-8);
      }),
    );
  });

  it('has the weighted variances on the diagonal of BBᵀ + s²', () => {
    fc.assert(
      fc.property(panels, ({ n, length, seed, factors }) => {
        const returns = panel(n, length, seed);
        const { loadings, deviations, factors: K } = fitLmGo(names(n), returns, { factors });
        const weights = Array.from({ length }, (_, t) => 0.5 ** ((length - 1 - t) / 200));
        const total = weights.reduce((sum, weight) => sum + weight, 0);
        returns.forEach((series, i) => {
          const variance = series.reduce((sum, value, t) => sum + (weights[t] * value * value) / total, 0);
          const common = Array.from({ length: K }, (_, k) => loadings[i * K + k] ** 2).reduce(
            (a, b) => a + b,
            0,
          );
          // Where the floor of s² does not bind; where it does, the sum is above by at most the floor.
          const excess = (common + deviations[i] ** 2) / variance - 1;
          const floored = deviations[i] ** 2 < 1.001e-4 * variance;
          expect(Math.abs(excess)).toBeLessThan(floored ? 1.001e-4 : 1e-12);
        });
      }),
    );
  });

  it('is positive definite at every horizon, its terms never below 0', () => {
    fc.assert(
      fc.property(panels, fc.integer({ min: 1, max: 4000 }), ({ n, length, seed, factors }, tenths) => {
        const model = fitLmGo(names(n), panel(n, length, seed), { factors });
        const forecast = lmGoForecast(model, initialLmGoState(model), tenths / 10, 1);
        const { realEigenvalues } = new EigenvalueDecomposition(
          Matrix.from1DArray(n, n, covarianceMatrix(forecast)),
          { assumeSymmetric: true },
        );
        expect(Math.min(...realEigenvalues)).toBeGreaterThan(0);
        expect(Math.min(...forecast.variances, ...forecast.own)).toBeGreaterThan(0);
        expect(Math.min(...forecast.varianceRates, ...forecast.ownRates)).toBeGreaterThan(0);
      }),
    );
  });

  const afterTwoBars = (returns: readonly Float64Array[], length: number): FactorForecast => {
    const model = fitLmGo(
      names(returns.length),
      returns.map((series) => series.subarray(0, length)),
    );
    let state = initialLmGoState(model);
    for (let t = length; t < length + 2; t++) state = advanceLmGo(model, state, at(returns, t));
    return lmGoForecast(model, state, 12);
  };

  it('turns with its markets: a sign, a scale, an order of the returns is that of Σ', () => {
    const changes = fc.record({
      factors: fc.array(fc.integer({ min: 1, max: 4000 }), { minLength: 7, maxLength: 7 }),
      signs: fc.array(fc.constantFrom(1, -1), { minLength: 7, maxLength: 7 }),
      keys: fc.array(fc.integer(), { minLength: 7, maxLength: 7 }),
    });
    fc.assert(
      fc.property(panels, changes, ({ n, length, seed }, { factors, signs, keys }) => {
        const returns = panel(n, length + 2, seed);
        const order = names(n)
          .map((_, i) => i)
          .sort((a, b) => keys[a] - keys[b] || a - b);
        const scale = (i: number) => (signs[i] * factors[i]) / 100;
        const changed = order.map((i) => returns[i].map((value) => scale(i) * value));
        const before = covarianceMatrix(afterTwoBars(returns, length));
        const after = covarianceMatrix(afterTwoBars(changed, length));
        order.forEach((i, a) => {
          order.forEach((j, b) => {
            const deviation =
              Math.sqrt(before[i * n + i] * before[j * n + j]) * Math.abs(scale(i) * scale(j));
            const expected = scale(i) * scale(j) * before[i * n + j];
            expect(Math.abs(after[a * n + b] - expected)).toBeLessThan(1e-7 * deviation);
          });
        });
      }),
    );
  });

  it('fits doubled and nearly doubled series, and names one that does not move', () => {
    const [a, b] = panel(2, 200, 3);
    const { deviations } = fitLmGo(names(3), [a, b, a]);
    expect(Math.min(...deviations)).toBeGreaterThan(0);
    // As many factors as markets leave nothing of a market's own: no rounding is taken for a shock.
    const { factors, state, varianceRatio } = fitLmGo(names(2), [a, b], { factors: 2 });
    expect(factors).toBe(2);
    for (const value of state.slice(6)) expect(value).toBeLessThan(0.5);
    expect(varianceRatio.own).toBeGreaterThan(0.5);
    expect(() => fitLmGo(['A', 'FLAT'], [a, new Float64Array(200)])).toThrow(/FLAT.*did not move/);
    expect(() => fitLmGo(['A'], [a.subarray(0, 12)])).toThrow(/more than 12 bars.*got 12/);
    expect(() => fitLmGo([], [])).toThrow(/got 0 of 0/);
  });
});

describe(advanceLmGo, () => {
  const model = fitLmGo(names(6), panel(6, 400, 5));
  const start = initialLmGoState(model);
  const returns = at(panel(6, 1, 7), 0).map((value) => 3 * value);

  it('survives JSON', () => {
    const copy = JSON.parse(JSON.stringify(model)) as typeof model;
    expect(advanceLmGo(copy, initialLmGoState(copy), returns)).toEqual(advanceLmGo(model, start, returns));
  });

  it('learns of a bar with a missing market what it would learn from the return the others imply', () => {
    const missing: (number | null)[] = [...returns];
    missing[2] = null;
    const next = advanceLmGo(model, start, missing);
    // The implied return of market 2: the one at which its own shock is 0.
    const { factors: K, unmixing, loadings } = model;
    let implied = 0;
    for (let step = 0; step < 200; step++) {
      const filled = returns.map((value, i) => (i === 2 ? implied : value));
      const common = Array.from({ length: K }, (_, k) =>
        filled.reduce((sum, value, i) => sum + unmixing[k * 6 + i] * value, 0),
      );
      implied = common.reduce((sum, value, k) => sum + loadings[2 * K + k] * value, 0);
    }
    const full = advanceLmGo(
      model,
      start,
      returns.map((value, i) => (i === 2 ? implied : value)),
    );
    const own = (K + 2) * 3;
    next.forEach((value, i) => {
      if (i >= own && i < own + 3) return;
      expect(Math.abs(value - full[i])).toBeLessThan(1e-10 * full[i]);
    });
    // Its own variance is expected to stay constant.
    const h = (state: Float64Array) =>
      [0, 1, 2].reduce((sum, i) => sum + model.weights[i] * state[own + i], 0);
    const expected = [0, 1, 2].reduce(
      (sum, i) =>
        sum + model.weights[i] * (model.decays[i] * start[own + i] + (1 - model.decays[i]) * h(start)),
      0,
    );
    expect(h(next)).toBeCloseTo(expected, 12);
  });

  it('moves everything to its expectation where nothing is known', () => {
    const next = advanceLmGo(
      model,
      start,
      Array.from({ length: 6 }, () => null),
    );
    const one = lmGoForecast(model, next, 1);
    const two = lmGoForecast(model, start, 2);
    const first = lmGoForecast(model, start, 1);
    const ratio = 1 + (model.varianceRatio.common - 1) / 11;
    expect(one.variances[0]).toBeCloseTo(two.variances[0] / ratio - first.variances[0], 10);
  });
});

describe(lmGoForecast, () => {
  const model = {
    ...fitLmGo(names(4), panel(4, 300, 9)),
    varianceRatio: { horizon: 12, common: 1.3, own: 0.8 },
  };
  const state = initialLmGoState(model);

  it.each([0.4, 3.5, 11.5, 30.5])(
    'has the rate that differences over the horizon show, at %s bars',
    (horizon) => {
      const step = 1e-5;
      const [low, high] = [
        lmGoForecast(model, state, horizon - step),
        lmGoForecast(model, state, horizon + step),
      ];
      const { varianceRates, ownRates } = lmGoForecast(model, state, horizon);
      varianceRates.forEach((rate, k) => {
        expect(rate / ((high.variances[k] - low.variances[k]) / (2 * step))).toBeCloseTo(1, 7);
      });
      ownRates.forEach((rate, i) => {
        expect(rate / ((high.own[i] - low.own[i]) / (2 * step))).toBeCloseTo(1, 7);
      });
    },
  );

  it('does not fall below the variance of as many single bars where the ratio is floored at 1', () => {
    const free = lmGoForecast(model, state, 24);
    const floored = lmGoForecast(model, state, 24, 1);
    expect(floored.own[0] * 0.8).toBeCloseTo(free.own[0], 14);
    expect(floored.variances).toEqual(free.variances);
    expect(floored.ownRates[0] * 0.8).toBeCloseTo(free.ownRates[0], 14);
  });
});
