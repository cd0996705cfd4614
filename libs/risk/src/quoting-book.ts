import {
  type Book,
  dot,
  type Exposure,
  type MarketForecast,
  standardDeviation,
  symmetricTimesVector,
  total,
} from './book.js';
import { callSpread, type CallSpread } from './call-spread.js';
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

/** q, Σq and Σ̇q. */
interface Products {
  readonly sizes: Float64Array;
  readonly sigma: Float64Array;
  readonly rates: Float64Array;
}

interface After {
  /** next to nothing is left of the book: increments of it are rounding, products are made anew */
  readonly cancelled: boolean;
  readonly mean: number;
  readonly volatility: number;
  readonly forward: number;
  readonly entryNotional: number;
}

/** Share of the variance before below which a trade's variance after is computed anew. */
const CANCELLED = 1e-4;

/**
 * The book in the form that quoting wants: Σq, qᵀΣq and the risk of the standing book are kept, so that the
 * premium of a trade with l legs costs O(l²) and one evaluation of the measure, whatever the number of markets.
 *
 * Mutable on purpose: trades and marks are applied in place on Float64Arrays. `load` recomputes everything from
 * scratch, which also ends the rounding that incremental updates gather.
 */
export class QuotingBook {
  private q: Float64Array = new Float64Array();
  private entryNotionals: Float64Array = new Float64Array();
  private forecast: MarketForecast = {
    prices: new Float64Array(),
    covariance: new Float64Array(),
    covarianceRate: new Float64Array(),
  };
  private covarianceTimesSize: Float64Array = new Float64Array();
  private rateTimesSize: Float64Array = new Float64Array();
  private variance = 0;
  /** qᵀΣ̇q */
  private scratch: Products = {
    sizes: new Float64Array(),
    sigma: new Float64Array(),
    rates: new Float64Array(),
  };
  private forward = 0;
  private entryNotional = 0;
  private capital = 0;
  private liquidity = 0;
  private pendingPremia = 0;
  private standing: { risk: LiabilityRisk; spread: CallSpread } | undefined;

  constructor(
    readonly measure: RiskMeasure,
    /** ln α */
    readonly logAlpha: number,
  ) {}

  /** Takes a book and a forecast, both copied. O(n²). */
  load(book: Book, forecast: MarketForecast): void {
    this.q = Float64Array.from(book.signedSizes);
    this.entryNotionals = Float64Array.from(book.entryNotionals);
    this.forecast = forecast;
    this.covarianceTimesSize = symmetricTimesVector(forecast.covariance, this.q);
    this.rateTimesSize = symmetricTimesVector(forecast.covarianceRate, this.q);
    this.variance = dot(this.q, this.covarianceTimesSize);
    const n = this.q.length;
    this.scratch = {
      sizes: new Float64Array(n),
      sigma: new Float64Array(n),
      rates: new Float64Array(n),
    };
    this.forward = dot(this.q, forecast.prices);
    this.entryNotional = total(this.entryNotionals);
    this.setCapital(book.capital, book.liquidity, book.pendingPremia);
  }

  /** Capital moves often (vesting, funding) and leaves the covariance products alone. */
  setCapital(capital: number, liquidity: number, pendingPremia: number): void {
    this.capital = capital;
    this.liquidity = liquidity;
    this.pendingPremia = pendingPremia;
    this.standing = undefined;
  }

  /** Books a trade: O(n·legs). */
  apply(legs: readonly Leg[]): void {
    const after = this.after(legs);
    const products = { sizes: this.q, sigma: this.covarianceTimesSize, rates: this.rateTimesSize };
    this.productsAfter(legs, after, products);
    for (const { market, size, executionPrice = this.forecast.prices[market] } of legs) {
      this.entryNotionals[market] += size * executionPrice;
    }
    this.variance = after.volatility * after.volatility;
    this.forward = after.forward;
    this.entryNotional = after.entryNotional;
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
    const riskAfter = liabilityRisk(this.measure, after.mean, after.volatility, this.logAlpha);
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
    const n = this.q.length;
    const variance =
      this.variance +
      size * (2 * this.covarianceTimesSize[market] + size * this.forecast.covariance[market * n + market]);
    const { risk } = this.now();
    const s = standardDeviation(variance);
    return Math.max(0, liabilityRiskValue(this.measure, this.mean(), s, this.logAlpha) - risk.value);
  }

  /**
   * Funding rates of every market after a trade, risk and liquidity together, under the `covariance` allocation and
   * without allocating: there the split of the mean drops out, since h and the call spread are homogeneous of degree
   * one (h_ms·m + h_ss·s = 0), and f_i + f^L_i = (h_s + vega)·ḃ_i. O(n·legs).
   *
   * @param price h_s + vega after the trade
   */
  private visitFundingAfter(legs: readonly Leg[], after: After, price: number, visit: FundingVisitor): void {
    const n = this.q.length;
    const s = after.volatility;
    if (s === 0) {
      for (let i = 0; i < n; i++) visit(i, 0);
      return;
    }
    const { sizes, sigma, rates } = this.scratch;
    this.productsAfter(legs, after, this.scratch);
    const relativeRate = dot(sizes, rates) / (2 * s * s);
    for (let i = 0; i < n; i++) visit(i, (price / s) * sizes[i] * (rates[i] - sigma[i] * relativeRate));
  }

  /** The book as it would stand after the trade, for funding and risk figures that a quote shows. O(n·legs). */
  exposureAfter(legs: readonly Leg[]): { book: Book; exposure: Exposure; risk: LiabilityRisk } {
    const after = this.after(legs);
    const n = this.q.length;
    const products = {
      sizes: new Float64Array(n),
      sigma: new Float64Array(n),
      rates: new Float64Array(n),
    };
    this.productsAfter(legs, after, products);
    const { sizes: signedSizes, sigma: covarianceTimesSize, rates: rateTimesSize } = products;
    const entryNotionals = Float64Array.from(this.entryNotionals);
    for (const { market, size, executionPrice = this.forecast.prices[market] } of legs) {
      entryNotionals[market] += size * executionPrice;
    }
    const volatility = after.volatility;
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
        volatilityRate: volatility === 0 ? 0 : dot(signedSizes, rateTimesSize) / (2 * volatility),
        forward: after.forward,
        totalEntryNotional: after.entryNotional,
        covarianceTimesSize,
        rateTimesSize,
      },
      risk: liabilityRisk(this.measure, after.mean, volatility, this.logAlpha),
    };
  }

  private mean(): number {
    return this.forward - (this.entryNotional + this.capital + this.liquidity);
  }

  private now(): { risk: LiabilityRisk; spread: CallSpread } {
    if (this.standing === undefined) {
      const s = standardDeviation(this.variance);
      this.standing = {
        risk: liabilityRisk(this.measure, this.mean(), s, this.logAlpha),
        spread: callSpread(this.forward, this.entryNotional + this.capital, this.liquidity, s),
      };
    }
    return this.standing;
  }

  private after(legs: readonly Leg[]): After {
    const n = this.q.length;
    let { variance, forward, entryNotional } = this;
    for (let a = 0; a < legs.length; a++) {
      const { market, size, executionPrice = this.forecast.prices[market] } = legs[a];
      const row = market * n;
      variance +=
        size * (2 * this.covarianceTimesSize[market] + size * this.forecast.covariance[row + market]);
      for (let b = 0; b < a; b++) {
        variance += 2 * size * legs[b].size * this.forecast.covariance[row + legs[b].market];
      }
      forward += size * this.forecast.prices[market];
      entryNotional += size * executionPrice;
    }
    // A trade that closes nearly the whole book leaves the difference of two numbers of its former size.
    const cancelled = variance < CANCELLED * this.variance;
    if (cancelled) {
      const sizes = this.sizesAfter(legs);
      variance = dot(sizes, symmetricTimesVector(this.forecast.covariance, sizes));
    }
    return {
      cancelled,
      volatility: standardDeviation(variance),
      mean: forward - (entryNotional + this.capital + this.liquidity),
      forward,
      entryNotional,
    };
  }

  /** q′, Σq′ and Σ̇q′ after a trade, into arrays that may be the book's own. O(n·legs); O(n²) where little is left. */
  private productsAfter(legs: readonly Leg[], { cancelled }: After, into: Products): void {
    const { covariance, covarianceRate } = this.forecast;
    into.sigma.set(this.covarianceTimesSize);
    into.rates.set(this.rateTimesSize);
    into.sizes.set(this.q);
    for (const { market, size } of legs) into.sizes[market] += size;
    if (cancelled) {
      into.sigma.set(symmetricTimesVector(covariance, into.sizes));
      into.rates.set(symmetricTimesVector(covarianceRate, into.sizes));
      return;
    }
    this.addLegs(legs, into.sigma, covariance);
    this.addLegs(legs, into.rates, covarianceRate);
  }

  private sizesAfter(legs: readonly Leg[]): Float64Array {
    const sizes = Float64Array.from(this.q);
    for (const { market, size } of legs) sizes[market] += size;
    return sizes;
  }

  private addLegs(legs: readonly Leg[], product: Float64Array, matrix: Float64Array): void {
    const n = this.q.length;
    for (const { market, size } of legs) {
      const row = market * n;
      for (let i = 0; i < n; i++) product[i] += size * matrix[row + i];
    }
  }
}
