import { z } from 'zod';
import {
  firstParameters,
  positiveInteger,
  positiveNumber,
  readConfig,
  markSettings,
  markParametersOf,
} from '#lib/service';
import type { ExchangeParameters, RiskRules } from '#lib/exchange';
import type { Vesting } from './ledger-store.js';

export const pricerEnvironment = z.object({
  ALPHA: z.coerce.number().gt(0).lt(1).default(0.01).describe('tail probability of EVaR(1−α)'),
  MEASURE: z.enum(['evar', 'esscher']).default('evar').describe('risk measure'),
  ALLOCATION: z
    .enum(['covariance', 'paper'])
    .default('covariance')
    .describe('how the mean is split over markets'),
  HORIZON_BARS: positiveNumber(24).describe('risk horizon τ in bars: premia vest after it'),
  BAR_SECONDS: positiveInteger(3600).describe('length of a bar, seconds'),
  ...markSettings,
  QUOTE_TTL_MS: positiveInteger(10_000).describe('how long a quote can be accepted, milliseconds'),
  QUOTE_SECRET: z
    .string()
    .min(32, 'must have at least 32 characters')
    .optional()
    .describe(
      'seals quotes, so that every pricer accepts them and books at their terms; the same for all. Or QUOTE_SECRET_FILE. Without it one is made at the start: for a single process',
    )
    .meta({ secret: true }),
  MATCHING_ENGINE_SECRET: z
    .string()
    .min(32, 'must have at least 32 characters')
    .optional()
    .describe(
      'of the matching engine’s producer: with its seal a trade may state terms that no quote has. Or MATCHING_ENGINE_SECRET_FILE. Without it only quoted terms are booked',
    )
    .meta({ secret: true }),
  VALUATION_SECRET: z
    .string()
    .min(32, 'must have at least 32 characters')
    .optional()
    .describe(
      'seals valuations: the same for vault and pricer, which refuses what is not sealed. Or VALUATION_SECRET_FILE. In one process it is made at the start',
    )
    .meta({ secret: true }),
  FIRST_PARAMETERS: firstParameters,
  SNAPSHOT_EVERY_EVENTS: positiveInteger(1000).describe(
    'book events between two snapshots of the ledger, at least; more where there are more accounts. They are taken beside the writer',
  ),
});

export const PRICER_CONFIG = Symbol('pricer-config');
export type PricerConfig = z.output<typeof pricerEnvironment>;
export const pricerConfig = (environment: NodeJS.ProcessEnv) => readConfig(pricerEnvironment, environment);

/**
 * The settings the exchange's decisions depend on.
 *
 * @param rules risk parameters that hold, where they are not the first ones
 */
export function exchangeParametersOf(
  config: PricerConfig,
  rules: RiskRules = config.FIRST_PARAMETERS,
): ExchangeParameters {
  const barMs = config.BAR_SECONDS * 1000;
  return {
    measure: config.MEASURE,
    allocation: config.ALLOCATION,
    alpha: config.ALPHA,
    horizonMs: config.HORIZON_BARS * barMs,
    marks: markParametersOf(config),
    rules,
  };
}

/** How premia and funding become the exchange's own. */
export function vestingOf({
  HORIZON_BARS,
  BAR_SECONDS,
}: Pick<PricerConfig, 'HORIZON_BARS' | 'BAR_SECONDS'>): Vesting {
  const horizonMs = HORIZON_BARS * BAR_SECONDS * 1000;
  // Premia of a 64th of the horizon vest together: keeps the queue short whatever the trading.
  return { horizonMs, bucketMs: Math.max(1, Math.floor(horizonMs / 64)) };
}
