import type { ForecastingParameters } from '#lib/forecasting';
import { z } from 'zod';
import { markParametersOf, type RiskRules } from '#lib/exchange';
import { firstParameters, marketOrderSecret, positiveInteger, readConfig } from '#lib/service';

export const forecasterEnvironment = z.object({
  FIRST_PARAMETERS: firstParameters,
  MARKET_ORDER_SECRET: marketOrderSecret,
  WINDOW_BARS: positiveInteger(864).describe('bars in the estimation window'),
  MINIMUM_BARS: positiveInteger(100).describe('bars a market needs before it is forecast'),
  MODEL: z
    .enum(['lm-go', 'gogarch'])
    .default('lm-go')
    .describe('lm-go: long-memory factors, refitted every bar; gogarch: ICA and GARCH(1,1), by clusters'),
  REFIT_EVERY_BARS: z.coerce
    .number()
    .int()
    .positive()
    .optional()
    .describe('bars between refits; in between only the filter runs (default: lm-go 1, gogarch 168)'),
  MODEL_EVERY_BARS: positiveInteger(24).describe(
    'bars between models that proofs are told of: a bar can be proven whose forecast one of these made',
  ),
  DESCRIBE_EVERY_BARS: positiveInteger(168).describe(
    'bars between descriptions of the groups of markets (tests of cointegration of all pairs)',
  ),
  ACTIVATE_AFTER_BARS: positiveInteger(1).describe(
    'bars between the end of a fit’s window and its first forecast',
  ),
  TAIL_FORECASTS: positiveInteger(1000).describe('past forecasts that tail factors are taken from'),
  CLUSTERS: z
    .enum(['linkage', 'cointegration', 'single', 'none'])
    .default('linkage')
    .describe('how gogarch clusters markets, and how groups of markets are described'),
  FACTORS: z
    .union([z.enum(['all', 'mp']), z.coerce.number().int().positive()])
    .default('all')
    .describe(
      'gogarch: factors kept in each cluster: all, mp (Marchenko–Pastur) or a number; lm-go: common factors, a number, or all and mp alike for as many as there are',
    ),
});

export type ForecasterConfig = z.output<typeof forecasterEnvironment>;
export const forecasterConfig = (environment: NodeJS.ProcessEnv) =>
  readConfig(forecasterEnvironment, environment);
export const FORECASTER_CONFIG = Symbol('forecaster-config');

/**
 * The settings that forecasts depend on.
 *
 * @param rules version of the parameters in force, where it is not the first one
 */
export function forecastingParametersOf(
  config: ForecasterConfig,
  { parameters }: RiskRules = config.FIRST_PARAMETERS,
): ForecastingParameters {
  const { barSeconds, horizonBars, varianceRatioFloor, tailAlphas } = parameters.model;
  return {
    ...{ barMs: barSeconds * 1000, horizonBars, varianceRatioFloor, tailAlphas },
    windowBars: config.WINDOW_BARS,
    minimumBars: config.MINIMUM_BARS,
    refitEveryBars: config.REFIT_EVERY_BARS ?? (config.MODEL === 'lm-go' ? 1 : 168),
    registerEveryBars: config.MODEL_EVERY_BARS,
    describeEveryBars: config.DESCRIBE_EVERY_BARS,
    tailForecasts: config.TAIL_FORECASTS,
    activateAfterBars: config.ACTIVATE_AFTER_BARS,
    marks: markParametersOf(parameters, config.MARKET_ORDER_SECRET),
  };
}
