import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { uniform } from '../../../test/support/arbitraries.js';
import {
  callSpread,
  exposureOf,
  liquidityFundingRates,
  liquidityPayout,
  riskContributions,
} from './index.js';

describe(callSpread, () => {
  it.each([
    // forward, price, delta: strikes 100 and 120
    [90, 0, 0],
    [100, 0, 0],
    [110, 10, 1],
    [120, 20, 0],
    [130, 20, 0],
  ])('of a certain forward of %d is the payoff', (forward, price, delta) => {
    expect(callSpread(forward, 100, 20, 0)).toMatchObject({ price, delta, gamma: 0, vega: 0 });
    expect(liquidityPayout(forward, 100, 20) + price).toBe(0);
  });

  it('of a certain forward between the strikes is past the first without doubt, and short of the second', () => {
    expect(callSpread(110, 100, 20, 0)).toMatchObject({ d1: Infinity, d2: -Infinity });
  });

  it('has the derivatives that differences of it show', () => {
    const step = 1e-4;
    fc.assert(
      fc.property(uniform(60, 160), uniform(1, 40), uniform(3, 30), (forward, width, s) => {
        const at = (move: number, stretch: number) => callSpread(forward + move, 100, width, s + stretch);
        const { delta, gamma, vega } = at(0, 0);
        const slope = (field: 'price' | 'delta', move: number, stretch: number) =>
          (at(move, stretch)[field] - at(-move, -stretch)[field]) / (2 * step);
        expect(slope('price', step, 0)).toBeCloseTo(delta, 7);
        expect(slope('delta', step, 0)).toBeCloseTo(gamma, 7);
        expect(slope('price', 0, step)).toBeCloseTo(vega, 7);
      }),
    );
  });
});

describe('a book without risk', () => {
  const book = {
    signedSizes: Float64Array.of(0, 0),
    entryNotionals: Float64Array.of(0, 0),
    capital: 10,
    liquidity: 20,
    pendingPremia: 0,
  };
  const returns = {
    factors: 0,
    loadings: new Float64Array(0),
    variances: new Float64Array(0),
    varianceRates: new Float64Array(0),
    own: Float64Array.of(0.01, 0.02),
    ownRates: Float64Array.of(1, 1),
  };
  const assessed = () => {
    const exposure = exposureOf(book, { prices: Float64Array.of(1, 1), returns, tailFactor: 1 });
    return { exposure, contributions: riskContributions(book, exposure) };
  };

  it('has no contributions', () => {
    const none = Float64Array.of(0, 0);
    expect(assessed().contributions).toEqual({ volatility: none, volatilityRate: none, beta: none });
  });

  it.each(['covariance', 'paper'] as const)('charges nobody for liquidity by %s', (allocation) => {
    const { exposure, contributions } = assessed();
    const spread = callSpread(exposure.forward, 10, 20, exposure.volatility);
    const means = { markets: Float64Array.of(0, 0), capital: 0 };
    expect(liquidityFundingRates(allocation, spread, exposure, means, contributions, 10, 20)).toEqual(means);
  });
});
