import { describe, expect, it } from 'vitest';
import type { CovariancePayload } from '#lib/messages';
import { InvalidInputError } from '#lib/errors';
import { factorForecastOf, tailFactorAt } from './forecast-message.js';

const MESSAGE = {
  ...{ markets: ['A', 'B'], factors: 1, loadings: [1, 2], factorVariances: [3], factorVarianceRates: [4] },
  ...{ ownVariances: [5, 6], ownVarianceRates: [7, 8] },
} as unknown as CovariancePayload;

describe(factorForecastOf, () => {
  it('takes each list of the message for what it is, and keeps the form of a message that it has read', () => {
    const forecast = factorForecastOf(MESSAGE);
    expect({ ...forecast }).toEqual({
      ...{ factors: 1, loadings: Float64Array.of(1, 2), variances: Float64Array.of(3) },
      ...{ varianceRates: Float64Array.of(4), own: Float64Array.of(5, 6), ownRates: Float64Array.of(7, 8) },
    });
    expect(factorForecastOf(MESSAGE)).toBe(forecast);
    expect(factorForecastOf({ ...MESSAGE })).not.toBe(forecast);
  });

  it('refuses one that is no covariance, each time', () => {
    const broken = { ...MESSAGE, ownVariances: [5, -6] };
    for (let i = 0; i < 2; i++) expect(() => factorForecastOf(broken)).toThrow(InvalidInputError);
  });
});

describe(tailFactorAt, () => {
  const factors = (...alphas: number[]) => ({
    tailFactors: alphas.map((alpha) => ({ alpha, factor: 1 + alpha })),
  });
  it.each([
    // published α, asked α, factor
    [[], 0.01, 1],
    [[0.01], 0.01, 1.01],
    [[0.001, 0.05, 0.01], 0.01, 1.01],
    [[0.05, 0.001], 0.01, 1.001],
    [[0.1, 0.05], 0.01, 1.05],
    [[0.01 * (1 + 1e-13), 0.001], 0.01, 1.01],
    [[0.01 * (1 + 1e-9), 0.001], 0.01, 1.001],
  ])('published at %j, asked at %d, is %d', (alphas, alpha, factor) => {
    expect(tailFactorAt(factors(...alphas) as CovariancePayload, alpha)).toBeCloseTo(factor, 10);
  });
});
