import { z } from 'zod';
import {
  marginRates,
  positiveInteger,
  positiveNumber,
  readConfig,
  markSettings,
  markParametersOf,
} from '#lib/service';
import type { ExchangeParameters } from '#lib/exchange';
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
      'seals quotes, so that every pricer accepts them; the same for all. Or QUOTE_SECRET_FILE. Without it a quote is accepted where it was given',
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
  QUOTE_TOLERANCE: z.coerce
    .number()
    .min(0)
    .default(0.05)
    .describe(
      'share by which the premium may have risen when a quote is accepted; past it the quote is stale',
    ),
  MAXIMUM_TRADE_NOTIONAL: positiveNumber(1e9).describe(
    'largest notional of a trade, all legs together, quote currency',
  ),
  MAXIMUM_ACCOUNT_NOTIONAL: positiveNumber(5e9).describe('largest notional of an account, quote currency'),
  MAXIMUM_MARKET_NOTIONAL: positiveNumber(2e10).describe('largest open interest of a market, quote currency'),
  MINIMUM_POSITION: positiveNumber(1).describe(
    'smallest notional that a liquidation leaves open, quote currency: the rest is closed at the mark',
  ),
  LIQUIDATION_PENALTY: z.coerce
    .number()
    .min(0)
    .lt(1)
    .default(0)
    .describe('charged on the notional that a liquidation closes, as a share, to the pool'),
  MARGIN_RATES: marginRates,
  SNAPSHOT_EVERY_EVENTS: positiveInteger(1000).describe(
    'book events between two snapshots of the ledger, at least; more where there are more accounts. They are taken beside the writer',
  ),
});

export const PRICER_CONFIG = Symbol('pricer-config');
export type PricerConfig = z.output<typeof pricerEnvironment>;
export const pricerConfig = (environment: NodeJS.ProcessEnv) => readConfig(pricerEnvironment, environment);

/** The settings the exchange's decisions depend on. */
export function exchangeParametersOf(config: PricerConfig): ExchangeParameters {
  const barMs = config.BAR_SECONDS * 1000;
  return {
    measure: config.MEASURE,
    allocation: config.ALLOCATION,
    alpha: config.ALPHA,
    horizonMs: config.HORIZON_BARS * barMs,
    marks: markParametersOf(config),
    marginRates: config.MARGIN_RATES,
    quoteTolerance: config.QUOTE_TOLERANCE,
    maximumTradeNotional: config.MAXIMUM_TRADE_NOTIONAL,
    maximumAccountNotional: config.MAXIMUM_ACCOUNT_NOTIONAL,
    maximumMarketNotional: config.MAXIMUM_MARKET_NOTIONAL,
    minimumPosition: config.MINIMUM_POSITION,
    penaltyRate: config.LIQUIDATION_PENALTY,
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
