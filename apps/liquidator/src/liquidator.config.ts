import type { LiquidatingParameters } from '#lib/liquidating';
import { z } from 'zod';
import {
  marginRates,
  positiveInteger,
  positiveNumber,
  readConfig,
  markSettings,
  markParametersOf,
} from '#lib/service';

export const liquidatorEnvironment = z.object({
  ALPHA: z.coerce.number().gt(0).lt(1).default(0.01).describe('tail probability of EVaR(1−α)'),
  MARGIN_RATES: marginRates,
  LIQUIDATION_PENALTY: z.coerce
    .number()
    .min(0)
    .lt(1)
    .default(0)
    .describe('charged on closed notional, as a share; it counts against the margin that is restored'),
  MINIMUM_POSITION: positiveNumber(1).describe(
    'notional below which a position in a silent market is closed at its last mark, quote currency; as the pricer has it',
  ),
  PLAN_TTL_MS: positiveInteger(60_000).describe('market time after which an open plan expires, milliseconds'),
  PLAN_RETRY_MS: positiveInteger(60_000).describe(
    'market time after which an account is tried again whose liquidation was refused, milliseconds',
  ),
  PLANS_PER_BATCH: positiveInteger(64).describe(
    'plans made at once; the rest waits, most under-margined first',
  ),
  HOUSE_LIQUIDATOR: z
    .enum(['on', 'off'])
    .default('on')
    .describe('whether the exchange’s own liquidator checks and executes plans; off leaves them to bots'),
  SOLVER_THREADS: positiveInteger(1).describe('threads that solve plans'),
  BAR_SECONDS: positiveInteger(3600).describe('length of a bar, seconds'),
  ...markSettings,
});

export type LiquidatorConfig = z.output<typeof liquidatorEnvironment>;
export const liquidatorConfig = (environment: NodeJS.ProcessEnv) =>
  readConfig(liquidatorEnvironment, environment);

/** The settings plans depend on. */
export function liquidatingParametersOf(config: LiquidatorConfig): LiquidatingParameters {
  return {
    alpha: config.ALPHA,
    marginRates: config.MARGIN_RATES,
    penaltyRate: config.LIQUIDATION_PENALTY,
    marks: markParametersOf(config),
  };
}
