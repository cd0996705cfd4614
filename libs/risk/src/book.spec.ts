import { describe, expect, it } from 'vitest';
import { type Book, bookAfterTrade, dot, exposureOf, standardDeviation, total } from './index.js';

const BOOK: Book = {
  signedSizes: Float64Array.of(2, -3),
  entryNotionals: Float64Array.of(7, -20),
  ...{ capital: 100, liquidity: 1000, pendingPremia: 5 },
};
const FORECAST = {
  prices: Float64Array.of(4, 8),
  returns: {
    factors: 1,
    loadings: Float64Array.of(1, 0.5),
    variances: Float64Array.of(0.25),
    varianceRates: Float64Array.of(2),
    own: Float64Array.of(0.5, 0.0625),
    ownRates: Float64Array.of(1, -1),
  },
  tailFactor: 1.5,
};

describe(exposureOf, () => {
  it('is the mean, the deviation and its rate, and the products of the book with both matrices', () => {
    // x = (8, −24), Bᵀx = −4; Σx = (−1 + 4, −0.5 − 1.5), xᵀΣx = 72; Σ̇x = (−8 + 8, −4 + 24), xᵀΣ̇x = −480.
    expect(exposureOf(BOOK, FORECAST)).toEqual({
      ...{ forward: -16, totalEntryNotional: -13, mean: -16 - (-13 + 1100) },
      ...{ volatility: Math.sqrt(72), volatilityRate: -480 / (2 * Math.sqrt(72)) },
      covarianceTimesSize: Float64Array.of(3 * 4, -2 * 8),
      rateTimesSize: Float64Array.of(0, 20 * 8),
    });
  });

  it('has no rate without deviation', () => {
    const flat = exposureOf({ ...BOOK, signedSizes: Float64Array.of(0, 0) }, FORECAST);
    expect([flat.volatility, flat.volatilityRate, flat.forward]).toEqual([0, 0, 0]);
  });
});

describe(standardDeviation, () => {
  it.each([
    [4, 2],
    [1e-278, 1e-139],
    [1e-280, 0],
    [0, 0],
    [-1e-20, 0],
    [NaN, 0],
  ])('of a variance of %d is %d', (variance, expected) => {
    expect(standardDeviation(variance)).toBe(expected);
  });
});

describe(bookAfterTrade, () => {
  it('has the trade at its prices, and the same capital', () => {
    const after = bookAfterTrade(BOOK, Float64Array.of(1, -2), Float64Array.of(5, 10));
    expect(after).toEqual({
      ...BOOK,
      ...{ signedSizes: Float64Array.of(3, -5), entryNotionals: Float64Array.of(12, -40) },
    });
    expect([...BOOK.signedSizes]).toEqual([2, -3]);
  });
});

it('sums and products', () => {
  expect(dot(Float64Array.of(1, 2, 3), Float64Array.of(4, 5, 6))).toBe(32);
  expect(total(Float64Array.of(1, 2, 4))).toBe(7);
  expect([dot(Float64Array.of(), Float64Array.of()), total(Float64Array.of())]).toEqual([0, 0]);
});
