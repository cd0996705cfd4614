import type { ForecastingParameters } from '#lib/forecasting';
import { z } from 'zod';
import { markParametersOf, type RiskRules } from '#lib/exchange';
import { firstParameters, marketOrderSecret, readConfig } from '#lib/service';
import type { ForecastModelOptions } from '#lib/volatility';

export const forecasterEnvironment = z.object({
  FIRST_PARAMETERS: firstParameters,
  MARKET_ORDER_SECRET: marketOrderSecret,
});

export type ForecasterConfig = z.output<typeof forecasterEnvironment>;
export const forecasterConfig = (environment: NodeJS.ProcessEnv) =>
  readConfig(forecasterEnvironment, environment);
export const FORECASTER_CONFIG = Symbol('forecaster-config');

/** Parameters of a forecaster, by a version of the exchange's. */
export function forecastingParametersOf(
  { parameters }: RiskRules,
  orderSecret: string | undefined,
): ForecastingParameters {
  const { barSeconds, horizonBars, varianceRatioFloor, tailAlphas } = parameters.model;
  const { windowBars, minimumBars, registerEveryBars, describeEveryBars } = parameters.forecast;
  const { tailForecasts, activateAfterBars, refitEveryBars, model } = parameters.forecast;
  return {
    ...{ barMs: barSeconds * 1000, horizonBars, varianceRatioFloor, tailAlphas },
    ...{ windowBars, minimumBars, registerEveryBars, describeEveryBars, tailForecasts, activateAfterBars },
    refitEveryBars: refitEveryBars ?? (model === 'lm-go' ? 1 : 168),
    marks: markParametersOf(parameters, orderSecret),
  };
}

/** How a version of the exchange's parameters fits a model. */
export function fitOptionsOf({ parameters }: RiskRules): ForecastModelOptions {
  const { model, clusters, factors, minimumBars } = parameters.forecast;
  return {
    ...{ model, clusters, minimumObservations: minimumBars },
    factors: factors === 'mp' ? 'marchenko-pastur' : factors,
  };
}

/** Bars before the first forecast: as many returns need one bar more, the fit has its time, and one bar closes behind it. */
export function barsToFirstForecast({ parameters }: RiskRules): number {
  return parameters.forecast.minimumBars + parameters.forecast.activateAfterBars + 2;
}
