import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { uniform, uniforms } from '../../../test/support/arbitraries.js';
import {
  covarianceEntry,
  covarianceMatrix,
  covarianceTimes,
  factorExposures,
  type FactorForecast,
  factorsOfMatrices,
  liabilityRisk,
  quadraticForm,
  QuotingBook,
  rateOf,
  requireFactorForecast,
} from './index.js';

const numbers = (length: number, least: number, most: number) =>
  uniforms(length, least, most).map((list) => Float64Array.from(list));

/** n markets, K factors, and a vector x. */
const scenario = fc
  .record({ n: fc.integer({ min: 1, max: 6 }), K: fc.integer({ min: 0, max: 4 }) })
  .chain(({ n, K }) =>
    fc.record({
      n: fc.constant(n),
      form: fc.record({
        factors: fc.constant(K),
        loadings: numbers(n * K, -1, 1),
        variances: numbers(K, 0, 2),
        varianceRates: numbers(K, -1, 3),
        own: numbers(n, 0, 1),
        ownRates: numbers(n, -1, 1),
      }) satisfies fc.Arbitrary<FactorForecast>,
      x: numbers(n, -5, 5),
      prices: numbers(n, 0.1, 100),
    }),
  );

describe('a covariance in factor form', () => {
  it('is symmetric to the last bit, and its products are those of the matrix written out', () => {
    fc.assert(
      fc.property(scenario, ({ n, form, x }) => {
        for (const one of [form, rateOf(form)]) {
          const matrix = covarianceMatrix(one);
          const product = covarianceTimes(one, x);
          let square = 0;
          for (let i = 0; i < n; i++) {
            let sum = 0;
            for (let j = 0; j < n; j++) {
              expect(covarianceEntry(one, i, j)).toBe(covarianceEntry(one, j, i));
              sum += matrix[i * n + j] * x[j];
            }
            expect(Math.abs(product[i] - sum)).toBeLessThan(1e-12);
            square += x[i] * sum;
          }
          expect(Math.abs(quadraticForm(one, x) - square)).toBeLessThan(1e-10);
        }
        expect(quadraticForm(form, x)).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  it('holds any pair of matrices, a rate that is indefinite too', () => {
    fc.assert(
      fc.property(scenario, ({ n, form }) => {
        const [covariance, rate] = [covarianceMatrix(form), covarianceMatrix(rateOf(form))];
        const found = factorsOfMatrices(covariance, rate, n, 1);
        requireFactorForecast({ ...found, variances: found.variances.map(Math.abs) }, n);
        covarianceMatrix(found).forEach((value, at) => {
          expect(Math.abs(value - covariance[at])).toBeLessThan(1e-12);
        });
        covarianceMatrix(rateOf(found)).forEach((value, at) => {
          expect(Math.abs(value - rate[at])).toBeLessThan(1e-10);
        });
        const diffusion = factorsOfMatrices(covariance, null, n, 0.25);
        covarianceMatrix(rateOf(diffusion)).forEach((value, at) => {
          expect(Math.abs(value - 4 * covariance[at])).toBeLessThan(1e-11);
        });
      }),
    );
  });

  it('keeps the digits of every entry, however different markets are, and of one that does not move', () => {
    const scale = [1, 1e5, 0, 1e-6];
    const correlation = [1, 0.5, 0, -0.3, 0.5, 1, 0, 0.2, 0, 0, 1, 0, -0.3, 0.2, 0, 1];
    const matrix = Float64Array.from(correlation, (value, at) => value * scale[at >> 2] * scale[at % 4]);
    const rate = matrix.map((value, at) => (at % 5 === 0 ? value : -2 * value));
    const found = factorsOfMatrices(matrix, rate, 4, 1);
    for (const [form, exact] of [
      [found, matrix],
      [rateOf(found), rate],
      [factorsOfMatrices(matrix, null, 4, 1), matrix],
    ] as const)
      covarianceMatrix(form).forEach((value, at) => {
        expect(Math.abs(value - exact[at])).toBeLessThanOrEqual(
          1e-13 * (scale[at >> 2] || 1) * (scale[at % 4] || 1),
        );
      });
    expect([found.factors, factorsOfMatrices(matrix, null, 4, 1).factors]).toEqual([8, 4]);
  });

  it('leaves out markets without a size', () => {
    const form = { factors: 2, loadings: Float64Array.of(1, 2, NaN, NaN, 3, 4) };
    expect([...factorExposures(form, Float64Array.of(2, 0, -1))]).toEqual([-1, 0]);
  });

  it('names what is wrong with one from outside', () => {
    const form: FactorForecast = {
      factors: 1,
      loadings: Float64Array.of(1, 1),
      variances: Float64Array.of(1),
      varianceRates: Float64Array.of(-1),
      own: Float64Array.of(0, 1),
      ownRates: Float64Array.of(0, 1),
    };
    requireFactorForecast(form, 2);
    const check = (change: Partial<FactorForecast>) => () => requireFactorForecast({ ...form, ...change }, 2);
    expect(check({ own: Float64Array.of(0, -1e-9) })).toThrow(/own\[1\].*at least 0/);
    expect(check({ variances: Float64Array.of(NaN) })).toThrow(/variances\[0\]/);
    expect(check({ loadings: Float64Array.of(1, Infinity) })).toThrow(/loadings\[1\]/);
    expect(check({ loadings: Float64Array.of(1) })).toThrow(/loadings.*2 entries.*got 1/);
    expect(check({ variances: Float64Array.of(-1e-9) })).toThrow(/variances\[0\].*at least 0/);
    for (const factors of [0.5, -1, NaN])
      expect(check({ factors })).toThrow(`factors: must be a whole number of at least 0, got ${factors}`);
    // Loadings and rates may be negative; none, or two for each market, are well.
    const none = Float64Array.of();
    check({ factors: 0, loadings: none, variances: none, varianceRates: none })();
    const two = Float64Array.of(1, -1);
    requireFactorForecast(
      {
        ...{ factors: 2, loadings: Float64Array.of(1, -1, 2, -2), variances: Float64Array.of(1, 2) },
        ...{ varianceRates: two, own: Float64Array.of(0, 1), ownRates: two },
      },
      2,
    );
  });
});

describe('a tail factor', () => {
  it('scales the volatility: value and derivatives of h(m, κs)', () => {
    const logAlpha = Math.log(0.01);
    const at = (m: number, s: number) => liabilityRisk('evar', m, s, logAlpha, 1.4);
    const risk = at(-3, 2);
    expect(risk.value).toBeCloseTo(liabilityRisk('evar', -3, 2.8, logAlpha).value, 12);
    const step = 1e-5;
    expect(risk.hs).toBeCloseTo((at(-3, 2 + step).value - at(-3, 2 - step).value) / (2 * step), 7);
    expect(risk.hm).toBeCloseTo((at(-3 + step, 2).value - at(-3 - step, 2).value) / (2 * step), 7);
    expect(risk.hms).toBeCloseTo((at(-3, 2 + step).hm - at(-3, 2 - step).hm) / (2 * step), 6);
    expect(risk.hss).toBeCloseTo((at(-3, 2 + step).hs - at(-3, 2 - step).hs) / (2 * step), 6);
  });
});

describe(QuotingBook, () => {
  it('stays what a fresh one is, through trades, marks and closings, within 1e-12 of the largest book', () => {
    const change = fc.record({
      market: fc.integer({ min: 0, max: 5 }),
      size: uniform(-100, 100),
      price: fc.option(uniform(0.1, 100), { nil: undefined }),
      close: fc.boolean(),
    });
    fc.assert(
      fc.property(
        scenario,
        fc.array(change, { maxLength: 30 }),
        uniform(1, 3),
        ({ n, form, x, prices }, changes, tailFactor) => {
          const book = {
            signedSizes: Float64Array.from(x),
            entryNotionals: x.map((size, i) => size * prices[i]),
            capital: 10,
            liquidity: 20,
            pendingPremia: 1,
          };
          const marks = Float64Array.from(prices);
          const logAlpha = Math.log(0.01);
          const quoting = new QuotingBook('evar', logAlpha);
          quoting.load(book, { prices: marks, returns: form, tailFactor });
          let largest = 1;
          for (const { market, size, price, close } of changes) {
            const i = market % n;
            if (price !== undefined) {
              quoting.setPrice(i, price);
              marks[i] = price;
            } else {
              const legs = close
                ? Array.from(book.signedSizes, (held, at) => ({ market: at, size: -held }))
                : [
                    { market: i, size },
                    { market: i, size: -size / 3 },
                  ];
              quoting.apply(legs);
              for (const leg of legs) {
                book.signedSizes[leg.market] += leg.size;
                book.entryNotionals[leg.market] += leg.size * marks[leg.market];
              }
            }
            largest = book.signedSizes.reduce(
              (most, held, at) => Math.max(most, Math.abs(held) * marks[at]),
              largest,
            );
          }
          const fresh = new QuotingBook('evar', logAlpha);
          fresh.load(book, { prices: marks, returns: form, tailFactor });
          const trade = [{ market: 0, size: 3 }];
          const rates: number[][] = [[], []];
          const [kept, made] = [quoting, fresh].map((one, at) =>
            one.premium(trade, (_, rate) => rates[at].push(rate)),
          );
          for (const name of ['risk', 'liquidity', 'riskBefore', 'riskAfter'] as const)
            expect(Math.abs(kept[name] - made[name])).toBeLessThan(1e-11 * largest * tailFactor);
          rates[0].forEach((rate, i) => {
            expect(Math.abs(rate - rates[1][i])).toBeLessThan(1e-9 * largest);
          });
          expect(Math.abs(quoting.riskPremiumOfLeg(0, 3) - kept.risk)).toBeLessThan(
            1e-11 * largest * tailFactor,
          );
        },
      ),
    );
  });
});
