import { coverageTests, type CoverageTests, EwmaCovariance, gaussianTerms } from '#lib/volatility';

/** One-bar forecasts against what came, over a rolling window of bars. */
export interface ForecastQuality {
  readonly bars: number;
  /** mean ln|Σ| + yᵀΣ⁻¹y of the published model; smaller is better */
  readonly qlike: number | null;
  /** the same of EWMA 0.94 on the same bars */
  readonly qlikeEwma: number | null;
  /** VaR of the equally weighted portfolio */
  readonly valueAtRisk5: CoverageTests | null;
  readonly valueAtRisk1: CoverageTests | null;
}

export interface QualityState {
  readonly qlike: number[];
  readonly qlikeEwma: number[];
  readonly hits5: boolean[];
  readonly hits1: boolean[];
}

const QUANTILE_5 = -1.6448536269514722;
const QUANTILE_1 = -2.3263478740408408;
const KEEP = 500;

/** Scores the live one-bar forecasts as they come true. */
export class QualityTracker {
  private readonly state: QualityState;
  private ewma: EwmaCovariance | undefined;

  /** @param baseline as {@link baseline} gave it */
  constructor(state?: QualityState, baseline?: readonly number[]) {
    this.state = state ?? { qlike: [], qlikeEwma: [], hits5: [], hits1: [] };
    if (baseline !== undefined) this.ewma = EwmaCovariance.restore(baseline);
  }

  /** The baseline's covariance, row by row; undefined before there is one. */
  get baseline(): number[] | undefined {
    return this.ewma && Array.from(this.ewma.horizonCovariance(1));
  }

  /** Restarts the baseline on the estimation window of a new model. */
  resetBaseline(returns: readonly Float64Array[]): void {
    this.ewma = new EwmaCovariance(returns);
  }

  /** @param covariance one-bar forecast made before `outcome` was known */
  score(covariance: Float64Array, outcome: Float64Array): void {
    const n = outcome.length;
    push(this.state.qlike, qlike(covariance, outcome));
    if (this.ewma) {
      push(this.state.qlikeEwma, qlike(this.ewma.horizonCovariance(1), outcome));
      this.ewma.update(outcome);
    }
    const deviation = Math.sqrt(covariance.reduce((sum, value) => sum + value, 0)) / n;
    const portfolio = outcome.reduce((sum, value) => sum + value, 0) / n;
    push(this.state.hits5, portfolio < QUANTILE_5 * deviation);
    push(this.state.hits1, portfolio < QUANTILE_1 * deviation);
  }

  quality(): ForecastQuality {
    const { qlike: scores, qlikeEwma, hits5, hits1 } = this.state;
    return {
      bars: scores.length,
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
