import { InvalidInputError } from '#lib/errors';
import { commonWindow, readSeriesFiles } from '#lib/price-file';
import { UsageError } from '#lib/terminal';
import {
  type ClusterMode,
  type FactorCount,
  fitMarketModel,
  horizonCovariance,
  initialFilterState,
} from '#lib/volatility';
import { note } from './print.js';
import type { PriceFileOptions } from './programs/prices.js';

export interface ForecastOptions extends PriceFileOptions {
  readonly window: number;
  readonly horizon: number;
  readonly clusters: ClusterMode;
  readonly factors: FactorCount;
}

/** Fewest returns a model is fitted to. */
const MINIMUM_OBSERVATIONS = 30;

/** `zkrisk forecast`: clusters, models, one-step and horizon covariance of returns after the last row. */
export function forecastCommand(options: ForecastOptions): object {
  const { prices, column, window, horizon, clusters, factors } = options;
  const files = prices.join(', ');
  const table = readSeriesFiles(prices, { kind: 'price', ...(column === undefined ? {} : { column }) });
  table.notes.forEach(note);
  if (table.times.length < window + 1) {
    throw new UsageError(
      `${files}: has ${table.times.length} rows, a window of ${window} returns needs ${window + 1}; pass a smaller --window`,
    );
  }
  const { markets, returns, leftOut, droppedRows } = commonWindow(table, 'price', window);
  if (droppedRows > 0) note(`${droppedRows} rows are dropped: a market has no price in them`);
  try {
    const fit = fitMarketModel(markets, returns, {
      clusters,
      goGarch: { factors },
      minimumObservations: MINIMUM_OBSERVATIONS,
    });
    const { model, pairs, diagnostics } = fit;
    const excluded = [...leftOut, ...fit.excluded];
    for (const { market, reason } of excluded) note(`${market} is left out: it ${reason}`);
    const state = initialFilterState(model);
    const n = model.markets.length;
    const rows = (matrix: Float64Array) =>
      Array.from({ length: n }, (_, i) => Array.from(matrix.subarray(i * n, (i + 1) * n)));
    const overHorizon = horizonCovariance(model, state, horizon);
    return {
      file: files,
      asOf: new Date(table.times[table.times.length - 1]).toISOString(),
      notes: table.notes,
      window,
      observations: model.observations,
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
    if (error instanceof InvalidInputError) throw new UsageError(`${files}: ${error.message}`);
    throw error;
  }
}
