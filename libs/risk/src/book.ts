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

/** Marks and what is forecast of them over the horizon τ. Matrices are n×n, row-major. */
export interface MarketForecast {
  /** S = μ, n: mark prices, quote per base unit */
  readonly prices: Float64Array;
  /** Σ, covariance of *prices* over τ: diag(S)·Σ_returns(τ)·diag(S) */
  readonly covariance: Float64Array;
  /** Σ̇ = ∂Σ/∂τ, per year */
  readonly covarianceRate: Float64Array;
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
  /** Σq, n */
  readonly covarianceTimesSize: Float64Array;
  /** Σ̇q, n */
  readonly rateTimesSize: Float64Array;
}

/** Row-major symmetric matrix times vector. */
export function symmetricTimesVector(matrix: Float64Array, vector: Float64Array): Float64Array {
  const n = vector.length;
  const product = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    let sum = 0;
    for (let j = 0, row = i * n; j < n; j++) sum += matrix[row + j] * vector[j];
    product[i] = sum;
  }
  return product;
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
 * √variance, with what rounding left below zero and what is too small to divide by (subnormal squares) as none.
 */
export function standardDeviation(variance: number): number {
  return variance > 1e-280 ? Math.sqrt(variance) : 0;
}

/** The liability's mean and standard deviation, O(n²). {@link QuotingBook} keeps them incrementally. */
export function exposureOf(book: Book, forecast: MarketForecast): Exposure {
  const covarianceTimesSize = symmetricTimesVector(forecast.covariance, book.signedSizes);
  const rateTimesSize = symmetricTimesVector(forecast.covarianceRate, book.signedSizes);
  const volatility = standardDeviation(dot(book.signedSizes, covarianceTimesSize));
  const forward = dot(book.signedSizes, forecast.prices);
  const totalEntryNotional = total(book.entryNotionals);
  return {
    mean: forward - (totalEntryNotional + book.capital + book.liquidity),
    volatility,
    volatilityRate: volatility === 0 ? 0 : dot(book.signedSizes, rateTimesSize) / (2 * volatility),
    forward,
    totalEntryNotional,
    covarianceTimesSize,
    rateTimesSize,
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
