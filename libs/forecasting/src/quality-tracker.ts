import { covarianceEntry, type FactorForecast, quadraticForm } from '#lib/risk';
import { coverageTests, type CoverageTests, EwmaCovariance, gaussianTerms } from '#lib/volatility';

/** One-bar forecasts against realised returns, over a rolling window of bars. */
export interface ForecastQuality {
  readonly bars: number;
  /** the markets that QLIKE is taken over: all, or some of many */
  readonly markets: readonly string[];
  /** mean ln|Σ| + yᵀΣ⁻¹y of the published model; smaller is better */
  readonly qlike: number | null;
  /** the same of EWMA 0.94 on the same bars */
  readonly qlikeEwma: number | null;
  /** VaR of the equally weighted portfolio of all markets */
  readonly valueAtRisk5: CoverageTests | null;
  readonly valueAtRisk1: CoverageTests | null;
}

export interface QualityState {
  readonly qlike: number[];
  readonly qlikeEwma: number[];
  readonly hits5: boolean[];
  readonly hits1: boolean[];
}

/** The baseline that forecasts are held against: EWMA of the scored markets, row by row. */
export interface QualityBaseline {
  readonly markets: readonly string[];
  readonly covariance: readonly number[];
}

const QUANTILE_5 = -1.6448536269514722;
const QUANTILE_1 = -2.3263478740408408;
const KEEP = 500;
/** Most markets that QLIKE is taken over: its baseline is a matrix, and a bar of 500 markets must not wait for one. */
const SCORED_MARKETS = 24;

/** Scores the live one-bar forecasts as they come true. */
export class QualityTracker {
  private readonly state: QualityState;
  private scored: readonly string[] = [];
  private ewma: EwmaCovariance | undefined;

  /** @param baseline as {@link baseline} gave it */
  constructor(state?: QualityState, baseline?: QualityBaseline) {
    this.state = state ?? { qlike: [], qlikeEwma: [], hits5: [], hits1: [] };
    if (baseline === undefined) return;
    this.scored = baseline.markets;
    this.ewma = EwmaCovariance.restore(baseline.covariance);
  }

  get baseline(): QualityBaseline | undefined {
    return this.ewma && { markets: this.scored, covariance: Array.from(this.ewma.horizonCovariance(1)) };
  }

  /** Restarts the baseline on a new model's window, where the markets to score have changed: evenly chosen where there are many. */
  follow(markets: readonly string[], window: () => ReadonlyMap<string, Float64Array> | undefined): void {
    const count = Math.min(SCORED_MARKETS, markets.length);
    const scored = Array.from({ length: count }, (_, i) => markets[Math.floor((i * markets.length) / count)]);
    if (
      this.ewma &&
      scored.length === this.scored.length &&
      scored.every((name, i) => name === this.scored[i])
    )
      return;
    const series = window();
    const returns = scored.map((market) => series?.get(market));
    if (!returns.every((values) => values !== undefined)) return;
    this.scored = scored;
    this.ewma = new EwmaCovariance(returns);
  }

  /**
   * @param forecast one-bar forecast made before `outcome` was known
   * @param outcome log return of each of the model's markets
   */
  score(markets: readonly string[], forecast: FactorForecast, outcome: Float64Array): void {
    const places = this.scored.map((market) => markets.indexOf(market));
    if (this.ewma && places.every((place) => place >= 0)) {
      const n = places.length;
      const covariance = new Float64Array(n * n);
      places.forEach((i, a) => {
        places.forEach((j, b) => (covariance[a * n + b] = covarianceEntry(forecast, i, j)));
      });
      const returns = Float64Array.from(places, (place) => outcome[place]);
      push(this.state.qlike, qlike(covariance, returns));
      push(this.state.qlikeEwma, qlike(this.ewma.horizonCovariance(1), returns));
      this.ewma.update(returns);
    }
    const n = outcome.length;
    const deviation = Math.sqrt(quadraticForm(forecast, new Float64Array(n).fill(1 / n)));
    const portfolio = outcome.reduce((sum, value) => sum + value, 0) / n;
    push(this.state.hits5, portfolio < QUANTILE_5 * deviation);
    push(this.state.hits1, portfolio < QUANTILE_1 * deviation);
  }

  quality(): ForecastQuality {
    const { qlike: scores, qlikeEwma, hits5, hits1 } = this.state;
    return {
      bars: hits5.length,
      markets: this.scored,
      qlike: mean(scores),
      qlikeEwma: mean(qlikeEwma),
      valueAtRisk5: hits5.length > 0 ? coverageTests(hits5, 0.05) : null,
      valueAtRisk1: hits1.length > 0 ? coverageTests(hits1, 0.01) : null,
    };
  }

  snapshot(): QualityState {
    return this.state;
  }
}

function push<T>(list: T[], value: T): void {
  list.push(value);
  if (list.length > KEEP) list.shift();
}

function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}

function qlike(covariance: Float64Array, outcome: Float64Array): number {
  const { logDeterminant, mahalanobis } = gaussianTerms(covariance, outcome);
  return logDeterminant + mahalanobis;
}
