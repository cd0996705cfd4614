import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { logUniform, uniform, uniforms } from '../../../test/support/arbitraries.js';
import {
  accountFundingRate,
  type Allocation,
  assess,
  type Book,
  bookAfterTrade,
  chargeableRates,
  factorsOfMatrices,
  forcedWithdrawalFee,
  liabilityRisk,
  liquidityPayout,
  type MarketForecast,
  QuotingBook,
  tradeImpact,
} from './index.js';

const LOG_ALPHA = Math.log(0.01);
const amount = uniform(-1e6, 1e6);
const deviation = logUniform(1, 1e6);
const h = (m: number, s: number) => liabilityRisk('evar', m, s, LOG_ALPHA).value;

/** A book of 1 to 6 markets with a covariance B·Bᵀ of price returns. */
const scenario = fc.integer({ min: 1, max: 6 }).chain((n) =>
  fc.record({
    prices: fc.array(logUniform(0.01, 1e4), { minLength: n, maxLength: n }),
    root: uniforms(n * n, -0.1, 0.1),
    growth: uniforms(n * n, -0.2, 0.2),
    sizes: uniforms(n, -1, 1),
    trade: uniforms(n, -1, 1),
    drift: uniforms(n, 0.8, 1.2),
    capital: uniform(0, 5e5),
    liquidity: uniform(1, 5e5),
    pending: uniform(0, 1e4),
  }),
);
type Scenario = typeof scenario extends fc.Arbitrary<infer T> ? T : never;

function square(root: readonly number[], n: number, ridge: number): Float64Array {
  const matrix = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      for (let l = 0; l < n; l++) matrix[i * n + j] += root[i * n + l] * root[j * n + l];
      if (i === j) matrix[i * n + j] += ridge;
    }
  }
  return matrix;
}

/** Sizes are drawn as notionals of up to 10^5. */
function build({ prices, root, growth, sizes, trade, drift, capital, liquidity, pending }: Scenario): {
  book: Book;
  forecast: MarketForecast;
  trade: Float64Array;
} {
  const n = prices.length;
  const inUnits = (values: readonly number[]) =>
    Float64Array.from(values, (value, i) => (1e5 * value) / prices[i]);
  const signedSizes = inUnits(sizes);
  return {
    book: {
      signedSizes,
      entryNotionals: signedSizes.map((size, i) => size * prices[i] * drift[i]),
      capital,
      liquidity,
      pendingPremia: pending,
    },
    forecast: {
      prices: Float64Array.from(prices),
      returns: factorsOfMatrices(square(root, n, 1e-4), square(growth, n, 1e-3), n, 0.01),
      tailFactor: 1,
    },
    trade: inUnits(trade),
  };
}

const model = (allocation: Allocation) => ({ measure: 'evar', allocation, alpha: 0.01 }) as const;
const sum = (values: Float64Array) => values.reduce((total, value) => total + value, 0);

describe(liabilityRisk, () => {
  it('grows with the mean and with the volatility', () => {
    fc.assert(
      fc.property(amount, deviation, uniform(0, 1e5), (m, s, more) => {
        expect(h(m + more, s)).toBeGreaterThanOrEqual(h(m, s) * (1 - 1e-12));
        expect(h(m, s + more)).toBeGreaterThanOrEqual(h(m, s) * (1 - 1e-12));
      }),
    );
  });

  it('is convex in mean and volatility together', () => {
    fc.assert(
      fc.property(amount, deviation, amount, deviation, uniform(0, 1), (m1, s1, m2, s2, w) => {
        const mixed = h(w * m1 + (1 - w) * m2, w * s1 + (1 - w) * s2);
        const bound = w * h(m1, s1) + (1 - w) * h(m2, s2);
        expect(mixed).toBeLessThanOrEqual(bound + 1e-9 * Math.max(1, bound));
      }),
    );
  });

  it('is positively homogeneous', () => {
    fc.assert(
      fc.property(amount, deviation, logUniform(0.01, 100), (m, s, scale) => {
        const scaled = h(scale * m, scale * s);
        expect(Math.abs(scaled - scale * h(m, s))).toBeLessThanOrEqual(
          1e-9 * Math.max(1e-9, Math.abs(scaled)),
        );
      }),
    );
  });

  it('rises by no more than the cash that is added to a certain-to-lose liability, and by exactly it far in the money', () => {
    fc.assert(
      fc.property(amount, deviation, uniform(0, 1e5), (m, s, cash) => {
        expect(h(m + cash, s) - h(m, s)).toBeLessThanOrEqual(cash + 1e-7 * (1 + Math.abs(h(m, s))));
        const deep = 20 * s;
        expect(Math.abs(h(deep + cash, s) - h(deep, s) - cash)).toBeLessThanOrEqual(1e-9 * (deep + cash + s));
      }),
    );
  });

  it('is max(m, 0) without volatility', () => {
    expect(h(5, 0)).toBe(5);
    expect(h(-5, 0)).toBe(0);
  });
});

describe('a book', () => {
  it('is allocated fully: risk, funding and LP funding add up to the whole under both allocations', () => {
    fc.assert(
      fc.property(scenario, fc.constantFrom<Allocation>('covariance', 'paper'), (drawn, allocation) => {
        const { book, forecast } = build(drawn);
        const standing = assess(model(allocation), book, forecast);
        const size = (split: { markets: Float64Array; capital: number }) =>
          split.markets.reduce((total, part) => total + Math.abs(part), Math.abs(split.capital));
        const { riskAllocation, fundingRates, liquidityFundingRates } = standing;
        for (const [split, whole] of [
          [riskAllocation, standing.risk.value],
          [fundingRates, standing.riskRate],
          [liquidityFundingRates, standing.liquidityFunding],
        ] as const) {
          expect(Math.abs(sum(split.markets) + split.capital - whole)).toBeLessThanOrEqual(
            1e-9 * (size(split) + 1),
          );
        }
      }),
    );
  });

  it('charges a premium of at least nothing, and a round trip never pays the trader', () => {
    fc.assert(
      fc.property(scenario, (drawn) => {
        const { book, forecast, trade } = build(drawn);
        const there = tradeImpact(model('covariance'), book, forecast, trade);
        const after = bookAfterTrade(book, trade, forecast.prices);
        const back = tradeImpact(
          model('covariance'),
          after,
          forecast,
          trade.map((size) => -size),
        );
        for (const { riskPremium, liquidityPremium } of [there, back]) {
          expect(riskPremium).toBeGreaterThanOrEqual(0);
          expect(liquidityPremium).toBeGreaterThanOrEqual(0);
        }
        // A trade lowers the risk by as much as its reverse raises it: the premia of both cover the rise.
        expect(there.riskPremium + back.riskPremium).toBeGreaterThanOrEqual(
          Math.abs(there.riskChange) * (1 - 1e-9),
        );
      }),
    );
  });

  it('quotes the same incrementally after trades as from scratch', () => {
    fc.assert(
      fc.property(scenario, (drawn) => {
        const { book, forecast, trade } = build(drawn);
        const legs = Array.from(trade, (size, market) => ({ market, size }));
        const quoting = new QuotingBook('evar', LOG_ALPHA);
        quoting.load(book, forecast);
        quoting.apply(legs);
        const after = bookAfterTrade(book, trade, forecast.prices);
        const expected = tradeImpact(model('covariance'), after, forecast, trade);
        const { risk, riskBefore } = quoting.premium(legs);
        const scale = 1e-8 * (1 + Math.abs(riskBefore) + expected.riskPremium);
        expect(Math.abs(risk - expected.riskPremium)).toBeLessThanOrEqual(scale);
        expect(
          Math.abs(
            quoting.riskPremiumOfLeg(0, trade[0]) - quoting.premium([{ market: 0, size: trade[0] }]).risk,
          ),
        ).toBeLessThanOrEqual(scale);
      }),
    );
  });

  it('quotes the funding after a trade as an assessment of the book after it has it', () => {
    fc.assert(
      fc.property(scenario, (drawn) => {
        const { book, forecast, trade } = build(drawn);
        const quoting = new QuotingBook('evar', LOG_ALPHA);
        quoting.load(book, forecast);
        const expected = assess(model('covariance'), bookAfterTrade(book, trade, forecast.prices), forecast);
        const scale = expected.fundingRates.markets.reduce((total, rate) => total + Math.abs(rate), 1e-3);
        quoting.premium(
          Array.from(trade, (size, market) => ({ market, size })),
          (market, rate) => {
            const wanted =
              expected.fundingRates.markets[market] + expected.liquidityFundingRates.markets[market];
            expect(Math.abs(rate - wanted)).toBeLessThanOrEqual(1e-6 * scale);
          },
        );
      }),
    );
  });

  it('splits a market’s funding over its accounts without remainder', () => {
    fc.assert(
      fc.property(fc.array(uniform(-100, 100), { minLength: 1, maxLength: 20 }), amount, (sizes, rate) => {
        const marketSize = sizes.reduce((total, size) => total + size, 0);
        fc.pre(Math.abs(marketSize) > 1e-3);
        const charged = sizes.reduce((total, size) => total + accountFundingRate(rate, size, marketSize), 0);
        const gross = sizes.reduce((total, size) => total + Math.abs(size), 0);
        expect(Math.abs(charged - rate)).toBeLessThanOrEqual(
          (1e-12 * Math.abs(rate) * gross) / Math.abs(marketSize) + 1e-9,
        );
      }),
    );
  });

  it('moves the funding of a market that nobody can pay for to the others', () => {
    const { rates, unallocated } = chargeableRates(
      Float64Array.of(3, 5, 7),
      Float64Array.of(0, 1, -2),
      Float64Array.of(0, 0.25, 0.75),
    );
    expect(Array.from(rates)).toEqual([0, 5.75, 9.25]);
    expect(unallocated).toBe(0);
    expect(chargeableRates(Float64Array.of(3), Float64Array.of(0), Float64Array.of(0)).unallocated).toBe(3);
  });

  it('charges a fee of at least nothing for leaving now, growing with the amount', () => {
    fc.assert(
      fc.property(scenario, uniform(0, 1), (drawn, share) => {
        const { book, forecast } = build(drawn);
        const { exposure } = assess(model('covariance'), book, forecast);
        const whole = forcedWithdrawalFee('evar', exposure, book.liquidity, LOG_ALPHA);
        const part = forcedWithdrawalFee('evar', exposure, share * book.liquidity, LOG_ALPHA);
        expect(part).toBeGreaterThanOrEqual(0);
        expect(whole).toBeGreaterThanOrEqual(part * (1 - 1e-9));
        expect(whole).toBeLessThanOrEqual(book.liquidity * (1 + 1e-9));
      }),
    );
  });

  it('pays its liquidity providers between −L and nothing', () => {
    fc.assert(
      fc.property(amount, amount, deviation, (terminal, strike, liquidity) => {
        const payout = liquidityPayout(terminal, strike, liquidity);
        expect(payout).toBeLessThanOrEqual(0);
        expect(payout).toBeGreaterThanOrEqual(-liquidity);
        const twoCalls = -Math.max(terminal - strike, 0) + Math.max(terminal - strike - liquidity, 0);
        expect(Math.abs(payout - twoCalls)).toBeLessThanOrEqual(1e-6);
      }),
    );
  });
});
