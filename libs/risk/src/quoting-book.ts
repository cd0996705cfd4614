import { type Book, type Exposure, type MarketForecast, standardDeviation } from './book.js';
import { callSpread, type CallSpread } from './call-spread.js';
import { covarianceTimes, factorExposures, type FactorForecast, rateOf } from './factor-forecast.js';
import { type LiabilityRisk, liabilityRisk, liabilityRiskValue, type RiskMeasure } from './risk-measure.js';

/** One leg of a trade: index of the market, signed size in base units. */
export interface Leg {
  readonly market: number;
  readonly size: number;
  /** defaults to the mark */
  readonly executionPrice?: number;
}

/** What a trade costs and what it does to the pool's risk. Money. */
export interface Premium {
  /** π^ρ = (ρ(θ′) − ρ(θ))⁺ */
  readonly risk: number;
  /** π^L = (C(θ′) − C(θ))⁺ */
  readonly liquidity: number;
  readonly riskBefore: number;
  readonly riskAfter: number;
}

/** Receives each market's yearly funding rate, money, in order. */
export type FundingVisitor = (market: number, rate: number) => void;

/** The book after a trade, as far as premia need it; {@link QuotingBook.after} has put its Bᵀx into `exposuresAfter`. */
interface After {
  readonly ownVariance: number;
  readonly mean: number;
  readonly volatility: number;
  readonly forward: number;
  readonly entryNotional: number;
}

/** Share of the markets' own variance before below which a trade leaves rounding only: the sum is made anew. */
const CANCELLED = 1e-4;
/** Trades and marks applied in place before sums are made anew, which ends the rounding they gather. */
const REFRESH_EVERY = 4096;

/**
 * The book in the form that quoting wants: x = S∘q, its exposures Bᵀx to the K common factors, and Σ_i ω_i x_i². A trade of l legs or a
 * mark changes them in O(Kl), a premium costs O(Kl) and one evaluation of the measure, whatever the number of markets; funding of all
 * markets costs O(nK).
 *
 * Mutable on purpose: trades and marks are applied in place on Float64Arrays. {@link refresh} makes every sum anew, and happens by itself
 * every some thousand changes.
 */
export class QuotingBook {
  private q: Float64Array = new Float64Array();
  private entryNotionals: Float64Array = new Float64Array();
  private prices: Float64Array = new Float64Array();
  /** x, n: signed notional of each market at mark */
  private notionals: Float64Array = new Float64Array();
  private returns: FactorForecast = {
    factors: 0,
    loadings: new Float64Array(),
    variances: new Float64Array(),
    varianceRates: new Float64Array(),
    own: new Float64Array(),
    ownRates: new Float64Array(),
  };
  private tailFactor = 1;
  /** Bᵀx, K */
  private exposures: Float64Array = new Float64Array();
  /** Bᵀx after the trade that was looked at last */
  private exposuresAfter: Float64Array = new Float64Array();
  /** Σ_i ω_i x_i² */
  private ownVariance = 0;
  private forward = 0;
  private entryNotional = 0;
  private capital = 0;
  private liquidity = 0;
  private pendingPremia = 0;
  private changes = 0;
  private standing: { risk: LiabilityRisk; spread: CallSpread } | undefined;

  constructor(
    readonly measure: RiskMeasure,
    /** ln α */
    readonly logAlpha: number,
  ) {}

  /** Takes a book and a forecast; the book and the prices are copied. O(nK). */
  load(book: Book, forecast: MarketForecast): void {
    this.q = Float64Array.from(book.signedSizes);
    this.entryNotionals = Float64Array.from(book.entryNotionals);
    this.prices = Float64Array.from(forecast.prices);
    this.returns = forecast.returns;
    this.tailFactor = forecast.tailFactor;
    this.exposuresAfter = new Float64Array(forecast.returns.factors);
    this.refresh();
    this.setCapital(book.capital, book.liquidity, book.pendingPremia);
  }

  /** Capital moves often (vesting, funding) and leaves the exposures alone. */
  setCapital(capital: number, liquidity: number, pendingPremia: number): void {
    this.capital = capital;
    this.liquidity = liquidity;
    this.pendingPremia = pendingPremia;
    this.standing = undefined;
  }

  /** A new mark. O(K). */
  setPrice(market: number, price: number): void {
    const change = this.q[market] * (price - this.prices[market]);
    this.prices[market] = price;
    if (change === 0) return;
    this.move(market, this.q[market] * price);
    this.forward += change;
    this.changed();
  }

  /** Books a trade, at mark unless a leg says otherwise. O(K·legs). */
  apply(legs: readonly Leg[]): void {
    for (const { market, size, executionPrice = this.prices[market] } of legs) {
      this.q[market] += size;
      this.move(market, this.q[market] * this.prices[market]);
      this.forward += size * this.prices[market];
      this.entryNotionals[market] += size * executionPrice;
      this.entryNotional += size * executionPrice;
    }
    this.changed();
  }

  /** Makes every sum anew from sizes and marks. O(nK). */
  refresh(): void {
    const { q, prices, returns } = this;
    this.notionals = q.map((size, i) => size * prices[i]);
    this.exposures = factorExposures(returns, this.notionals);
    this.forward = 0;
    this.entryNotional = 0;
    for (let i = 0; i < q.length; i++) {
      this.forward += this.notionals[i];
      this.entryNotional += this.entryNotionals[i];
    }
    this.ownVariance = this.ownVarianceAfter([]);
    this.changes = 0;
    this.standing = undefined;
  }

  /**
   * The premium of a trade, at mark unless a leg says otherwise. Nothing is booked.
   *
   * @param visitFunding called with each market and its funding rate after the trade, see {@link visitFundingAfter}
   */
  premium(legs: readonly Leg[], visitFunding?: FundingVisitor): Premium {
    const { risk, spread } = this.now();
    const after = this.after(legs);
    const riskAfter = this.riskOf(after.mean, after.volatility);
    const spreadAfter = callSpread(
      after.forward,
      after.entryNotional + this.capital,
      this.liquidity,
      after.volatility,
    );
    if (visitFunding) this.visitFundingAfter(legs, after, riskAfter.hs + spreadAfter.vega, visitFunding);
    return {
      risk: Math.max(0, riskAfter.value - risk.value),
      liquidity: Math.max(0, spreadAfter.price - spread.price),
      riskBefore: risk.value - this.pendingPremia,
      riskAfter: riskAfter.value - this.pendingPremia,
    };
  }

  /** π^ρ of one leg at mark, without allocating: the innermost loop of a matching engine's pre-trade check. */
  riskPremiumOfLeg(market: number, size: number): number {
    const { factors: K, loadings, variances, own } = this.returns;
    const { exposures } = this;
    const x = size * this.prices[market];
    const before = this.notionals[market];
    let variance = this.ownVariance + own[market] * x * (2 * before + x);
    if (variance < CANCELLED * this.ownVariance) return this.premium([{ market, size }]).risk;
    for (let k = 0, at = market * K; k < K; k++) {
      const exposure = exposures[k] + loadings[at + k] * x;
      variance += variances[k] * exposure * exposure;
    }
    const { risk } = this.now();
    const s = standardDeviation(variance);
    const after = liabilityRiskValue(this.measure, this.mean(), s, this.logAlpha, this.tailFactor);
    return Math.max(0, after - risk.value);
  }

  /**
   * Funding rates of every market after a trade, risk and liquidity together, under the `covariance` allocation and
   * without allocating: there the split of the mean drops out, since h and the call spread are homogeneous of degree
   * one (h_ms·m + h_ss·s = 0), and f_i + f^L_i = (h_s + vega)·ḃ_i with ḃ_i = x_i(Σ̇x − (ṡ/s)Σx)_i/s. O(nK).
   *
   * @param price h_s + vega after the trade
   */
  private visitFundingAfter(legs: readonly Leg[], after: After, price: number, visit: FundingVisitor): void {
    const { factors: K, loadings, variances, varianceRates, own, ownRates } = this.returns;
    const n = this.q.length;
    const s = after.volatility;
    if (s === 0) {
      for (let i = 0; i < n; i++) visit(i, 0);
      return;
    }
    const p = this.exposuresAfter;
    const notionalOf = (i: number) => this.notionalAfter(legs, i);
    let drift = 0;
    for (let k = 0; k < K; k++) drift += varianceRates[k] * p[k] * p[k];
    for (let i = 0; i < n; i++) drift += ownRates[i] * notionalOf(i) ** 2;
    const relative = drift / (2 * s * s);
    for (let k = 0; k < K; k++) p[k] *= varianceRates[k] - relative * variances[k];
    for (let i = 0; i < n; i++) {
      const x = notionalOf(i);
      let sum = x * (ownRates[i] - relative * own[i]);
      for (let k = 0, at = i * K; k < K; k++) sum += loadings[at + k] * p[k];
      visit(i, (price / s) * x * sum);
    }
  }

  /** The book as it would stand after the trade, for funding and risk figures that a quote shows. O(nK). */
  exposureAfter(legs: readonly Leg[]): { book: Book; exposure: Exposure; risk: LiabilityRisk } {
    const after = this.after(legs);
    const { prices, returns } = this;
    const exposures = this.exposuresAfter;
    const signedSizes = Float64Array.from(this.q);
    const entryNotionals = Float64Array.from(this.entryNotionals);
    for (const { market, size, executionPrice = prices[market] } of legs) {
      signedSizes[market] += size;
      entryNotionals[market] += size * executionPrice;
    }
    const notionals = signedSizes.map((size, i) => size * prices[i]);
    const perSize = (form: Parameters<typeof covarianceTimes>[0]) =>
      covarianceTimes(form, notionals, exposures).map((value, i) => value * prices[i]);
    const rateTimesSize = perSize(rateOf(returns));
    const { volatility } = after;
    let drift = 0;
    for (let i = 0; i < signedSizes.length; i++) drift += signedSizes[i] * rateTimesSize[i];
    return {
      book: {
        signedSizes,
        entryNotionals,
        capital: this.capital,
        liquidity: this.liquidity,
        pendingPremia: this.pendingPremia,
      },
      exposure: {
        mean: after.mean,
        volatility,
        volatilityRate: volatility === 0 ? 0 : drift / (2 * volatility),
        forward: after.forward,
        totalEntryNotional: after.entryNotional,
        covarianceTimesSize: perSize(returns),
        rateTimesSize,
      },
      risk: this.riskOf(after.mean, volatility),
    };
  }

  private mean(): number {
    return this.forward - (this.entryNotional + this.capital + this.liquidity);
  }

  private now(): { risk: LiabilityRisk; spread: CallSpread } {
    if (this.standing === undefined) {
      const s = standardDeviation(this.ownVariance + this.commonVariance(this.exposures));
      this.standing = {
        risk: this.riskOf(this.mean(), s),
        spread: callSpread(this.forward, this.entryNotional + this.capital, this.liquidity, s),
      };
    }
    return this.standing;
  }

  private riskOf(mean: number, volatility: number): LiabilityRisk {
    return liabilityRisk(this.measure, mean, volatility, this.logAlpha, this.tailFactor);
  }

  private commonVariance(exposures: Float64Array): number {
    const { variances } = this.returns;
    let sum = 0;
    for (let k = 0; k < exposures.length; k++) sum += variances[k] * exposures[k] * exposures[k];
    return sum;
  }

  private after(legs: readonly Leg[]): After {
    const { factors: K, loadings, own } = this.returns;
    const { prices, exposuresAfter } = this;
    let { ownVariance, forward, entryNotional } = this;
    exposuresAfter.set(this.exposures);
    for (let a = 0; a < legs.length; a++) {
      const { market, size, executionPrice = prices[market] } = legs[a];
      const change = size * prices[market];
      let before = this.notionals[market];
      for (let b = 0; b < a; b++) {
        if (legs[b].market === market) before += legs[b].size * prices[market];
      }
      ownVariance += own[market] * change * (2 * before + change);
      for (let k = 0, at = market * K; k < K; k++) exposuresAfter[k] += loadings[at + k] * change;
      forward += change;
      entryNotional += size * executionPrice;
    }
    // A trade that closes nearly the whole book leaves the difference of two sums of its former size.
    if (ownVariance < CANCELLED * this.ownVariance) ownVariance = this.ownVarianceAfter(legs);
    return {
      ownVariance,
      volatility: standardDeviation(ownVariance + this.commonVariance(exposuresAfter)),
      mean: forward - (entryNotional + this.capital + this.liquidity),
      forward,
      entryNotional,
    };
  }

  private notionalAfter(legs: readonly Leg[], i: number): number {
    let size = this.q[i];
    for (let a = 0; a < legs.length; a++) if (legs[a].market === i) size += legs[a].size;
    return size * this.prices[i];
  }

  /** Σ_i ω_i x_i² from scratch. O(n·legs). */
  private ownVarianceAfter(legs: readonly Leg[]): number {
    const { own } = this.returns;
    let sum = 0;
    for (let i = 0; i < own.length; i++) sum += own[i] * this.notionalAfter(legs, i) ** 2;
    return sum;
  }

  /** Puts a market's notional in the place of what it was, in every sum that holds it. */
  private move(market: number, notional: number): void {
    const { factors: K, loadings, own } = this.returns;
    const before = this.notionals[market];
    const change = notional - before;
    const ownVariance = this.ownVariance + own[market] * change * (notional + before);
    this.notionals[market] = notional;
    for (let k = 0, at = market * K; k < K; k++) this.exposures[k] += loadings[at + k] * change;
    this.ownVariance = ownVariance < CANCELLED * this.ownVariance ? this.ownVarianceAfter([]) : ownVariance;
  }

  private changed(): void {
    this.changes++;
    this.standing = undefined;
    if (this.changes >= REFRESH_EVERY) this.refresh();
  }
}
