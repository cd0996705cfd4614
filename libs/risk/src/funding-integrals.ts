import type { FactorForecast } from './factor-forecast.js';

/** Terms of every market's funding rate under the `covariance` allocation, see {@link FundingIntegrals}. */
export interface FundingSource {
  /** p = Bᵀx; the first K entries */
  readonly exposures: Float64Array;
  /** s */
  readonly volatility: number;
  /** ṡ */
  readonly volatilityRate: number;
  /** h_s: the price of volatility to the exchange */
  readonly toExchange: number;
  /** vega of the call spread: its price to the providers */
  readonly toLiquidity: number;
}

/** One market as its funding depends on it. */
export interface FundedMarket {
  readonly market: number;
  /** S_i */
  readonly price: number;
  /** x_i = S_i q_i */
  readonly notional: number;
}

/** Funding of one unit of size since it was settled last, money. */
export interface FundingOfUnit {
  readonly risk: number;
  readonly liquidity: number;
}

/** As JSON; float64 survives it. */
export interface FundingIntegralsState {
  readonly sums: readonly number[];
  readonly risk: readonly number[];
  readonly liquidity: readonly number[];
}

/**
 * ∫ f_i/q_i dt of every market, in floats, between the times at which it is made exact. Under the `covariance` allocation
 *
 * f_i/q_i = c·S_i·[Σ_k B_ik p_k (ḋ_k − d_k ṡ/s)/s + x_i (ω̇_i − ω_i ṡ/s)/s], c = h_s to the exchange, vega to the providers,
 *
 * and S_i and x_i stand still until market i itself is touched. So K + 2 integrals, of c·p_k(ḋ_k − d_k ṡ/s)/s, c/s and −c·ṡ/s², hold
 * the funding of all markets: time costs O(K), and a market that a trade or a mark touches, or that is settled, costs O(K). Where
 * funding does not have that form (the `paper` allocation) the rates of all markets are added up, O(n).
 *
 * A market's integral is kept as a constant plus S_i·[…] of the running integrals, which end at 0 whenever all markets are settled: within
 * one funding interval rounding stays at that of the interval's funding.
 */
export class FundingIntegrals {
  private readonly factors: number;
  /** of the exchange, then of the providers: K of factors, then ∫ c/s, then −∫ c·ṡ/s² */
  private readonly sums: Float64Array;
  /** constants of each market */
  private readonly risk: Float64Array;
  private readonly liquidity: Float64Array;

  constructor(
    private readonly forecast: FactorForecast,
    markets: number,
    state?: FundingIntegralsState,
  ) {
    this.factors = forecast.factors;
    const width = 2 * (this.factors + 2);
    this.sums = state === undefined ? new Float64Array(width) : Float64Array.from(state.sums);
    this.risk = state === undefined ? new Float64Array(markets) : Float64Array.from(state.risk);
    this.liquidity = state === undefined ? new Float64Array(markets) : Float64Array.from(state.liquidity);
  }

  snapshot(): FundingIntegralsState {
    return {
      sums: Array.from(this.sums),
      risk: Array.from(this.risk),
      liquidity: Array.from(this.liquidity),
    };
  }

  /** Time passes at the rates that follow from the book as it is. O(K). */
  advance(
    { exposures, volatility: s, volatilityRate, toExchange, toLiquidity }: FundingSource,
    years: number,
  ): void {
    if (s === 0) return;
    const K = this.factors;
    const { sums } = this;
    const { variances, varianceRates } = this.forecast;
    const relative = volatilityRate / s;
    const risk = (toExchange * years) / s;
    const liquidity = (toLiquidity * years) / s;
    const second = K + 2;
    for (let k = 0; k < K; k++) {
      const rate = exposures[k] * (varianceRates[k] - variances[k] * relative);
      sums[k] += risk * rate;
      sums[second + k] += liquidity * rate;
    }
    sums[K] += risk;
    sums[K + 1] -= risk * relative;
    sums[second + K] += liquidity;
    sums[second + K + 1] -= liquidity * relative;
  }

  /** Time passes at rates of a unit of each market that are at hand. O(n). */
  advanceBy(rates: { readonly risk: Float64Array; readonly liquidity: Float64Array }, years: number): void {
    for (let i = 0; i < this.risk.length; i++) {
      this.risk[i] += rates.risk[i] * years;
      this.liquidity[i] += rates.liquidity[i] * years;
    }
  }

  /** Debt of a unit of a market since it was settled last. O(K). */
  of(market: FundedMarket): FundingOfUnit {
    return {
      risk: this.risk[market.market] + this.running(market, 0),
      liquidity: this.liquidity[market.market] + this.running(market, this.factors + 2),
    };
  }

  /** A market's mark or size is changing, which ends the rates it has had. O(K). */
  changes(before: FundedMarket, after: FundedMarket): void {
    const i = before.market;
    this.risk[i] += this.running(before, 0) - this.running(after, 0);
    this.liquidity[i] += this.running(before, this.factors + 2) - this.running(after, this.factors + 2);
  }

  /** A market is settled: it owes nothing from now on. O(K). */
  settled(market: FundedMarket): void {
    const i = market.market;
    this.risk[i] = -this.running(market, 0);
    this.liquidity[i] = -this.running(market, this.factors + 2);
  }

  /** All markets are settled. O(n + K). */
  allSettled(): void {
    this.sums.fill(0);
    this.risk.fill(0);
    this.liquidity.fill(0);
  }

  private running({ market, price, notional }: FundedMarket, from: number): number {
    const K = this.factors;
    const { sums } = this;
    const { loadings, own, ownRates } = this.forecast;
    let sum = notional * (ownRates[market] * sums[from + K] + own[market] * sums[from + K + 1]);
    for (let k = 0, at = market * K; k < K; k++) sum += loadings[at + k] * sums[from + k];
    return price * sum;
  }
}
