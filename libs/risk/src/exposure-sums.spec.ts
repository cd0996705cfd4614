import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { uniform } from '../../../test/support/arbitraries.js';
import { assess, type Book, ExposureSums, FundingIntegrals, fundingPerUnit, QuotingBook } from './index.js';

const LOG_ALPHA = Math.log(0.01);

const forecasts = fc
  .record({ n: fc.integer({ min: 1, max: 9 }), K: fc.integer({ min: 0, max: 4 }), seed: fc.nat() })
  .chain(({ n, K }) => {
    const list = (length: number, low: number, high: number) =>
      fc
        .array(uniform(low, high), { minLength: length, maxLength: length })
        .map((values) => Float64Array.from(values));
    return fc.record({
      n: fc.constant(n),
      form: fc.record({
        factors: fc.constant(K),
        loadings: list(n * K, -1, 1),
        variances: list(K, 0, 0.01),
        varianceRates: list(K, -1, 4),
        own: list(n, 1e-6, 0.01),
        ownRates: list(n, -1, 4),
      }),
      prices: list(n, 0.1, 100),
      sizes: list(n, -1e4, 1e4),
    });
  });

/** A mark, a trade at it, or a closing; then time passes. */
const steps = fc.array(
  fc.record({
    market: fc.nat(8),
    size: uniform(-1e4, 1e4),
    price: uniform(0.1, 100),
    kind: fc.constantFrom('trade', 'mark', 'close', 'settle'),
    years: uniform(0, 1e-4),
  }),
  { maxLength: 25 },
);

function bookOf(prices: Float64Array, sizes: Float64Array): { book: Book; prices: Float64Array } {
  const entryNotionals = sizes.map((size, i) => 0.98 * size * prices[i]);
  return {
    book: {
      signedSizes: Float64Array.from(sizes),
      entryNotionals,
      capital: 2e5,
      liquidity: 1e6,
      pendingPremia: 5,
    },
    prices: Float64Array.from(prices),
  };
}

describe(ExposureSums, () => {
  it('are the same bits after any changes as made anew, and so is what they would be', () => {
    fc.assert(
      fc.property(forecasts, steps, ({ n, form, prices, sizes }, changes) => {
        const kept = new ExposureSums(
          form,
          sizes,
          sizes.map((size) => 2 * size),
          prices,
        );
        for (const { market, size, price, kind } of changes) {
          const i = market % n;
          if (kind === 'mark') kept.setPrice(i, price);
          else
            kept.setHolding(
              i,
              kind === 'close' ? 0 : kept.sizes[i] + size,
              kept.entryNotionals[i] + size * price,
            );
        }
        const anew = () => new ExposureSums(form, kept.sizes, kept.entryNotionals, kept.prices).root;
        expect(kept.root).toEqual(anew());
        const wanted = changes
          .map(({ market, size, price }) => ({ market: market % n, size, entryNotional: size * price }))
          .filter(({ market }, at, all) => all.findIndex((other) => other.market === market) === at);
        const root = Float64Array.from(kept.root);
        const would = Float64Array.from(kept.with(wanted));
        expect(kept.root).toEqual(root);
        for (const { market, size, entryNotional } of wanted) kept.setHolding(market, size, entryNotional);
        expect(would).toEqual(kept.root);
        expect(kept.root).toEqual(anew());
      }),
    );
  });

  it('notice a size, a price or an entry notional that alone is another', () => {
    const form = {
      ...{ factors: 1, loadings: Float64Array.of(1), variances: Float64Array.of(0.01) },
      ...{ varianceRates: Float64Array.of(0), own: Float64Array.of(0.5), ownRates: Float64Array.of(0.25) },
    };
    const sums = new ExposureSums(form, Float64Array.of(2), Float64Array.of(3), Float64Array.of(5));
    const root = () => [...sums.root];
    expect(root()).toEqual([10, 50, 25, 10, 3]);
    sums.setHolding(0, 2, 4);
    expect(root()).toEqual([10, 50, 25, 10, 4]);
    sums.setHolding(0, 3, 4);
    expect(root()).toEqual([15, 112.5, 56.25, 15, 4]);
    sums.setPrice(0, 1);
    expect(root()).toEqual([3, 4.5, 2.25, 3, 4]);
  });

  it('add up to what a plain sum has', () => {
    fc.assert(
      fc.property(forecasts, ({ n, form, prices, sizes }) => {
        const sums = new ExposureSums(form, sizes, sizes, prices);
        const x = sizes.map((size, i) => size * prices[i]);
        const gross = x.reduce((sum, value) => sum + Math.abs(value), 1);
        for (let k = 0; k < form.factors; k++) {
          let exposure = 0;
          for (let i = 0; i < n; i++) exposure += form.loadings[i * form.factors + k] * x[i];
          expect(Math.abs(sums.root[k] - exposure)).toBeLessThan(1e-13 * gross);
        }
        const plain = (values: Float64Array) =>
          x.reduce((sum, value, i) => sum + values[i] * value * value, 0);
        expect(Math.abs(sums.ownVariance(sums.root) - plain(form.own))).toBeLessThan(1e-13 * gross * gross);
        expect(Math.abs(sums.ownVarianceRate(sums.root) - plain(form.ownRates))).toBeLessThan(
          4e-13 * gross * gross,
        );
        expect(Math.abs(sums.forward(sums.root) - x.reduce((sum, value) => sum + value, 0))).toBeLessThan(
          1e-13 * gross,
        );
        expect(
          Math.abs(sums.entryNotional(sums.root) - sizes.reduce((sum, value) => sum + value, 0)),
        ).toBeLessThan(1e-13 * gross * 10);
      }),
    );
  });
});

describe(FundingIntegrals, () => {
  it('of every market are its rates times the time each has held, to 1e-12, through trades, marks and settlements', () => {
    fc.assert(
      fc.property(forecasts, steps, ({ n, form, prices, sizes }, changes) => {
        const start = bookOf(prices, sizes);
        const quoting = new QuotingBook('evar', LOG_ALPHA);
        quoting.load(start.book, { prices: start.prices, returns: form, tailFactor: 1.2 });
        const funded = (market: number) => ({
          ...{ market, price: quoting.prices[market], notional: quoting.notionals[market] },
        });
        let integrals = new FundingIntegrals(form, n);
        const expected = { risk: new Float64Array(n), liquidity: new Float64Array(n) };
        let [largest, dearest, gross] = [0, 0, 0];
        for (const { market, size, price, kind, years } of changes) {
          const i = market % n;
          integrals.advance(quoting.fundingSource(), years);
          const forecast = { prices: Float64Array.from(quoting.prices), returns: form, tailFactor: 1.2 };
          const book = quoting.book();
          const now = assess({ measure: 'evar', allocation: 'covariance', alpha: 0.01 }, book, forecast);
          const charged = { risk: now.fundingRates.markets, liquidity: now.liquidityFundingRates.markets };
          const rates = fundingPerUnit('covariance', now, charged, book);
          // A rate is a difference, σ̇_j/s less σ_j·ṡ/s², each a sum over markets; a market's constant has its worth at
          // every price and size since. Rounding is in proportion to the largest of these.
          const { volatility: s, volatilityRate } = now.exposure;
          largest = Math.max(largest, ...quoting.notionals.map(Math.abs));
          dearest = Math.max(dearest, ...quoting.prices);
          const weight = 4 * (1 + Math.abs(volatilityRate / s));
          const scale = s === 0 ? 0 : (dearest * (form.factors * n + 1) * largest * weight * years) / s;
          gross += scale * (now.risk.hs + 1);
          for (let j = 0; j < n; j++)
            for (const to of ['risk', 'liquidity'] as const) expected[to][j] += rates[to][j] * years;
          for (let j = 0; j < n; j++) {
            const { risk, liquidity } = integrals.of(funded(j));
            expect(Math.abs(risk - expected.risk[j])).toBeLessThanOrEqual(1e-12 * gross);
            expect(Math.abs(liquidity - expected.liquidity[j])).toBeLessThanOrEqual(1e-12 * gross);
          }
          if (kind === 'settle') {
            integrals.settled(funded(i));
            expect(integrals.of(funded(i))).toEqual({ risk: 0, liquidity: 0 });
            expected.risk[i] = expected.liquidity[i] = 0;
          } else {
            const before = funded(i);
            if (kind === 'mark') quoting.setPrice(i, price);
            else
              quoting.setHolding(
                i,
                kind === 'close' ? 0 : book.signedSizes[i] + size,
                book.entryNotionals[i],
              );
            integrals.changes(before, funded(i));
          }
          // JSON keeps all.
          integrals = new FundingIntegrals(
            form,
            n,
            JSON.parse(JSON.stringify(integrals.snapshot())) as ReturnType<FundingIntegrals['snapshot']>,
          );
        }
        integrals.allSettled();
        for (let j = 0; j < n; j++) expect(integrals.of(funded(j))).toEqual({ risk: 0, liquidity: 0 });
      }),
    );
  });
});
