import { z } from 'zod';
import { firstParameters, marketOrderSecret, positiveInteger, readConfig } from '#lib/service';

export const liquidatorEnvironment = z.object({
  FIRST_PARAMETERS: firstParameters,
  MARKET_ORDER_SECRET: marketOrderSecret,
  PLAN_TTL_MS: positiveInteger(60_000).describe('market time after which an open plan expires, milliseconds'),
  PLAN_RETRY_MS: positiveInteger(60_000).describe(
    'market time after which an account is tried again whose liquidation was refused, milliseconds',
  ),
  PLANS_PER_BATCH: positiveInteger(64).describe(
    'plans made at once; the rest waits, most under-margined first',
  ),
  HOUSE_LIQUIDATOR: z
    .enum(['on', 'backstop', 'off'])
    .default('backstop')
    .describe(
      'the exchange’s own liquidator: backstop lets liquidators compete for five seconds of market time and executes what nobody has offered for; on executes every plan at once, for feeds that are slower than that; off leaves plans to whoever reports first',
    ),
  SOLVER_THREADS: positiveInteger(1).describe('threads that solve plans'),
});

export type LiquidatorConfig = z.output<typeof liquidatorEnvironment>;
export const liquidatorConfig = (environment: NodeJS.ProcessEnv) =>
  readConfig(liquidatorEnvironment, environment);
