import { covarianceMatrix } from '#lib/risk';
import { CccGarch } from '../baselines/ccc-garch.js';
import { EwmaCovariance } from '../baselines/ewma.js';
import type { FactorCount } from '../gogarch/index.js';
import {
  advanceFilter,
  type ClusterMode,
  fitMarketModel,
  goGarchForecast,
  initialFilterState,
} from '../market/index.js';

/** A fitted model that follows the market bar by bar. */
export interface CovarianceForecaster {
  update(returns: Float64Array): void;
  /** n×n, row-major, over `horizon` bars */
  horizonCovariance(horizon: number): Float64Array;
}

export const BACKTEST_MODELS = ['gogarch', 'gogarch-mp', 'gogarch-clusters', 'garch', 'ccc', 'ewma'] as const;
export type BacktestModel = (typeof BACKTEST_MODELS)[number];

/** How each named model is fitted to a window of n series of log returns. */
export const FITTERS: Readonly<
  Record<BacktestModel, (returns: readonly Float64Array[]) => CovarianceForecaster>
> = {
  gogarch: (returns) => goGarchForecaster(returns, 'single', 'all'),
  'gogarch-mp': (returns) => goGarchForecaster(returns, 'single', 'marchenko-pastur'),
  'gogarch-clusters': (returns) => goGarchForecaster(returns, 'cointegration', 'all'),
  garch: (returns) => new CccGarch(returns, 'zero'),
  ccc: (returns) => new CccGarch(returns, 'constant'),
  ewma: (returns) => new EwmaCovariance(returns),
};

function goGarchForecaster(
  returns: readonly Float64Array[],
  clusters: ClusterMode,
  factors: FactorCount,
): CovarianceForecaster {
  const names = returns.map((_, i) => String(i));
  const { model } = fitMarketModel(names, returns, { clusters, goGarch: { factors } });
  let state = initialFilterState(model);
  return {
    update: (row) => {
      state = advanceFilter(model, state, Array.from(row));
    },
    horizonCovariance: (horizon) => covarianceMatrix(goGarchForecast(model, state, horizon)),
  };
}
