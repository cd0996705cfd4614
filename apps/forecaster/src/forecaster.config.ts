import type { ForecastingParameters } from '#lib/forecasting';
import { z } from 'zod';
import { positiveInteger, positiveNumber, readConfig } from '#lib/service';

export const forecasterEnvironment = z.object({
  BAR_SECONDS: positiveInteger(3600).describe('length of a bar, seconds'),
  WINDOW_BARS: positiveInteger(864).describe('bars in the estimation window'),
  MINIMUM_BARS: positiveInteger(100).describe('bars a market needs before it is forecast'),
  REFIT_EVERY_BARS: positiveInteger(168).describe('bars between refits; in between only the filter runs'),
  ACTIVATE_AFTER_BARS: positiveInteger(1).describe(
    'bars between the end of a fit’s window and its first forecast',
  ),
  HORIZON_BARS: positiveNumber(24).describe('risk horizon τ in bars'),
  STALE_AFTER_BARS: positiveNumber(3).describe('bars of silence after which a market is stale'),
  CLUSTERS: z
    .enum(['cointegration', 'single', 'none'])
    .default('cointegration')
    .describe('how markets are clustered'),
  FACTORS: z
    .union([z.enum(['all', 'mp']), z.coerce.number().int().positive()])
    .default('all')
    .describe('factors kept in each cluster: all, mp (Marchenko–Pastur) or a number'),
});

export type ForecasterConfig = z.output<typeof forecasterEnvironment>;
export const forecasterConfig = (environment: NodeJS.ProcessEnv) =>
  readConfig(forecasterEnvironment, environment);
export const FORECASTER_CONFIG = Symbol('forecaster-config');

/** The settings forecasts depend on. */
export function forecastingParametersOf(config: ForecasterConfig): ForecastingParameters {
  return {
    barMs: config.BAR_SECONDS * 1000,
    windowBars: config.WINDOW_BARS,
    minimumBars: config.MINIMUM_BARS,
    refitEveryBars: config.REFIT_EVERY_BARS,
    activateAfterBars: config.ACTIVATE_AFTER_BARS,
    horizonBars: config.HORIZON_BARS,
    staleAfterBars: config.STALE_AFTER_BARS,
  };
}
