import { describe, expect, it } from 'vitest';
import { FundingIntegrals, type FundingSource } from './index.js';

// Powers of two, so that every sum is exact.
const FORECAST = {
  factors: 2,
  loadings: Float64Array.of(1, 2, -1, 0.5),
  variances: Float64Array.of(0.5, 0.25),
  varianceRates: Float64Array.of(2, -1),
  own: Float64Array.of(0.25, 0.5),
  ownRates: Float64Array.of(1, 3),
};
/** Exposures come with the sums of {@link ExposureSums} behind them. */
const FIRST: FundingSource = {
  ...{ exposures: Float64Array.of(4, 8, 99, 99), volatility: 2, volatilityRate: 1 },
  ...{ toExchange: 0.5, toLiquidity: 0.25 },
};
const SECOND: FundingSource = {
  ...{ exposures: Float64Array.of(1, 1, 99, 99), volatility: 1, volatilityRate: -2 },
  ...{ toExchange: 1, toLiquidity: 2 },
};
const A = { market: 0, price: 4, notional: 16 };
const B = { market: 1, price: 2, notional: -6 };

/** c·S·[Σ B_k p_k (ḋ_k − d_k ṡ/s) + x(ω̇ − ω ṡ/s)]/s of a year */
const AFTER_FIRST = [
  // 4·[7 − 18 + 16·(1 − 0.25·0.5)]/2 = 6 and 2·[−7 − 4.5 − 6·(3 − 0.5·0.5)]/2 = −28, times 0.5 and 0.25.
  { risk: 3, liquidity: 1.5 },
  { risk: -14, liquidity: -7 },
];

const afterFirst = () => {
  const integrals = new FundingIntegrals(FORECAST, 2);
  integrals.advance(FIRST, 1);
  return integrals;
};

describe(FundingIntegrals, () => {
  it('are the rates times the time', () => {
    const integrals = afterFirst();
    expect([A, B].map((market) => integrals.of(market))).toEqual(AFTER_FIRST);
    const halves = new FundingIntegrals(FORECAST, 2);
    for (const years of [0.25, 0.5, 0.25]) halves.advance(FIRST, years);
    expect([A, B].map((market) => halves.of(market))).toEqual(AFTER_FIRST);
  });

  it('are not moved by a new mark, which only changes what is added later', () => {
    const integrals = afterFirst();
    const dearer = { market: 0, price: 8, notional: 32 };
    integrals.changes(A, dearer);
    expect([dearer, B].map((market) => integrals.of(market))).toEqual(AFTER_FIRST);
    integrals.advance(SECOND, 0.25);
    // 8·[3 − 1 + 32·(1 + 0.5)]·0.25 = 100 and 2·[−3 − 0.25 − 6·(3 + 1)]·0.25 = −13.625; twice of it for the providers.
    expect(integrals.of(dearer)).toEqual({ risk: 103, liquidity: 201.5 });
    expect(integrals.of(B)).toEqual({ risk: -27.625, liquidity: -34.25 });
  });

  it('begin again for a market that is settled, and for no other', () => {
    const integrals = afterFirst();
    integrals.settled(B);
    expect(integrals.of(B)).toEqual({ risk: 0, liquidity: 0 });
    expect(integrals.of(A)).toEqual(AFTER_FIRST[0]);
    integrals.advance(SECOND, 0.25);
    expect(integrals.of(B)).toEqual({ risk: -13.625, liquidity: -27.25 });
    integrals.allSettled();
    expect([A, B].map((market) => integrals.of(market))).toEqual([
      { risk: 0, liquidity: 0 },
      { risk: 0, liquidity: 0 },
    ]);
    integrals.advance(FIRST, 1);
    expect([A, B].map((market) => integrals.of(market))).toEqual(AFTER_FIRST);
  });

  it('take rates that are at hand', () => {
    const integrals = afterFirst();
    integrals.advanceBy({ risk: Float64Array.of(8, 16), liquidity: Float64Array.of(2, -4) }, 0.5);
    expect(integrals.of(A)).toEqual({ risk: 7, liquidity: 2.5 });
    expect(integrals.of(B)).toEqual({ risk: -6, liquidity: -9 });
  });

  it('stand still in a book without risk', () => {
    const integrals = afterFirst();
    integrals.advance({ ...FIRST, volatility: 0, volatilityRate: 0 }, 1);
    expect([A, B].map((market) => integrals.of(market))).toEqual(AFTER_FIRST);
  });

  it('need no common factor', () => {
    const own = { factors: 0, loadings: new Float64Array(), variances: new Float64Array() };
    const integrals = new FundingIntegrals({ ...FORECAST, ...own, varianceRates: new Float64Array() }, 2);
    integrals.advance({ ...FIRST, exposures: Float64Array.of(99, 99, 99, 99) }, 1);
    expect(integrals.of(A)).toEqual({ risk: 14, liquidity: 7 });
  });

  it('go on from their state, which is a copy', () => {
    const integrals = afterFirst();
    integrals.changes(A, { ...A, price: 8 });
    const state = integrals.snapshot();
    const text = JSON.stringify(state);
    const restored = new FundingIntegrals(FORECAST, 2, state);
    for (const each of [integrals, restored]) {
      each.settled(B);
      each.advance(SECOND, 0.5);
      each.advanceBy({ risk: Float64Array.of(1, 2), liquidity: Float64Array.of(3, 4) }, 1);
    }
    expect(restored.snapshot()).toEqual(integrals.snapshot());
    expect(JSON.stringify(state)).toBe(text);
    expect(restored.of(B)).not.toEqual({ risk: 0, liquidity: 0 });
  });
});
