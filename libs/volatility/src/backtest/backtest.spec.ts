import { describe, expect, it } from 'vitest';
import { CccGarch } from '../baselines/ccc-garch.js';
import { EwmaCovariance } from '../baselines/ewma.js';
import { randomStream } from '#lib/runtime';
import { BACKTEST_MODELS, coverageTests, energyScore, rollingBacktest } from './index.js';

function gaussian(n: number, length: number, seed: number): Float64Array[] {
  const random = randomStream(seed);
  return Array.from({ length: n }, () => Float64Array.from({ length }, () => 0.01 * random.normal()));
}

describe(energyScore, () => {
  it('is the closed form of the CRPS in one dimension (Gneiting & Raftery 2007, equation 21)', () => {
    // CRPS(N(0, 1), 0.5) = 0.5·(2Φ(0.5) − 1) + 2φ(0.5) − 1/√π
    const expected = 0.5 * (2 * 0.6914624612740131 - 1) + 2 * 0.3520653267642995 - 1 / Math.sqrt(Math.PI);
    expect(energyScore(Float64Array.of(1), Float64Array.of(0.5))).toBeCloseTo(expected, 12);
    expect(energyScore(Float64Array.of(1e-6), Float64Array.of(5e-4))).toBeCloseTo(1e-3 * expected, 15);
  });

  it('is what sampling gives in three dimensions', () => {
    const covariance = Float64Array.of(1, 0.5, 0.2, 0.5, 2, -0.3, 0.2, -0.3, 0.5);
    const outcome = Float64Array.of(0.4, -1, 0.3);
    const random = randomStream(41);
    const lower = [1, 0, 0, 0.5, Math.sqrt(1.75), 0, 0.2, -0.4 / Math.sqrt(1.75), 0];
    lower[8] = Math.sqrt(0.5 - lower[6] ** 2 - lower[7] ** 2);
    const draw = () => {
      const z = [random.normal(), random.normal(), random.normal()];
      return [0, 1, 2].map((i) => lower[3 * i] * z[0] + lower[3 * i + 1] * z[1] + lower[3 * i + 2] * z[2]);
    };
    const norm = (v: number[]) => Math.hypot(...v);
    let score = 0;
    const samples = 200_000;
    for (let s = 0; s < samples; s++) {
      const [x, y] = [draw(), draw()];
      score += norm(x.map((value, i) => value - outcome[i])) - 0.5 * norm(x.map((value, i) => value - y[i]));
    }
    expect(Math.abs(energyScore(covariance, outcome) - score / samples)).toBeLessThan(0.01);
  });

  it('is smallest, on average, for the true covariance', () => {
    const outcomes = gaussian(2, 2000, 43);
    const mean = (variance: number) => {
      let sum = 0;
      for (let t = 0; t < 2000; t++)
        sum += energyScore(
          Float64Array.of(variance, 0, 0, variance),
          Float64Array.of(outcomes[0][t], outcomes[1][t]),
        );
      return sum;
    };
    expect(mean(1e-4)).toBeLessThan(mean(0.25e-4));
    expect(mean(1e-4)).toBeLessThan(mean(4e-4));
  });
});

describe(coverageTests, () => {
  it('reproduces a hand computation of Kupiec’s statistic', () => {
    // 10 violations in 200 at 1 %: LR = 2[10 ln(.05/.01) + 190 ln(.95/.99)]
    const hits = Array.from({ length: 200 }, (_, t) => t % 20 === 0);
    const { kupiec, rate, independence } = coverageTests(hits, 0.01);
    expect(rate).toBe(0.05);
    expect(kupiec.statistic).toBeCloseTo(2 * (10 * Math.log(5) + 190 * Math.log(0.95 / 0.99)), 10);
    expect(kupiec.pValue).toBeLessThan(0.001);
    expect(independence.statistic).toBeGreaterThan(0);
  });

  it('sees violations that cluster', () => {
    const clustered = Array.from({ length: 400 }, (_, t) => t >= 100 && t < 120);
    expect(coverageTests(clustered, 0.05).kupiec.pValue).toBeGreaterThan(0.9);
    expect(coverageTests(clustered, 0.05).independence.pValue).toBeLessThan(1e-6);
  });
});

describe('baselines', () => {
  it('EWMA is the exponentially weighted sum of outer products', () => {
    const returns = gaussian(2, 400, 45);
    const covariance = new EwmaCovariance(returns).horizonCovariance(3);
    let weighted = 0;
    for (let k = 0; k < 380; k++) weighted += 0.06 * 0.94 ** k * returns[0][399 - k] * returns[1][399 - k];
    expect(covariance[1]).toBeCloseTo(3 * weighted, 9);
  });

  it('CCC keeps univariate variances and a correlation; the diagonal model has none', () => {
    const [a, b] = gaussian(2, 800, 47);
    const mixed = [a, a.map((value, t) => 0.8 * value + 0.6 * b[t])];
    const ccc = new CccGarch(mixed, 'constant').horizonCovariance(1);
    const diagonal = new CccGarch(mixed, 'zero').horizonCovariance(1);
    expect(ccc[1] / Math.sqrt(ccc[0] * ccc[3])).toBeCloseTo(0.8, 1);
    expect(diagonal[1]).toBe(0);
    expect(diagonal[0]).toBeCloseTo(ccc[0], 12);
  });
});

describe(rollingBacktest, () => {
  it('gives one row a model and horizon', () => {
    const rows = rollingBacktest(gaussian(3, 320, 49), {
      window: 250,
      steps: 20,
      horizons: [1, 5],
      models: BACKTEST_MODELS,
      refitEvery: 10,
    });
    expect(rows.map(({ model, horizon }) => `${model}/${horizon}`)).toEqual(
      BACKTEST_MODELS.flatMap((model) => [`${model}/1`, `${model}/5`]),
    );
    for (const row of rows) {
      expect(row.energyScore).toBeGreaterThan(0);
      expect(row.coverage.map(({ equalWeight }) => equalWeight.observations)).toEqual(
        new Array(6).fill(row.horizon === 1 ? 20 : 4),
      );
    }
  });

  it('does not look ahead: the last outcome changes scores at its origins only', () => {
    const returns = gaussian(2, 300, 51);
    const options = { window: 200, steps: 10, horizons: [1], models: ['ccc'] as const, refitEvery: 1 };
    const shifted = returns.map((series) => series.map((value, t) => (t === 299 ? 5 * value : value)));
    const scores = [returns, shifted].map(
      (series) =>
        rollingBacktest(
          series.map((values) => values.subarray(0, 299)),
          options,
        )[0].energyScore,
    );
    expect(scores[0]).toBe(scores[1]);
  });

  it('says how many returns it needs', () => {
    expect(() =>
      rollingBacktest(gaussian(2, 100, 53), { window: 90, steps: 20, horizons: [4], models: ['ewma'] }),
    ).toThrow(/need 113 returns, got 100/);
  });
});
