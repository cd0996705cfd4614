import { ForecastEngine, type ForecastingParameters, FitFailedError } from '#lib/forecasting';
import { ZkriskError } from '#lib/errors';
import type { CovariancePayload } from '#lib/messages';
import { fitForecastModel, type ForecastModelOptions } from '#lib/volatility';
import type { PricePanel } from './price-panel.js';

/** Settings that forecasts of a panel depend on besides its prices. */
export interface ForecastSettings {
  readonly parameters: ForecastingParameters;
  readonly model: ForecastModelOptions;
}

/**
 * The forecasting machine over a panel, row by row. Forecasts depend on prices alone, so every rule set, seed and parameter of the
 * exchange shares them.
 *
 * @returns at each row the forecasts of the bars that it closed
 */
export async function* forecastRun(
  { markets, times, text }: PricePanel,
  { parameters, model }: ForecastSettings,
): AsyncGenerator<readonly CovariancePayload[]> {
  const engine = new ForecastEngine(parameters, ({ markets: names, returns }, describe) => {
    try {
      return Promise.resolve({ fit: fitForecastModel(names, returns, { ...model, describe }), seconds: 0 });
    } catch (error) {
      if (!(error instanceof ZkriskError)) throw error;
      return Promise.reject(new FitFailedError(error.message));
    }
  });
  for (const [row, time] of times.entries()) {
    const ticks = markets.flatMap((market, i) => {
      const price = text[row][i];
      return price === undefined ? [] : [{ market, price, time, sequence: row }];
    });
    const { forecasts } = await engine.advance([...ticks, { until: time }]);
    yield forecasts;
  }
}

/** Every row's last forecast; undefined before the first one. */
export async function forecastsOf(
  panel: PricePanel,
  settings: ForecastSettings,
  progress: (row: number) => void = () => undefined,
): Promise<(CovariancePayload | undefined)[]> {
  const all: (CovariancePayload | undefined)[] = [];
  for await (const forecasts of forecastRun(panel, settings)) {
    all.push(forecasts.at(-1));
    progress(all.length);
  }
  return all;
}
