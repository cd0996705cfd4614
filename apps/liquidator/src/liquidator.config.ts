import type { LiquidatingParameters } from '#lib/liquidating';
import type { RiskRules } from '#lib/exchange';
import { z } from 'zod';
import { firstParameters, positiveInteger, readConfig, markSettings, markParametersOf } from '#lib/service';

export const liquidatorEnvironment = z.object({
  ALPHA: z.coerce.number().gt(0).lt(1).default(0.01).describe('tail probability of EVaR(1−α)'),
  FIRST_PARAMETERS: firstParameters,
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

/**
 * The settings plans depend on.
 *
 * @param rules risk parameters that hold, where they are not the first ones
 */
export function liquidatingParametersOf(
  config: LiquidatorConfig,
  rules: RiskRules = config.FIRST_PARAMETERS,
): LiquidatingParameters {
  return {
    alpha: config.ALPHA,
    rules,
    marks: markParametersOf(config),
  };
}
