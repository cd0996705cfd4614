import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { uniform } from '../../../test/support/arbitraries.js';
import { randomStream } from '#lib/runtime';
import { tailFactor, type TailState, TailTracker } from './tail-tracker.js';

describe(tailFactor, () => {
  const scored = fc.array(
    fc.record({ regime: uniform(-1, 1), tail: fc.array(uniform(3.04, 9), { maxLength: 6 }) }),
    { minLength: 60, maxLength: 120 },
  );

  it('is the smallest factor that leaves at most a share α above it', () => {
    fc.assert(
      fc.property(scored, uniform(-1, 1), fc.constantFrom(0.01, 0.02), (forecasts, regime, alpha) => {
        const factor = tailFactor(forecasts, regime, alpha);
        const threshold = Math.sqrt(-2 * Math.log(alpha));
        const weights = forecasts.map((one) => Math.exp(-0.5 * ((one.regime - regime) / 0.5) ** 2));
        const total = weights.reduce((sum, weight) => sum + weight, 0.01);
        /** Weight of the losses above κ·threshold, those at it counted where `at`. */
        const above = (kappa: number, at: boolean) =>
          forecasts.reduce((sum, { tail }, i) => {
            const beyond = tail.filter((loss) => loss > kappa * threshold * (at ? 1 - 1e-12 : 1 + 1e-12));
            return sum + (weights[i] * beyond.length) / 100;
          }, 0.01);
        expect(factor).toBeGreaterThanOrEqual(1);
        expect(above(factor, false)).toBeLessThanOrEqual(alpha * total * (1 + 1e-9));
        if (factor > 1) expect(above(factor, true)).toBeGreaterThan(alpha * total);
      }),
    );
  });

  it('is the largest loss seen where the past is too short to tell, and 1 where nothing was lost', () => {
    expect(tailFactor([{ regime: 0, tail: [5] }], 0, 0.001)).toBeCloseTo(
      5 / Math.sqrt(-2 * Math.log(0.001)),
      12,
    );
    expect(tailFactor([], 0, 0.001)).toBe(1);
  });
});

describe(TailTracker, () => {
  const markets = ['A', 'B', 'C'];
  const forecast = {
    factors: 0,
    loadings: new Float64Array(),
    variances: new Float64Array(),
    varianceRates: new Float64Array(),
    own: new Float64Array(3).fill(4e-4),
    ownRates: new Float64Array(3),
  };

  /** Independent returns of the forecast variance over 4 bars, each scaled by `shock`. */
  function run(bars: number, shock: (random: ReturnType<typeof randomStream>) => number) {
    const random = randomStream(5);
    const closes: Map<string, number>[] = [new Map(markets.map((market) => [market, 100]))];
    let tracker = new TailTracker([0.01, 0.001], 4, 1000);
    for (let number = 1; number <= bars; number++) {
      const scale = shock(random);
      const prices = new Map(
        markets.map((market) => [
          market,
          closes[number - 1].get(market)! * Math.exp(0.01 * scale * random.normal()),
        ]),
      );
      closes.push(prices);
      // Restored at every bar: nothing is remembered elsewhere.
      tracker = new TailTracker(
        [0.01, 0.001],
        4,
        1000,
        JSON.parse(JSON.stringify(tracker.snapshot())) as TailState,
      );
      tracker.advance(markets, forecast, { end: number * 60, number, prices }, 60, (end) => closes[end / 60]);
    }
    return tracker.factors(forecast).map(({ factor }) => factor);
  }

  it('leaves Gaussian losses alone at 1 % and raises the bar for fat ones, the rarer the more', () => {
    expect(run(600, () => 1)[0]).toBe(1);
    const [one, rare] = run(600, (random) => (random.uniform() < 0.03 ? 12 : 1));
    expect(one).toBeGreaterThan(1.2);
    expect(rare).toBeGreaterThan(one);
  });

  it('publishes nothing without levels, and begins anew with other markets', () => {
    const bar = { end: 60, number: 1, prices: new Map([['A', 1]]) };
    const none = new TailTracker([], 4, 100);
    none.advance(markets, forecast, bar, 60, () => undefined);
    expect(none.factors(forecast)).toEqual([]);
    const tracker = new TailTracker([0.01], 4, 100);
    tracker.advance(markets, forecast, bar, 60, () => undefined);
    expect(tracker.snapshot().pending).toHaveLength(1);
    tracker.advance(['A', 'B', 'D'], forecast, { ...bar, end: 120, number: 2 }, 60, () => undefined);
    expect(tracker.snapshot().pending).toHaveLength(1);
    expect(tracker.snapshot().pending[0].end).toBe(120);
  });
});
