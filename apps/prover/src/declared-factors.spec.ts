import { describe, expect, it } from 'vitest';
import { barValues } from '#lib/proofs';
import { randomStream } from '#lib/runtime';
import { advanceLmGo, fitLmGo, initialLmGoState, lmGoForecast, type LmGoModel } from '#lib/volatility';
import { declaredFactors, declaredState } from './declared-factors.js';

const SALT = '5a'.repeat(31);

/** A market of one strong common factor and a weak one, with slowly changing variance. */
function fitted(n: number, factors?: number): LmGoModel {
  const random = randomStream(n);
  const beta = Array.from({ length: n }, () => 0.5 + random.uniform());
  const returns = Array.from({ length: n }, () => new Float64Array(400));
  for (let t = 0; t < 400; t++) {
    const scale = 0.004 * (1 + 0.5 * Math.sin(t / 40));
    const common = scale * random.normal();
    for (let i = 0; i < n; i++) returns[i][t] = beta[i] * common + scale * (0.5 + i / n) * random.normal();
  }
  return fitLmGo(
    beta.map((_, i) => `M${i}`),
    returns,
    factors === undefined ? {} : { factors },
  );
}

describe('an LM-GO model as the circuits declare it', () => {
  it.each([
    [1, 1],
    [5, 2],
    [32, 4],
  ])('gives the forecast’s risk, rates and next state, %i markets', (n, factors) => {
    const model = fitted(n, factors);
    const before = initialLmGoState(model);
    const random = randomStream(3 * n);
    const returns = Array.from({ length: n }, () => 0.006 * random.normal());
    const exposures = Array.from({ length: n }, () => (200 * (random.uniform() - 0.5)) / n);
    const found = barValues({
      model: { ...declaredFactors(model, 24, 1), salt: SALT },
      state: declaredState(model, Array.from(before)),
      stateSalt: SALT,
      nextStateSalt: SALT,
      returns: returns.map((r) => 100 * r),
      exposures,
      book: { entry: 0, capital: 1, liquidity: 2, pending: 0 },
      alpha: 0.01,
      tailFactor: 1.25,
    });
    const forecast = lmGoForecast(model, advanceLmGo(model, before, returns), 24, 1);
    const quadratic = (common: Float64Array, own: Float64Array) => {
      let sum = 0;
      for (let k = 0; k < forecast.factors; k++) {
        const projected = exposures.reduce(
          (total, x, i) => total + x * forecast.loadings[i * forecast.factors + k],
          0,
        );
        sum += common[k] * projected * projected;
      }
      return exposures.reduce((total, x, i) => total + own[i] * x * x, sum);
    };
    const s = 100 * Math.sqrt(quadratic(forecast.variances, forecast.own));
    const rate = (100 * 100 * quadratic(forecast.varianceRates, forecast.ownRates)) / (2 * s);
    expect(Math.abs(Number(found.s) / 2 ** 24 / s - 1)).toBeLessThan(2e-4);
    expect(Math.abs(Number(found.rate) / 2 ** 24 / rate - 1)).toBeLessThan(2e-4);
  });

  it('is refused by name where one proof has no room for it', () => {
    const six = fitted(8, 6);
    expect(() => declaredFactors(six, 24, 1)).toThrow(/6 common factors/);
    const other = { ...fitted(3), decays: [0.5, 0.9, 0.99] };
    expect(() => declaredState(other, Array.from(other.state))).toThrow(/decay by 0.5/);
  });
});
