import { describe, expect, it } from 'vitest';
import { referenceVector, relativeError } from '../../../test/support/vectors.js';
import {
  type Allocation,
  assess,
  type Book,
  factorsOfMatrices,
  forcedWithdrawalFee,
  type MarketForecast,
  QuotingBook,
  tradeImpact,
} from './index.js';

interface AllocationVector {
  riskAllocation: number[];
  fundingRate: number[];
  lpFundingRate: number[];
  capital: { risk: number; fundingRate: number; lpFundingRate: number };
}

interface BookVector {
  name: string;
  input: {
    alpha: number;
    tau: number;
    prices: number[];
    returnCovariance: number[][];
    returnCovarianceRate: number[][] | null;
    q: number[];
    C: number[];
    P: number;
    L: number;
    pendingPremia: number;
    trade: number[];
    lpWithdrawal: number;
  };
  expected: Record<'m' | 's' | 'evar' | 'rho' | 'hm' | 'hs' | 'hmm' | 'hms' | 'hss' | 'dEvarDTau', number> &
    Record<
      'esscherPremium' | 'premium' | 'signedPremium' | 'lpPrice' | 'lpPremium' | 'signedLpPremium',
      number
    > &
    Record<'lpFunding' | 'forcedWithdrawalFee', number> & {
      allocations: Record<Allocation, AllocationVector>;
      esscher: Record<'value' | 'hm' | 'hs' | 'hmm' | 'hms' | 'hss', number> & {
        fundingRate: Record<Allocation, number[]>;
      };
    };
}

function read({ input }: BookVector): { book: Book; forecast: MarketForecast } {
  const rate = input.returnCovarianceRate;
  return {
    book: {
      signedSizes: Float64Array.from(input.q),
      entryNotionals: Float64Array.from(input.C),
      capital: input.P,
      liquidity: input.L,
      pendingPremia: input.pendingPremia,
    },
    forecast: {
      prices: Float64Array.from(input.prices),
      returns: factorsOfMatrices(
        Float64Array.from(input.returnCovariance.flat()),
        rate && Float64Array.from(rate.flat()),
        input.prices.length,
        input.tau,
      ),
      tailFactor: 1,
    },
  };
}

function close(actual: number, expected: number, tolerance = 1e-10): void {
  expect(relativeError(actual, expected)).toBeLessThan(tolerance);
}

function closeAll(actual: Float64Array, expected: number[]): void {
  expect(actual.length).toBe(expected.length);
  actual.forEach((value, i) => {
    close(value, expected[i]);
  });
}

const books = referenceVector<{ books: BookVector[] }>('pricing.json').books;

describe('books priced in 50-digit arithmetic', () => {
  it.each(books.map((vector) => [vector.name, vector] as const))(
    '%s: risk, premia, funding, LP legs',
    (_, vector) => {
      const { book, forecast } = read(vector);
      const { input, expected } = vector;
      const model = { measure: 'evar', allocation: 'covariance', alpha: input.alpha } as const;
      const { exposure, risk, callSpread, ...rest } = assess(model, book, forecast);
      close(exposure.mean, expected.m);
      close(exposure.volatility, expected.s);
      close(risk.value, expected.evar);
      close(rest.riskMeasure, expected.rho);
      close(risk.hm, expected.hm);
      close(risk.hs, expected.hs);
      for (const second of ['hmm', 'hms', 'hss'] as const) close(risk[second], expected[second], 1e-8);
      close(rest.riskRate, expected.dEvarDTau);
      close(callSpread.price, expected.lpPrice);
      close(rest.liquidityFunding, expected.lpFunding);
      close(
        forcedWithdrawalFee('evar', exposure, input.lpWithdrawal, Math.log(input.alpha)),
        expected.forcedWithdrawalFee,
      );
      const trade = Float64Array.from(input.trade);
      const impact = tradeImpact(model, book, forecast, trade);
      close(impact.riskPremium, expected.premium);
      close(impact.riskChange, expected.signedPremium);
      close(impact.liquidityPremium, expected.lpPremium);
      close(impact.liquidityChange, expected.signedLpPremium);
      close(
        tradeImpact({ ...model, measure: 'esscher' }, book, forecast, trade).riskPremium,
        expected.esscherPremium,
      );
    },
  );

  it.each(books.map((vector) => [vector.name, vector] as const))(
    '%s: both allocations, both measures',
    (_, vector) => {
      const { book, forecast } = read(vector);
      const { input, expected } = vector;
      for (const allocation of ['covariance', 'paper'] as const) {
        const standing = assess({ measure: 'evar', allocation, alpha: input.alpha }, book, forecast);
        const split = expected.allocations[allocation];
        closeAll(standing.riskAllocation.markets, split.riskAllocation);
        closeAll(standing.fundingRates.markets, split.fundingRate);
        closeAll(standing.liquidityFundingRates.markets, split.lpFundingRate);
        close(standing.riskAllocation.capital, split.capital.risk);
        close(standing.fundingRates.capital, split.capital.fundingRate);
        close(standing.liquidityFundingRates.capital, split.capital.lpFundingRate);
        const esscher = assess({ measure: 'esscher', allocation, alpha: input.alpha }, book, forecast);
        close(esscher.risk.value, expected.esscher.value);
        close(esscher.risk.hm, expected.esscher.hm);
        close(esscher.risk.hs, expected.esscher.hs);
        for (const second of ['hmm', 'hms', 'hss'] as const)
          close(esscher.risk[second], expected.esscher[second], 1e-8);
        closeAll(esscher.fundingRates.markets, expected.esscher.fundingRate[allocation]);
      }
    },
  );

  it.each(books.map((vector) => [vector.name, vector] as const))(
    '%s: the incremental book gives the same premia',
    (_, vector) => {
      const { book, forecast } = read(vector);
      const { input, expected } = vector;
      const quoting = new QuotingBook('evar', Math.log(input.alpha));
      quoting.load(book, forecast);
      const { risk, liquidity } = quoting.premium(input.trade.map((size, market) => ({ market, size })));
      close(risk, expected.premium);
      close(liquidity, expected.lpPremium);
    },
  );
});
