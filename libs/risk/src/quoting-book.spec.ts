import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { uniform, uniforms } from '../../../test/support/arbitraries.js';
import {
  assess,
  type Book,
  bookAfterTrade,
  exposureOf,
  liabilityRisk,
  type Leg,
  QuotingBook,
  tradeImpact,
} from './index.js';

const LOG_ALPHA = Math.log(0.01);
const MODEL = { measure: 'evar', allocation: 'covariance', alpha: 0.01 } as const;
const RETURNS = {
  factors: 2,
  loadings: Float64Array.of(1, 0.3, 0.8, -0.4, 0.5, 1),
  variances: Float64Array.of(0.01, 0.004),
  varianceRates: Float64Array.of(0.3, -0.05),
  own: Float64Array.of(0.002, 0.003, 0.001),
  ownRates: Float64Array.of(0.1, 0.2, -0.02),
};
const FORECAST = { prices: Float64Array.of(4, 80, 0.5), returns: RETURNS, tailFactor: 1.25 };
const bookOf = (sizes: readonly number[]): Book => ({
  signedSizes: Float64Array.from(sizes),
  entryNotionals: Float64Array.from(sizes, (size, i) => 0.9 * size * FORECAST.prices[i]),
  ...{ capital: 300, liquidity: 500, pendingPremia: 7 },
});
const BOOK = bookOf([100, -4, 300]);
const loaded = (book = BOOK) => {
  const quoting = new QuotingBook('evar', LOG_ALPHA);
  quoting.load(book, FORECAST);
  return quoting;
};
/** Legs as one trade: sizes, and money paid beyond the mark. */
const tradeOf = (legs: readonly Leg[]) => {
  const sizes = new Float64Array(3);
  const paid = new Float64Array(3);
  for (const { market, size, executionPrice = FORECAST.prices[market] } of legs) {
    sizes[market] += size;
    paid[market] += size * executionPrice;
  }
  return { sizes, prices: paid.map((money, i) => (sizes[i] === 0 ? 0 : money / sizes[i])) };
};
const close = (actual: number, expected: number) => {
  expect(Math.abs(actual - expected)).toBeLessThan(1e-9 * (1 + Math.abs(expected)));
};
/** Two of the first market at prices of their own, one of the third at mark. */
const LEGS: readonly Leg[] = [
  { market: 0, size: 20, executionPrice: 4.1 },
  { market: 2, size: -50 },
  { market: 0, size: -5, executionPrice: 3.9 },
];

describe(QuotingBook, () => {
  it('has the premium of a trade that an assessment of both books has', () => {
    const { sizes, prices } = tradeOf(LEGS);
    const before = assess(MODEL, BOOK, FORECAST);
    const after = assess(MODEL, bookAfterTrade(BOOK, sizes, prices), FORECAST);
    const premium = loaded().premium(LEGS);
    close(premium.risk, Math.max(0, after.risk.value - before.risk.value));
    close(premium.liquidity, Math.max(0, after.callSpread.price - before.callSpread.price));
    close(premium.riskBefore, before.riskMeasure);
    close(premium.riskAfter, after.riskMeasure);
    expect(premium.risk).toBeGreaterThan(0);
    expect(premium.liquidity).toBeGreaterThan(0);
    // Against the book: no premium.
    const back = loaded().premium([{ market: 0, size: -20 }]);
    expect([back.risk, back.liquidity]).toEqual([0, 0]);
    expect(back.riskAfter).toBeLessThan(back.riskBefore);
    expect(loaded().riskPremiumOfLeg(0, -20)).toBe(0);
  });

  it('has the premium of one leg by itself', () => {
    fc.assert(
      fc.property(fc.nat(2), uniform(-1, 1), (market, share) => {
        const size = (400 * share) / FORECAST.prices[market];
        const impact = tradeImpact(
          ...([MODEL, BOOK, FORECAST] as const),
          Float64Array.from({ length: 3 }, (_, i) => (i === market ? size : 0)),
        );
        close(loaded().riskPremiumOfLeg(market, size), impact.riskPremium);
        close(loaded().premium([{ market, size }]).liquidity, impact.liquidityPremium);
      }),
    );
  });

  it('shows the book as it would stand after a trade', () => {
    const { sizes, prices } = tradeOf(LEGS);
    const expected = bookAfterTrade(BOOK, sizes, prices);
    const quoting = loaded();
    const { book, exposure, risk } = quoting.exposureAfter(LEGS);
    for (const field of ['signedSizes', 'entryNotionals'] as const)
      book[field].forEach((value, i) => {
        close(value, expected[field][i]);
      });
    expect(book).toMatchObject({ capital: 300, liquidity: 500, pendingPremia: 7 });
    const wanted = exposureOf(expected, FORECAST);
    for (const field of ['mean', 'volatility', 'volatilityRate', 'forward', 'totalEntryNotional'] as const)
      close(exposure[field], wanted[field]);
    for (const field of ['covarianceTimesSize', 'rateTimesSize'] as const)
      exposure[field].forEach((value, i) => {
        close(value, wanted[field][i]);
      });
    close(risk.value, liabilityRisk('evar', wanted.mean, wanted.volatility, LOG_ALPHA, 1.25).value);
    // Nothing is booked.
    expect(quoting.book()).toEqual(BOOK);
    expect(loaded(bookOf([0, 0, 0])).exposureAfter([]).exposure).toMatchObject({
      ...{ volatility: 0, volatilityRate: 0 },
    });
  });

  it('has the terms of funding that its exposure and its measure have', () => {
    fc.assert(
      fc.property(uniforms(3, -1, 1), (shares) => {
        const book = bookOf(shares.map((share, i) => (400 * share) / FORECAST.prices[i]));
        const source = loaded(book).fundingSource();
        const { exposure, risk, callSpread: spread } = assess(MODEL, book, FORECAST);
        close(source.volatility, exposure.volatility);
        close(source.volatilityRate, exposure.volatilityRate);
        close(source.toExchange, risk.hs);
        close(source.toLiquidity, spread.vega);
      }),
    );
    expect(loaded(bookOf([0, 0, 0])).fundingSource()).toMatchObject({ volatility: 0, volatilityRate: 0 });
  });

  it('visits every market’s funding after a trade, the same for markets that it touches', () => {
    const { sizes, prices } = tradeOf(LEGS);
    const after = assess(MODEL, bookAfterTrade(BOOK, sizes, prices), FORECAST);
    const rates: [number, number][] = [];
    loaded().premium(LEGS, (market, rate) => rates.push([market, rate]));
    expect(rates.map(([market]) => market)).toEqual([0, 1, 2]);
    for (const [market, rate] of rates)
      close(rate, after.fundingRates.markets[market] + after.liquidityFundingRates.markets[market]);
    const closed: [number, number][] = [];
    loaded().premium(
      Array.from(BOOK.signedSizes, (size, market) => ({ market, size: -size })),
      (market, rate) => closed.push([market, rate]),
    );
    expect(closed).toEqual([
      [0, 0],
      [1, 0],
      [2, 0],
    ]);
  });

  it('answers for the book as it is now, whatever has been asked before', () => {
    const trade = [{ market: 1, size: 3 }];
    const change: [string, (quoting: QuotingBook) => void, Book, Float64Array?][] = [
      ['capital', (q) => q.setCapital(200, 500, 7), { ...BOOK, capital: 200 }],
      ['liquidity', (q) => q.setCapital(300, 400, 7), { ...BOOK, liquidity: 400 }],
      ['pending premia', (q) => q.setCapital(300, 500, 9), { ...BOOK, pendingPremia: 9 }],
      ['a mark', (q) => q.setPrice(0, 6), BOOK, FORECAST.prices.with(0, 6)],
      [
        'a holding',
        (q) => q.setHolding(2, 100, 60),
        {
          ...BOOK,
          signedSizes: BOOK.signedSizes.with(2, 100),
          entryNotionals: BOOK.entryNotionals.with(2, 60),
        },
      ],
      [
        'a trade',
        (q) => q.apply(LEGS),
        (({ sizes, prices }) => bookAfterTrade(BOOK, sizes, prices))(tradeOf(LEGS)),
      ],
      ['another book', (q) => q.load(bookOf([1, 1, 1]), FORECAST), bookOf([1, 1, 1])],
    ];
    for (const [what, make, book, prices = FORECAST.prices] of change) {
      const quoting = loaded();
      const asked = [quoting.premium(trade), quoting.fundingSource().volatility];
      make(quoting);
      const fresh = new QuotingBook('evar', LOG_ALPHA);
      fresh.load(book, { ...FORECAST, prices });
      const [kept, made] = [quoting.premium(trade), fresh.premium(trade)];
      for (const name of ['risk', 'liquidity', 'riskBefore', 'riskAfter'] as const)
        close(kept[name], made[name]);
      expect([kept, quoting.fundingSource().volatility], what).not.toEqual(asked);
    }
  });

  it('keeps a copy of the book that it is given', () => {
    const given = bookOf([100, -4, 300]);
    const quoting = loaded(given);
    quoting.apply(LEGS);
    expect(given).toEqual(BOOK);
    expect([...FORECAST.prices]).toEqual([4, 80, 0.5]);
    expect(quoting.notionals[0]).toBe(115 * 4);
  });

  it('has the measure that it is made with', () => {
    const quoting = new QuotingBook('esscher', LOG_ALPHA);
    quoting.load(BOOK, FORECAST);
    const { riskMeasure } = assess({ ...MODEL, measure: 'esscher' }, BOOK, FORECAST);
    close(quoting.premium([]).riskBefore, riskMeasure);
    expect(Math.abs(riskMeasure - assess(MODEL, BOOK, FORECAST).riskMeasure)).toBeGreaterThan(1e-3);
  });
});
