import { CholeskyDecomposition, Matrix } from 'ml-matrix';
import { InvalidInputError } from '#lib/errors';
import { gaussianTerms } from '../market/index.js';
import { dieboldMariano } from './diebold-mariano.js';
import { energyScore } from './energy-score.js';
import { type BacktestModel, FITTERS } from './models.js';
import { type BoundCoverage, PortfolioCoverage } from './portfolio-coverage.js';

export interface BacktestOptions {
  /** bars in the estimation window */
  readonly window: number;
  /** number of forecast origins, the same for all models */
  readonly steps: number;
  /** `first`: origins begin where the first window ends, as in the literature; `last`: the last the data allow. Default `first` */
  readonly from?: 'first' | 'last';
  /** horizons in bars */
  readonly horizons: readonly number[];
  readonly models: readonly BacktestModel[];
  /** bars between refits; in between only the filter runs. Default 1 */
  readonly refitEvery?: number;
  /** the model that others' losses are compared with; default the first */
  readonly against?: BacktestModel;
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
  /** Diebold–Mariano t against the compared model, positive where this one loses more; null for itself */
  readonly dieboldMariano: { readonly energyScore: number; readonly qlike: number } | null;
  /** root mean square of the return of the portfolio of least forecast variance, a bar; smaller is better */
  readonly minimumVarianceDeviation: number;
  readonly coverage: readonly BoundCoverage[];
  /** energy score at each origin, in order */
  readonly energyScores: readonly number[];
  /** windows on which a fallback stood in for the model, by fallback */
  readonly fallbacks: Readonly<Record<string, number>>;
  /** spent on fits, updates and forecasts of this model, all horizons together */
  readonly seconds: number;
}

/** Losses of one model at one horizon, by origin. */
interface Losses {
  readonly energy: number[];
  readonly qlike: number[];
  readonly minimumVariance: number[];
  readonly coverage: PortfolioCoverage;
}

/** Returns that a backtest needs. */
export function returnsNeeded({
  window,
  steps,
  horizons,
}: Pick<BacktestOptions, 'window' | 'steps' | 'horizons'>): number {
  return window + steps - 1 + Math.max(...horizons);
}

/** Index of the first return that is forecast. */
export function firstOriginOf(
  length: number,
  options: Pick<BacktestOptions, 'window' | 'steps' | 'horizons' | 'from'>,
): number {
  return options.from === 'last'
    ? length - Math.max(...options.horizons) - options.steps + 1
    : options.window;
}

/**
 * Rolling out-of-sample backtest: at each origin a model sees only the window before it, forecasts the
 * covariance over each horizon and is scored on the returns summed over that horizon.
 *
 * @param returns n series of log returns
 * @throws {InvalidInputError} where the data are too short for window + steps + longest horizon
 */
export function rollingBacktest(returns: readonly Float64Array[], options: BacktestOptions): BacktestRow[] {
  const { window, steps, horizons, models } = options;
  const length = returns[0]?.length ?? 0;
  const needed = returnsNeeded(options);
  if (length < needed) {
    throw new InvalidInputError(
      'returns',
      `too few: window ${window}, ${steps} steps and horizon ${Math.max(...horizons)} need ${needed} returns, got ${length}`,
    );
  }
  const against = options.against ?? models[0];
  if (!models.includes(against))
    throw new InvalidInputError('against', `must be one of the models, got ${against}`);
  const ran = new Map(models.map((model) => [model, runModel(returns, model, options)] as const));
  const compared = ran.get(against)!;
  return models.flatMap((model) => {
    const { losses, fallbacks, seconds } = ran.get(model)!;
    return horizons.map((horizon, h): BacktestRow => {
      const { energy, qlike, minimumVariance, coverage } = losses[h];
      return {
        model,
        horizon,
        origins: steps,
        energyScore: mean(energy),
        qlike: mean(qlike),
        dieboldMariano:
          model === against
            ? null
            : {
                energyScore: dieboldMariano(energy, compared.losses[h].energy, horizon - 1),
                qlike: dieboldMariano(qlike, compared.losses[h].qlike, horizon - 1),
              },
        minimumVarianceDeviation: Math.sqrt(mean(minimumVariance.map((value) => value * value)) / horizon),
        coverage: coverage.result(),
        energyScores: energy,
        fallbacks,
        seconds,
      };
    });
  });
}

function runModel(
  returns: readonly Float64Array[],
  model: BacktestModel,
  options: BacktestOptions,
): { losses: Losses[]; fallbacks: Record<string, number>; seconds: number } {
  const { window, steps, horizons, refitEvery = 1 } = options;
  const firstOrigin = firstOriginOf(returns[0].length, options);
  const n = returns.length;
  const losses = horizons.map((): Losses => {
    return { energy: [], qlike: [], minimumVariance: [], coverage: new PortfolioCoverage(n) };
  });
  const fallbacks: Record<string, number> = {};
  const fit = (origin: number) => {
    const fitted = FITTERS[model](returns.map((series) => series.subarray(origin - window, origin)));
    if (fitted.fallback !== undefined) fallbacks[fitted.fallback] = (fallbacks[fitted.fallback] ?? 0) + 1;
    return fitted;
  };
  const started = performance.now();
  let scoring = 0;
  let forecaster = fit(firstOrigin);
  for (let step = 0; step < steps; step++) {
    const origin = firstOrigin + step;
    if (step > 0) {
      if (step % refitEvery === 0) forecaster = fit(origin);
      else forecaster.update(Float64Array.from(returns, (series) => series[origin - 1]));
    }
    horizons.forEach((horizon, h) => {
      const covariance = forecaster.horizonCovariance(horizon);
      const scoringStarted = performance.now();
      const outcome = summed(returns, origin, horizon);
      losses[h].energy.push(energyScore(covariance, outcome));
      const { logDeterminant, mahalanobis } = gaussianTerms(covariance, outcome);
      losses[h].qlike.push(logDeterminant + mahalanobis);
      losses[h].minimumVariance.push(minimumVarianceReturn(covariance, outcome));
      if (step % horizon === 0) losses[h].coverage.add(covariance, outcome);
      scoring += performance.now() - scoringStarted;
    });
    options.onProgress?.(model, step + 1, steps);
  }
  return { losses, fallbacks, seconds: (performance.now() - started - scoring) / 1000 };
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

function summed(returns: readonly Float64Array[], from: number, horizon: number): Float64Array {
  return Float64Array.from(returns, (series) => {
    let sum = 0;
    for (let t = from; t < from + horizon; t++) sum += series[t];
    return sum;
  });
}

/** wᵀy of w = Σ⁻¹1/(1ᵀΣ⁻¹1). */
function minimumVarianceReturn(covariance: Float64Array, outcome: Float64Array): number {
  const n = outcome.length;
  const weights = new CholeskyDecomposition(Matrix.from1DArray(n, n, covariance)).solve(
    Matrix.columnVector(new Float64Array(n).fill(1)),
  );
  let [sum, total] = [0, 0];
  for (let i = 0; i < n; i++) {
    sum += weights.get(i, 0) * outcome[i];
    total += weights.get(i, 0);
  }
  return sum / total;
}
