import { InvalidInputError } from '#lib/errors';
import { commonWindow, readSeriesFiles } from '#lib/price-file';
import { UsageError } from '#lib/terminal';
import { covarianceMatrix, type FactorForecast, rateOf } from '#lib/risk';
import {
  type ClusterMode,
  type FactorCount,
  factorForecast,
  fitForecastModel,
  type ForecastModelFit,
  type ForecastModelKind,
  initialState,
} from '#lib/volatility';
import { note } from './print.js';
import type { PriceFileOptions } from './programs/prices.js';

export interface ForecastOptions extends PriceFileOptions {
  readonly window: number;
  readonly horizon: number;
  readonly model: ForecastModelKind;
  readonly clusters: ClusterMode;
  readonly factors: FactorCount;
  readonly varianceRatioFloor: number;
}

/** Fewest returns a model is fitted to. */
const MINIMUM_OBSERVATIONS = 30;

/** `zkrisk forecast`: the model, one-step and horizon covariance of returns after the last row, and its factor form. */
export function forecastCommand(options: ForecastOptions): object {
  const { prices, column, window, horizon, clusters, factors, varianceRatioFloor } = options;
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
    const fit = fitForecastModel(markets, returns, {
      model: options.model,
      clusters,
      factors,
      minimumObservations: MINIMUM_OBSERVATIONS,
    });
    const { model } = fit;
    const excluded = [...leftOut, ...fit.excluded];
    for (const { market, reason } of excluded) note(`${market} is left out: it ${reason}`);
    if (model.kind === 'gogarch' && model.clusters.every(({ members }) => members.length === 1))
      note('no cluster: each market is forecast alone, with a correlation of their standardised returns');
    const state = initialState(model);
    const n = model.markets.length;
    const rows = (form: Parameters<typeof covarianceMatrix>[0]) => {
      const matrix = covarianceMatrix(form);
      return Array.from({ length: n }, (_, i) => Array.from(matrix.subarray(i * n, (i + 1) * n)));
    };
    const overHorizon = factorForecast(model, state, horizon, varianceRatioFloor);
    return {
      file: files,
      asOf: new Date(table.times[table.times.length - 1]).toISOString(),
      notes: table.notes,
      window,
      observations: model.observations,
      horizonBars: horizon,
      markets: model.markets,
      excluded,
      ...modelOf(fit),
      factorForm: plain(overHorizon),
      oneStepCovariance: rows(factorForecast(model, state, 1, varianceRatioFloor)),
      horizonCovariance: rows(overHorizon),
      covarianceRatePerBar: rows(rateOf(overHorizon)),
    };
  } catch (error) {
    if (error instanceof InvalidInputError) throw new UsageError(`${files}: ${error.message}`);
    throw error;
  }
}

function modelOf({ model, pairs, diagnostics }: ForecastModelFit): object {
  if (model.kind === 'lm-go') return { model };
  return {
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
  };
}

/** Typed arrays as lists. */
function plain({ factors, ...lists }: FactorForecast): object {
  return {
    factors,
    ...Object.fromEntries(Object.entries(lists).map(([name, values]) => [name, Array.from(values)])),
  };
}
