import { describe, expect, it } from 'vitest';
import { randomStream } from '#lib/runtime';
import { DccNonlinear } from '../baselines/dcc-nl.js';
import { RiskMetrics2006 } from '../baselines/riskmetrics-2006.js';
import { dieboldMariano, dynamicQuantile, PortfolioCoverage, rollingBacktest } from './index.js';

function gaussian(n: number, length: number, seed: number, correlation = 0): Float64Array[] {
  const random = randomStream(seed);
  const returns = Array.from({ length: n }, () => new Float64Array(length));
  for (let t = 0; t < length; t++) {
    const common = random.normal();
    for (let i = 0; i < n; i++)
      returns[i][t] = 0.01 * (Math.sqrt(correlation) * common + Math.sqrt(1 - correlation) * random.normal());
  }
  return returns;
}

describe(dieboldMariano, () => {
  it('is the t of a mean where outcomes do not overlap, by hand', () => {
    // Differences 1, 2, 3, 6: mean 3, variance 14/4, t = 3/√(3.5/4).
    expect(dieboldMariano([2, 4, 6, 10], [1, 2, 3, 4], 0)).toBeCloseTo(3 / Math.sqrt(3.5 / 4), 12);
    expect(dieboldMariano([1, 2, 3, 4], [2, 4, 6, 10], 0)).toBeCloseTo(-3 / Math.sqrt(3.5 / 4), 12);
  });

  it('takes autocorrelation of overlapping outcomes for less evidence', () => {
    const rising = Array.from({ length: 40 }, (_, t) => 1 + Math.sin(t / 6));
    const zero = rising.map(() => 0);
    expect(dieboldMariano(rising, zero, 5)).toBeLessThan(0.6 * dieboldMariano(rising, zero, 0));
  });
});

describe(dynamicQuantile, () => {
  const bounds = (length: number) => Array.from({ length }, (_, t) => 1 + 0.2 * Math.sin(t));
  it('keeps its level for independent hits and sees hits that follow each other', () => {
    const random = randomStream(3);
    let rejected = 0;
    for (let run = 0; run < 200; run++) {
      const hits = Array.from({ length: 500 }, () => random.uniform() < 0.05);
      if (dynamicQuantile(hits, bounds(500), 0.05)!.pValue < 0.05) rejected++;
    }
    expect(rejected).toBeLessThan(28);
    const clustered = Array.from({ length: 500 }, (_, t) => t % 100 < 5);
    expect(dynamicQuantile(clustered, bounds(500), 0.05)!.pValue).toBeLessThan(1e-6);
  });

  it('says nothing of a handful of observations or of none that was hit', () => {
    expect(dynamicQuantile([true, false, true], [1, 1, 1], 0.05)).toBeNull();
    const never = new Array<boolean>(100).fill(false);
    expect(dynamicQuantile(never, bounds(100), 0.01)).toBeNull();
  });
});

describe(PortfolioCoverage, () => {
  it('is at its level for the true covariance, and EVaR is passed less often than VaR', () => {
    const coverage = new PortfolioCoverage(3);
    const outcomes = gaussian(3, 2000, 5);
    const covariance = Float64Array.of(1e-4, 0, 0, 0, 1e-4, 0, 0, 0, 1e-4);
    for (let t = 0; t < 2000; t++)
      coverage.add(
        covariance,
        Float64Array.from(outcomes, (series) => series[t]),
      );
    for (const { bound, level, randomBooks, equalWeight } of coverage.result()) {
      if (bound === 'VaR') {
        expect(randomBooks / level).toBeGreaterThan(0.7);
        expect(randomBooks / level).toBeLessThan(1.3);
        expect(equalWeight.kupiec.pValue).toBeGreaterThan(0.01);
      } else expect(randomBooks).toBeLessThan(0.5 * level);
    }
  });
});

describe('baselines of the literature', () => {
  it('RiskMetrics 2006 weighs the newest return by Σ w_k (1 − e^(−1/τ_k))', () => {
    const returns = gaussian(2, 300, 7);
    const [before, after] = [new RiskMetrics2006(returns), new RiskMetrics2006(returns)];
    after.update(Float64Array.of(0.05, 0));
    const times = Array.from({ length: 15 }, (_, k) => 4 * Math.SQRT2 ** k);
    const raw = times.map((time) => 1 - Math.log(time) / Math.log(1560));
    const total = raw.reduce((a, b) => a + b, 0);
    const newest = times.reduce((sum, time, k) => sum + (raw[k] / total) * (1 - Math.exp(-1 / time)), 0);
    const other = new RiskMetrics2006(returns);
    other.update(Float64Array.of(0, 0));
    const jump = after.horizonCovariance(1)[0] - other.horizonCovariance(1)[0];
    expect(jump).toBeCloseTo(newest * 0.0025, 12);
    expect(before.horizonCovariance(12)[3]).toBeCloseTo(12 * before.horizonCovariance(1)[3], 12);
  });

  it('DCC-NL finds a correlation that holds, and forecasts one that reverts to it', () => {
    const returns = gaussian(4, 900, 9, 0.6);
    const model = new DccNonlinear(returns);
    expect(model.news + model.memory).toBeLessThan(1);
    const correlation = (horizon: number) => {
      const covariance = model.horizonCovariance(horizon);
      return covariance[1] / Math.sqrt(covariance[0] * covariance[5]);
    };
    expect(correlation(1)).toBeGreaterThan(0.45);
    expect(correlation(1)).toBeLessThan(0.75);
    model.update(Float64Array.of(0.06, -0.06, 0.06, -0.06));
    const [now, later] = [correlation(1), correlation(200)];
    expect(now).toBeLessThanOrEqual(later);
  });
});

describe(rollingBacktest, () => {
  const returns = gaussian(3, 400, 11, 0.4);
  const options = {
    window: 200,
    steps: 12,
    horizons: [1, 3],
    models: ['lm-go', 'ewma'] as const,
    refitEvery: 4,
  };

  it('takes the first origins or the last ones, the same for all models', () => {
    const first = rollingBacktest(
      returns.map((series) => series.subarray(0, 214)),
      options,
    );
    expect(rollingBacktest(returns, options).map(({ energyScore }) => energyScore)).toEqual(
      first.map(({ energyScore }) => energyScore),
    );
    const last = rollingBacktest(returns, { ...options, from: 'last' });
    const tail = returns.map((series) => series.subarray(400 - 214));
    expect(last.map(({ energyScore }) => energyScore)).toEqual(
      rollingBacktest(tail, options).map(({ energyScore }) => energyScore),
    );
  });

  it('compares losses with one model, and refuses one that does not run', () => {
    const rows = rollingBacktest(returns, { ...options, against: 'ewma' });
    expect(rows.filter(({ dieboldMariano: t }) => t === null).map(({ model }) => model)).toEqual([
      'ewma',
      'ewma',
    ]);
    const [lmGo, , ewma] = rows;
    expect(lmGo.dieboldMariano!.energyScore).toBeCloseTo(
      dieboldMariano(lmGo.energyScores, ewma.energyScores, 0),
      12,
    );
    expect(() => rollingBacktest(returns, { ...options, against: 'ccc' })).toThrow(/against.*got ccc/);
  });

  it('names what stood in for a model that could not be estimated, and counts how often', () => {
    // Gaussian returns have no independent components to be found: every rotation is as good.
    const random = randomStream(17);
    const noise = Array.from({ length: 4 }, () =>
      Float64Array.from({ length: 210 }, () => 0.01 * random.normal()),
    );
    const options = { window: 200, steps: 3, horizons: [1], models: ['gogarch', 'ewma'] as const };
    const [goGarch, ewma] = rollingBacktest(noise, options);
    expect(goGarch.fallbacks).toEqual({ 'orthogonal GARCH, as ICA found no independent components': 3 });
    expect(ewma.fallbacks).toEqual({});
  });
});
