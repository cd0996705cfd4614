import {
  covarianceTimes,
  factorExposures,
  type FactorForecast,
  quadraticForm,
  rateOf,
} from './factor-forecast.js';

/**
 * θ = (q, C, P, L) and the premia still pending: everything the pool owes and owns.
 * Sizes in base units, money in quote units.
 */
export interface Book {
  /** q, n: signed long–short imbalance of each market; > 0 when traders are net long */
  readonly signedSizes: Float64Array;
  /** C, n: signed entry notional of each market, Σ over open positions of size × entry price */
  readonly entryNotionals: Float64Array;
  /** P: capital owned by the exchange */
  readonly capital: number;
  /** L: capital committed by liquidity providers */
  readonly liquidity: number;
  /** P_t: premia and funding collected in the rolling window [t−τ, t], not yet vested into P */
  readonly pendingPremia: number;
}

/** Marks and the forecast of their returns over the horizon τ: price i has the covariance S_i S_j Σ_ij with price j. */
export interface MarketForecast {
  /** S = μ, n: mark prices, quote per base unit */
  readonly prices: Float64Array;
  /** Σ of log returns over τ; rates per year */
  readonly returns: FactorForecast;
  /**
   * κ ≥ 1, multiplies the volatility in the risk measure, so that books of the past exceeded κ·EVaR as rarely as α says. 1 is
   * the Gaussian measure.
   */
  readonly tailFactor: number;
}

/** Distribution of the liability X = qᵀS − (C+P+L) at t+τ, and the products that every formula reuses. */
export interface Exposure {
  /** m = qᵀμ − (C+P+L) */
  readonly mean: number;
  /** s = √(qᵀΣq) */
  readonly volatility: number;
  /** ṡ = qᵀΣ̇q / (2s); 0 where s = 0 */
  readonly volatilityRate: number;
  /** F = qᵀμ, the forward of the virtual asset the LPs are short a call spread on */
  readonly forward: number;
  /** C = Σ C_i */
  readonly totalEntryNotional: number;
  /** Σq, n: of prices, (Σq)_i = S_i·(Σ of returns · qS)_i */
  readonly covarianceTimesSize: Float64Array;
  /** Σ̇q, n */
  readonly rateTimesSize: Float64Array;
}

export function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

export function total(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
}

/**
 * √variance; 0 where rounding left a negative or a subnormal variance, by which nothing can be divided.
 */
export function standardDeviation(variance: number): number {
  return variance > 1e-280 ? Math.sqrt(variance) : 0;
}

/** The liability's mean and standard deviation, O(nK). {@link QuotingBook} keeps them incrementally. */
export function exposureOf(book: Book, forecast: MarketForecast): Exposure {
  const { prices, returns } = forecast;
  const notionals = book.signedSizes.map((size, i) => size * prices[i]);
  const exposures = factorExposures(returns, notionals);
  const rate = rateOf(returns);
  const volatility = standardDeviation(quadraticForm(returns, notionals, exposures));
  const volatilityRate = volatility === 0 ? 0 : quadraticForm(rate, notionals, exposures) / (2 * volatility);
  const forward = total(notionals);
  const totalEntryNotional = total(book.entryNotionals);
  const perSize = (product: Float64Array) => product.map((value, i) => value * prices[i]);
  return {
    mean: forward - (totalEntryNotional + book.capital + book.liquidity),
    volatility,
    volatilityRate,
    forward,
    totalEntryNotional,
    covarianceTimesSize: perSize(covarianceTimes(returns, notionals, exposures)),
    rateTimesSize: perSize(covarianceTimes(rate, notionals, exposures)),
  };
}

/** θ after a trade of signed sizes d executed at `executionPrices` (default: at mark). P and L do not change. */
export function bookAfterTrade(book: Book, tradeSizes: Float64Array, executionPrices: Float64Array): Book {
  return {
    ...book,
    signedSizes: book.signedSizes.map((size, i) => size + tradeSizes[i]),
    entryNotionals: book.entryNotionals.map((notional, i) => notional + tradeSizes[i] * executionPrices[i]),
  };
}
