import { covarianceMatrix } from '#lib/risk';
import { CccGarch } from '../baselines/ccc-garch.js';
import { DccNonlinear } from '../baselines/dcc-nl.js';
import { EwmaCovariance } from '../baselines/ewma.js';
import { RiskMetrics2006 } from '../baselines/riskmetrics-2006.js';
import {
  advanceState,
  factorForecast,
  fitForecastModel,
  type ForecastModelOptions,
  initialState,
} from '../model/index.js';

/** A fitted model that follows the market bar by bar. */
export interface CovarianceForecaster {
  update(returns: Float64Array): void;
  /** n×n, row-major, over `horizon` bars */
  horizonCovariance(horizon: number): Float64Array;
  /** the fallback on this window, where the model could not be estimated */
  readonly fallback?: string;
}

export const BACKTEST_MODELS = [
  'lm-go',
  'gogarch',
  'gogarch-mp',
  'gogarch-clusters',
  'dcc-nl',
  'garch',
  'ccc',
  'ewma',
  'ewma-97',
  'riskmetrics-2006',
] as const;
export type BacktestModel = (typeof BACKTEST_MODELS)[number];

/** How each named model is fitted to a window of n series of log returns. */
export const FITTERS: Readonly<
  Record<BacktestModel, (returns: readonly Float64Array[]) => CovarianceForecaster>
> = {
  'lm-go': (returns) => factorForecaster(returns, { model: 'lm-go' }),
  gogarch: (returns) => factorForecaster(returns, { model: 'gogarch', clusters: 'single' }),
  'gogarch-mp': (returns) =>
    factorForecaster(returns, { model: 'gogarch', clusters: 'single', factors: 'marchenko-pastur' }),
  'gogarch-clusters': (returns) => factorForecaster(returns, { model: 'gogarch', clusters: 'cointegration' }),
  'dcc-nl': (returns) => new DccNonlinear(returns),
  garch: (returns) => new CccGarch(returns, 'zero'),
  ccc: (returns) => new CccGarch(returns, 'constant'),
  ewma: (returns) => new EwmaCovariance(returns),
  'ewma-97': (returns) => new EwmaCovariance(returns, 0.97),
  'riskmetrics-2006': (returns) => new RiskMetrics2006(returns),
};

function factorForecaster(
  returns: readonly Float64Array[],
  options: ForecastModelOptions,
): CovarianceForecaster {
  const names = returns.map((_, i) => String(i));
  const { model, diagnostics } = fitForecastModel(names, returns, { ...options, minimumObservations: 30 });
  let state = initialState(model);
  return {
    update: (row) => {
      state = advanceState(model, state, Array.from(row));
    },
    horizonCovariance: (horizon) => covarianceMatrix(factorForecast(model, state, horizon)),
    ...(diagnostics.some(({ ica }) => !ica.converged)
      ? { fallback: 'orthogonal GARCH, as ICA found no independent components' }
      : {}),
  };
}
