import { InvalidInputError } from '#lib/errors';
import { gaussianTerms } from '../market/index.js';
import { type CoverageTests, coverageTests } from './coverage.js';
import { energyScore } from './energy-score.js';
import { type BacktestModel, FITTERS } from './models.js';

export interface BacktestOptions {
  /** bars in the estimation window */
  readonly window: number;
  /** number of forecast origins, the last ones the data allow */
  readonly steps: number;
  /** horizons in bars */
  readonly horizons: readonly number[];
  readonly models: readonly BacktestModel[];
  /** bars between refits; in between only the filter runs. Default 1 */
  readonly refitEvery?: number;
  /** nominal level of the VaR, default 0.05 */
  readonly valueAtRiskLevel?: number;
  /** called after each origin of a model */
  readonly onProgress?: (model: BacktestModel, done: number, steps: number) => void;
}

/** How good one model was at one horizon. */
export interface BacktestRow {
  readonly model: BacktestModel;
  readonly horizon: number;
  readonly origins: number;
  /** mean energy score of the forecast of the *summed* returns; smaller is better */
  readonly energyScore: number;
  /** mean ln|Σ| + yᵀΣ⁻¹y; smaller is better */
  readonly qlike: number;
  /** VaR of the equally weighted portfolio, on origins a horizon apart so that outcomes do not overlap */
  readonly coverage: CoverageTests;
  /** spent on fits, updates and forecasts of this model, all horizons together */
  readonly seconds: number;
}

/** Standard normal quantiles at the usual levels, Φ⁻¹(level). */
function normalQuantile(level: number): number {
  const known: Record<string, number> = {
    '0.05': -1.6448536269514722,
    '0.01': -2.3263478740408408,
    '0.025': -1.9599639845400545,
  };
  const quantile = known[String(level)];
  if (quantile === undefined)
    throw new InvalidInputError('valueAtRiskLevel', `must be 0.01, 0.025 or 0.05, got ${level}`);
  return quantile;
}

/**
 * Rolling out-of-sample backtest: at each origin a model sees only the window before it, forecasts the
 * covariance over each horizon and is scored on the returns summed over that horizon.
 *
 * @param returns n series of log returns
 * @throws {InvalidInputError} where the data are too short for window + steps + longest horizon
 */
export function rollingBacktest(returns: readonly Float64Array[], options: BacktestOptions): BacktestRow[] {
  const { window, steps, horizons, models, refitEvery = 1, valueAtRiskLevel = 0.05 } = options;
  const length = returns[0]?.length ?? 0;
  const longest = Math.max(...horizons);
  const needed = window + steps - 1 + longest;
  if (length < needed) {
    throw new InvalidInputError(
      'returns',
      `too few: window ${window}, ${steps} steps and horizon ${longest} need ${needed} returns, got ${length}`,
    );
  }
  const firstOrigin = length - longest - steps + 1;
  const quantile = normalQuantile(valueAtRiskLevel);
  return models.flatMap((model) => {
    const scores = horizons.map(() => ({ energy: 0, qlike: 0, hits: [] as boolean[] }));
    const started = performance.now();
    let scoring = 0;
    let forecaster = FITTERS[model](
      returns.map((series) => series.subarray(firstOrigin - window, firstOrigin)),
    );
    for (let step = 0; step < steps; step++) {
      const origin = firstOrigin + step;
      if (step > 0) {
        if (step % refitEvery === 0)
          forecaster = FITTERS[model](returns.map((series) => series.subarray(origin - window, origin)));
        else forecaster.update(Float64Array.from(returns, (series) => series[origin - 1]));
      }
      horizons.forEach((horizon, h) => {
        const covariance = forecaster.horizonCovariance(horizon);
        const scoringStarted = performance.now();
        const outcome = summed(returns, origin, horizon);
        scores[h].energy += energyScore(covariance, outcome) / steps;
        const { logDeterminant, mahalanobis } = gaussianTerms(covariance, outcome);
        scores[h].qlike += (logDeterminant + mahalanobis) / steps;
        if (step % horizon === 0) scores[h].hits.push(equalWeightHit(covariance, outcome, quantile));
        scoring += performance.now() - scoringStarted;
      });
      options.onProgress?.(model, step + 1, steps);
    }
    const seconds = (performance.now() - started - scoring) / 1000;
    return horizons.map((horizon, h) => ({
      model,
      horizon,
      origins: steps,
      energyScore: scores[h].energy,
      qlike: scores[h].qlike,
      coverage: coverageTests(scores[h].hits, valueAtRiskLevel),
      seconds,
    }));
  });
}

function summed(returns: readonly Float64Array[], from: number, horizon: number): Float64Array {
  return Float64Array.from(returns, (series) => {
    let sum = 0;
    for (let t = from; t < from + horizon; t++) sum += series[t];
    return sum;
  });
}

function equalWeightHit(covariance: Float64Array, outcome: Float64Array, quantile: number): boolean {
  const n = outcome.length;
  const variance = covariance.reduce((sum, value) => sum + value, 0) / (n * n);
  const portfolio = outcome.reduce((sum, value) => sum + value, 0) / n;
  return portfolio < quantile * Math.sqrt(variance);
}
