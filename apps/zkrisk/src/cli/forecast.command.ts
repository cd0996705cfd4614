import { InvalidInputError } from '#lib/errors';
import { logReturns, readSeriesFile } from '#lib/price-file';
import {
  type ClusterMode,
  type FactorCount,
  fitMarketModel,
  horizonCovariance,
  initialFilterState,
} from '#lib/volatility';
import { UsageError } from '../usage-error.js';

export interface ForecastOptions {
  readonly prices: string;
  readonly window: number;
  readonly horizon: number;
  readonly clusters: ClusterMode;
  readonly factors: FactorCount;
}

/** `zkrisk forecast`: clusters, models, one-step and horizon covariance of returns after the last row. */
export function forecastCommand({ prices, window, horizon, clusters, factors }: ForecastOptions): object {
  const table = readSeriesFile(prices, { kind: 'price' });
  if (table.times.length < window + 1) {
    throw new UsageError(
      `${prices}: has ${table.times.length} rows, a window of ${window} returns needs ${window + 1}; pass a smaller --window`,
    );
  }
  const returns = logReturns(table.values).map((series) => series.subarray(series.length - window));
  try {
    const { model, excluded, pairs, diagnostics } = fitMarketModel(table.names, returns, {
      clusters,
      goGarch: { factors },
      minimumObservations: 30,
    });
    const state = initialFilterState(model);
    const n = model.markets.length;
    const rows = (matrix: Float64Array) =>
      Array.from({ length: n }, (_, i) => Array.from(matrix.subarray(i * n, (i + 1) * n)));
    const overHorizon = horizonCovariance(model, state, horizon);
    return {
      file: prices,
      asOf: table.times.at(-1),
      window,
      horizonBars: horizon,
      markets: model.markets,
      excluded,
      clusters: model.clusters.map(({ members, cointegration, goGarch }, c) => ({
        markets: members.map((i) => model.markets[i]),
        cointegration,
        diagnostics: diagnostics[c],
        model: goGarch,
      })),
      cointegratedPairs: pairs
        .filter(({ cointegrated }) => cointegrated)
        .map(({ first, second, pValue }) => ({
          markets: [model.markets[first], model.markets[second]],
          pValue,
        })),
      factorCorrelation: model.factorCorrelation,
      oneStepCovariance: rows(horizonCovariance(model, state, 1).covariance),
      horizonCovariance: rows(overHorizon.covariance),
      covarianceRatePerBar: rows(overHorizon.ratePerBar),
    };
  } catch (error) {
    if (error instanceof InvalidInputError) throw new UsageError(`${prices}: ${error.message}`);
    throw error;
  }
}
