import { type Book, type Exposure, type MarketForecast, standardDeviation } from './book.js';
import { callSpread, type CallSpread } from './call-spread.js';
import { ExposureSums, type MarketHolding } from './exposure-sums.js';
import { covarianceTimes, type FactorForecast, rateOf } from './factor-forecast.js';
import type { FundingSource } from './funding-integrals.js';
import { type LiabilityRisk, liabilityRisk, liabilityRiskValue, type RiskMeasure } from './risk-measure.js';

/** One leg of a trade: index of the market, signed size in base units. */
export interface Leg {
  readonly market: number;
  readonly size: number;
  /** defaults to the mark */
  readonly executionPrice?: number;
}

/** Cost of a trade and its effect on the pool's risk. Money. */
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

/** The book after a trade, as far as premia need it. */
interface After {
  /** of {@link ExposureSums} */
  readonly row: Float64Array;
  readonly mean: number;
  readonly volatility: number;
  readonly forward: number;
  readonly entryNotional: number;
}

const NOTHING: FactorForecast = {
  factors: 0,
  loadings: new Float64Array(),
  variances: new Float64Array(),
  varianceRates: new Float64Array(),
  own: new Float64Array(),
  ownRates: new Float64Array(),
};
const EMPTY = new Float64Array();

/**
 * The book in the form that quoting wants: {@link ExposureSums} of sizes, entry notionals and marks. A trade of l legs or a mark changes
 * them in O(Kl log n), a premium costs as much and one evaluation of the measure; funding of all markets costs O(nK).
 *
 * Mutable on purpose: trades and marks are applied in place. Results depend on the sizes, entry notionals and marks alone,
 * not on how they came about.
 */
export class QuotingBook {
  private sums = new ExposureSums(NOTHING, EMPTY, EMPTY, EMPTY);
  private returns = NOTHING;
  private tailFactor = 1;
  private capital = 0;
  private liquidity = 0;
  private pendingPremia = 0;
  private standing: { volatility: number; risk: LiabilityRisk; spread: CallSpread } | undefined;

  constructor(
    readonly measure: RiskMeasure,
    /** ln α */
    readonly logAlpha: number,
  ) {}

  /** Takes a book and a forecast; the book and the prices are copied. O(nK). */
  load(book: Book, forecast: MarketForecast): void {
    this.returns = forecast.returns;
    this.tailFactor = forecast.tailFactor;
    this.sums = new ExposureSums(forecast.returns, book.signedSizes, book.entryNotionals, forecast.prices);
    // The risk that has been asked for last was that of the forecast before, though the capital may be the same.
    this.standing = undefined;
    this.setCapital(book.capital, book.liquidity, book.pendingPremia);
  }

  /** Capital moves often (vesting, funding) and leaves the exposures alone; pending premia are taken off the measure, not in it. */
  setCapital(capital: number, liquidity: number, pendingPremia: number): void {
    if (this.capital !== capital || this.liquidity !== liquidity) this.standing = undefined;
    this.capital = capital;
    this.liquidity = liquidity;
    this.pendingPremia = pendingPremia;
  }

  /** A new mark. O(K log n). */
  setPrice(market: number, price: number): void {
    this.sums.setPrice(market, price);
    this.standing = undefined;
  }

  /** A market's size and entry notional as the books have them. O(K log n). */
  setHolding(market: number, size: number, entryNotional: number): void {
    this.sums.setHolding(market, size, entryNotional);
    this.standing = undefined;
  }

  /** Books a trade, at mark unless a leg says otherwise. O(K log n) a leg. */
  apply(legs: readonly Leg[]): void {
    for (const { market, size, entryNotional } of this.holdingsAfter(legs))
      this.setHolding(market, size, entryNotional);
  }

  /** The book and the marks as they are, by reference: they change with it. O(1). */
  book(): Book {
    const { sizes: signedSizes, entryNotionals } = this.sums;
    const { capital, liquidity, pendingPremia } = this;
    return { signedSizes, entryNotionals, capital, liquidity, pendingPremia };
  }

  /** Marks, by reference. */
  get prices(): Float64Array {
    return this.sums.prices;
  }

  /** x, n: notionals at mark, by reference. */
  get notionals(): Float64Array {
    return this.sums.notionals;
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

  /** π^ρ of one leg at mark, the measure's value alone: the innermost loop of a matching engine's pre-trade check. */
  riskPremiumOfLeg(market: number, size: number): number {
    const { mean, volatility } = this.after([{ market, size }]);
    const after = liabilityRiskValue(this.measure, mean, volatility, this.logAlpha, this.tailFactor);
    return Math.max(0, after - this.now().risk.value);
  }

  /** Terms of every market's funding, see {@link FundingIntegrals}. O(K) where nothing has changed since. */
  fundingSource(): FundingSource {
    const { volatility, risk, spread } = this.now();
    const exposures = this.sums.root;
    const { varianceRates } = this.returns;
    let drift = this.sums.ownVarianceRate(exposures);
    for (let k = 0; k < this.sums.factors; k++) drift += varianceRates[k] * exposures[k] * exposures[k];
    const volatilityRate = volatility === 0 ? 0 : drift / (2 * volatility);
    return { exposures, volatility, volatilityRate, toExchange: risk.hs, toLiquidity: spread.vega };
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
    const n = this.sums.markets;
    const s = after.volatility;
    if (s === 0) {
      for (let i = 0; i < n; i++) visit(i, 0);
      return;
    }
    let drift = this.sums.ownVarianceRate(after.row);
    for (let k = 0; k < K; k++) drift += varianceRates[k] * after.row[k] * after.row[k];
    const relative = drift / (2 * s * s);
    const p = after.row.slice(0, K);
    for (let k = 0; k < K; k++) p[k] *= varianceRates[k] - relative * variances[k];
    const traded = this.holdingsAfter(legs);
    for (let i = 0; i < n; i++) {
      let x = this.sums.notionals[i];
      for (let leg = 0; leg < traded.length; leg++)
        if (traded[leg].market === i) x = traded[leg].size * this.sums.prices[i];
      let sum = x * (ownRates[i] - relative * own[i]);
      for (let k = 0, at = i * K; k < K; k++) sum += loadings[at + k] * p[k];
      visit(i, (price / s) * x * sum);
    }
  }

  /** The book as it would stand after the trade, for funding and risk figures that a quote shows. O(nK). */
  exposureAfter(legs: readonly Leg[]): { book: Book; exposure: Exposure; risk: LiabilityRisk } {
    const { sums, returns } = this;
    const { row, mean, volatility, forward, entryNotional } = this.after(legs);
    const exposures = row.slice(0, sums.factors);
    const book = this.book();
    const signedSizes = Float64Array.from(book.signedSizes);
    const entryNotionals = Float64Array.from(book.entryNotionals);
    for (const held of this.holdingsAfter(legs)) {
      signedSizes[held.market] = held.size;
      entryNotionals[held.market] = held.entryNotional;
    }
    const notionals = signedSizes.map((size, i) => size * sums.prices[i]);
    const perSize = (form: Parameters<typeof covarianceTimes>[0]) =>
      covarianceTimes(form, notionals, exposures).map((value, i) => value * sums.prices[i]);
    const rateTimesSize = perSize(rateOf(returns));
    let drift = 0;
    for (let i = 0; i < signedSizes.length; i++) drift += signedSizes[i] * rateTimesSize[i];
    return {
      book: { ...book, signedSizes, entryNotionals },
      exposure: {
        ...{ mean, volatility, forward, totalEntryNotional: entryNotional },
        volatilityRate: volatility === 0 ? 0 : drift / (2 * volatility),
        covarianceTimesSize: perSize(returns),
        rateTimesSize,
      },
      risk: this.riskOf(mean, volatility),
    };
  }

  private now(): { volatility: number; risk: LiabilityRisk; spread: CallSpread } {
    if (this.standing === undefined) {
      const { volatility, mean, forward, entryNotional } = this.figures(this.sums.root);
      this.standing = {
        volatility,
        risk: this.riskOf(mean, volatility),
        spread: callSpread(forward, entryNotional + this.capital, this.liquidity, volatility),
      };
    }
    return this.standing;
  }

  private after(legs: readonly Leg[]): After {
    return this.figures(this.sums.with(this.holdingsAfter(legs)));
  }

  private figures(row: Float64Array): After {
    const { variances } = this.returns;
    const forward = this.sums.forward(row);
    const entryNotional = this.sums.entryNotional(row);
    let variance = this.sums.ownVariance(row);
    for (let k = 0; k < this.sums.factors; k++) variance += variances[k] * row[k] * row[k];
    const mean = forward - (entryNotional + this.capital + this.liquidity);
    return { row, mean, volatility: standardDeviation(variance), forward, entryNotional };
  }

  private riskOf(mean: number, volatility: number): LiabilityRisk {
    return liabilityRisk(this.measure, mean, volatility, this.logAlpha, this.tailFactor);
  }

  /** Each market that a trade touches, once, as it would be held afterwards. */
  private holdingsAfter(legs: readonly Leg[]): MarketHolding[] {
    const { sizes, entryNotionals, prices } = this.sums;
    const after: { market: number; size: number; entryNotional: number }[] = [];
    for (const { market, size, executionPrice = prices[market] } of legs) {
      let held = after.find((each) => each.market === market);
      if (held === undefined) {
        held = { market, size: sizes[market], entryNotional: entryNotionals[market] };
        after.push(held);
      }
      held.size += size;
      held.entryNotional += size * executionPrice;
    }
    return after;
  }
}
