import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { randomStream } from '#lib/runtime';
import { fitMarketModel } from '../market/index.js';
import { clusterByLinkage, engleGranger, PairMoments } from './index.js';

/** Random walks, those of one group driven by a common one. */
function walks(groups: readonly number[], length: number, seed: number): Float64Array[] {
  const random = randomStream(seed);
  return groups.flatMap((count) => {
    const common = new Float64Array(length);
    for (let t = 1; t < length; t++) common[t] = common[t - 1] + 0.01 * random.normal();
    return Array.from({ length: count }, (_, i) => {
      let noise = 0;
      return common.map((value) => {
        noise = 0.4 * noise + 0.004 * random.normal();
        return 3 + i + (1 + 0.3 * i) * value + (count === 1 ? 0 : noise);
      });
    });
  });
}

describe(PairMoments, () => {
  it('gives each pair what Engle–Granger on the pair gives', () => {
    const cases = fc.record({
      seed: fc.integer({ min: 1, max: 1_000_000 }),
      length: fc.integer({ min: 60, max: 400 }),
      lags: fc.option(fc.integer({ min: 0, max: 9 }), { nil: undefined }),
    });
    fc.assert(
      fc.property(cases, ({ seed, length, lags }) => {
        const series = walks([2, 1, 1], length, seed);
        const moments = new PairMoments(series, lags);
        for (const [y, x] of [
          [0, 1],
          [1, 0],
          [2, 3],
          [3, 0],
        ]) {
          const expected = engleGranger(series[y], series[x], { maximumLag: lags });
          const found = moments.test(y, x);
          expect(found.usedLag).toBe(expected.usedLag);
          expect(Math.abs(found.statistic - expected.statistic)).toBeLessThan(1e-6);
          expect(found.slope).toBeCloseTo(expected.slope, 8);
          expect(found.intercept).toBeCloseTo(expected.intercept, 6);
          expect(Math.abs(found.pValue - expected.pValue)).toBeLessThan(1e-6);
          expect(found.criticalValues).toEqual(expected.criticalValues);
        }
      }),
      { numRuns: 40 },
    );
  });

  it('sees a multiple of a series as collinear with it, and names one that is too short', () => {
    const [walk] = walks([1], 200, 3);
    const moments = new PairMoments([walk, walk.map((value) => 2 * value + 1)]);
    expect(moments.test(1, 0)).toMatchObject({ statistic: -Infinity, pValue: 0 });
    expect(() => new PairMoments([walk.subarray(0, 9)], 5)).toThrow(/too short: 9 observations for 5 lags/);
    expect(() => new PairMoments([walk, new Float64Array(200).fill(2)]).test(0, 1)).toThrow(
      /series\[1\].*constant/,
    );
  });
});

describe(clusterByLinkage, () => {
  it('puts every market with its nearest, whether that is significant or not, and never more than fit', () => {
    const { clusters, pairs } = clusterByLinkage(walks([3, 1, 1, 3, 1], 500, 5), { maximumSize: 3 });
    expect(clusters.flatMap(({ members }) => members).sort((a, b) => a - b)).toEqual([
      0, 1, 2, 3, 4, 5, 6, 7, 8,
    ]);
    expect(Math.max(...clusters.map(({ members }) => members.length))).toBe(3);
    expect(clusters.map(({ members }) => members)).toContainEqual([0, 1, 2]);
    expect(clusters.map(({ members }) => members)).toContainEqual([5, 6, 7]);
    // The three unrelated walks are a group too, though no pair is cointegrated.
    expect(clusters.map(({ members }) => members)).toContainEqual([3, 4, 8]);
    const unrelated = pairs.filter(
      ({ first, second }) => [3, 4, 8].includes(first) && [3, 4, 8].includes(second),
    );
    expect(unrelated.some(({ cointegrated }) => cointegrated)).toBe(false);
    expect(clusters[0].cointegration!.rank).toBeGreaterThan(0);
  });

  it('goes on where a market is another one late: the group says why it has no description', () => {
    const [a, b, c] = walks([1, 1, 1], 400, 7);
    const late = a.map((_, t) => a[Math.max(0, t - 1)]);
    const returns = [a, b, late, c].map((series) =>
      series.map((value, t) => (t === 0 ? 0 : value - series[t - 1])),
    );
    const markets = ['A', 'B', 'LATE-A', 'C'];
    for (const clusters of ['linkage', 'cointegration'] as const) {
      const { model } = fitMarketModel(markets, returns, { clusters });
      expect(model.markets).toEqual(markets);
    }
    const { clusters } = clusterByLinkage([a, late, b, c], { maximumSize: 2 });
    expect(clusters.map(({ members }) => members)).toContainEqual([0, 1]);
    const [pair, other] = clusters;
    expect(pair.cointegration).toBeNull();
    expect(pair.undescribed).toMatch(/repeats another one’s past/);
    expect(other.cointegration).not.toBeNull();
  });
});
