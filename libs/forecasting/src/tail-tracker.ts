import { type FactorForecast, quadraticForm } from '#lib/risk';
import { randomStream } from '#lib/runtime';

/** κ of one α. */
export interface TailFactor {
  readonly alpha: number;
  readonly factor: number;
}

/** The tracker's state, as plain data. A forecast, pending or scored, is named by the end of the bar it was made at, and never changed. */
export interface TailState {
  /** the markets that pending forecasts are of */
  readonly markets: readonly string[];
  /** forecasts whose horizon has not ended, oldest first */
  readonly pending: readonly {
    readonly end: number;
    readonly regime: number;
    /** standard deviation of each book over the horizon */
    readonly deviations: readonly number[];
  }[];
  /** forecasts that have come true, oldest first */
  readonly scored: readonly (ScoredForecast & { readonly end: number })[];
}

export interface ScoredForecast {
  /** ln of the equally weighted book's standard deviation */
  readonly regime: number;
  /** losses in standard deviations, of the books that lost enough to matter */
  readonly tail: readonly number[];
}

/** Books whose losses are scored. */
const BOOKS = 100;
/** Most forecasts that are pending at once: of longer horizons every so-manieth bar is scored. */
const PENDING = 24;
/** Width of the window of like regimes, in ln of the volatility. */
const REGIME_WIDTH = 0.5;

/**
 * Conformal calibration of the tail: κ_α is the smallest factor ≥ 1 with which 100 fixed books lost more than κ·EVaR in at most a share α
 * of the last forecasts, each weighted by how like the present its regime was. EVaR of a centred Gaussian is s√(−2 ln α): its slack over
 * the quantile covers measured tails at 1 % and not at 0.1 %.
 *
 * The books are random, a market's part in each following from its name alone, so that they do not change when markets come and go.
 * The exchange's own book is not among them: forecasts follow from prices alone, or a replay would not repeat them.
 *
 * Source: weighted split conformal prediction, Tibshirani, Barber, Candès & Ramdas (2019), theorem 2; the pairs (forecast, book) count
 * as exchangeable, which books of one bar are only nearly.
 */
export class TailTracker {
  private markets: readonly string[] = [];
  private pending: TailState['pending'];
  private scored: TailState['scored'];
  private readonly parts = new Map<string, Float64Array>();
  /** each book's notionals in `markets`; empty until they are needed */
  private books: readonly Float64Array[] = [];
  private readonly least: number;

  /**
   * @param alphas levels that factors are published for; none turns them off
   * @param horizonBars H
   * @param keep forecasts remembered
   */
  constructor(
    readonly alphas: readonly number[],
    private readonly horizonBars: number,
    /** forecasts remembered; a change holds from the next one on */
    public keep: number,
    state?: TailState,
  ) {
    this.markets = state?.markets ?? [];
    this.pending = state?.pending ?? [];
    this.scored = state?.scored ?? [];
    this.least = thresholdOf(Math.max(...alphas, 1e-300));
  }

  snapshot(): TailState {
    return { markets: this.markets, pending: this.pending, scored: this.scored };
  }

  /**
   * Scores the forecasts that end at this bar and takes the bar's forecast.
   *
   * @param bar its number, counted in bars
   * @param pricesAt closing prices of an earlier bar, by its end; undefined where they are forgotten
   */
  advance(
    markets: readonly string[],
    forecast: FactorForecast,
    bar: { readonly end: number; readonly number: number; readonly prices: ReadonlyMap<string, number> },
    barMs: number,
    pricesAt: (end: number) => ReadonlyMap<string, number> | undefined,
  ): void {
    if (this.alphas.length === 0) return;
    if (markets.length !== this.markets.length || markets.some((name, i) => name !== this.markets[i])) {
      this.markets = [...markets];
      this.pending = [];
      this.books = [];
    }
    const bars = Math.ceil(this.horizonBars);
    const due = this.pending.filter(({ end }) => bar.end >= end + bars * barMs);
    this.pending = this.pending.filter(({ end }) => bar.end < end + bars * barMs);
    for (const one of due) {
      const before = pricesAt(one.end);
      if (before === undefined) continue;
      const tail = this.losses(before, bar.prices)
        .map((loss, book) => loss / one.deviations[book])
        .filter((loss) => loss > this.least);
      this.scored = [...this.scored, { end: one.end, regime: one.regime, tail: Array.from(tail) }].slice(
        -this.keep,
      );
    }
    if (bar.number % Math.ceil(bars / PENDING) === 0) {
      if (this.books.length === 0) {
        const parts = markets.map((market) => this.partsOf(market));
        this.books = Array.from({ length: BOOKS }, (_, book) => Float64Array.from(parts, (of) => of[book]));
      }
      const deviations = this.books.map((book) => Math.fround(Math.sqrt(quadraticForm(forecast, book))));
      const regime = Math.fround(regimeOf(forecast));
      this.pending = [...this.pending, { end: bar.end, regime, deviations }];
    }
  }

  /** The factors that a forecast is published with. */
  factors(forecast: FactorForecast): TailFactor[] {
    const regime = this.alphas.length === 0 ? 0 : regimeOf(forecast);
    return this.alphas.map((alpha) => ({ alpha, factor: tailFactor(this.scored, regime, alpha) }));
  }

  /** Each book's loss between two bars, in units of its notional. */
  private losses(before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>): Float64Array {
    const losses = new Float64Array(BOOKS);
    for (const market of this.markets) {
      const [from, to] = [before.get(market), after.get(market)];
      if (from === undefined || to === undefined) continue;
      const parts = this.partsOf(market);
      for (let book = 0; book < BOOKS; book++) losses[book] -= parts[book] * (to / from - 1);
    }
    return losses;
  }

  /** A market's notional in each book, standard normal. */
  private partsOf(market: string): Float64Array {
    let parts = this.parts.get(market);
    if (parts === undefined) {
      const random = randomStream(hashOf(market));
      parts = Float64Array.from({ length: BOOKS }, () => random.normal());
      this.parts.set(market, parts);
    }
    return parts;
  }
}

/** ln of the equally weighted book's standard deviation. */
function regimeOf(forecast: FactorForecast): number {
  const n = forecast.own.length;
  return 0.5 * Math.log(quadraticForm(forecast, new Float64Array(n).fill(1 / n)));
}

/** EVaR of a centred Gaussian of standard deviation 1. */
function thresholdOf(alpha: number): number {
  return Math.sqrt(-2 * Math.log(alpha));
}

/**
 * The smallest κ ≥ 1 such that losses above κ·√(−2 ln α) weigh at most α of all, the forecast that is being made counting as one more
 * pair whose loss may be any. Where the past weighs too little to tell, the largest loss seen decides.
 */
export function tailFactor(scored: readonly ScoredForecast[], regime: number, alpha: number): number {
  const threshold = thresholdOf(alpha);
  let total = 1 / BOOKS;
  const losses: { loss: number; weight: number }[] = [];
  for (const one of scored) {
    const weight = Math.exp(-0.5 * ((one.regime - regime) / REGIME_WIDTH) ** 2);
    total += weight;
    for (const loss of one.tail) if (loss > threshold) losses.push({ loss, weight: weight / BOOKS });
  }
  losses.sort((a, b) => b.loss - a.loss);
  let above = 1 / BOOKS;
  for (const { loss, weight } of losses) {
    above += weight;
    // This loss may not lie above κ·threshold any more: κ reaches it.
    if (above > alpha * total) return loss / threshold;
  }
  return 1;
}

/** FNV-1a. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
