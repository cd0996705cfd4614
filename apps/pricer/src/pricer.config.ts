import { z } from 'zod';
import { firstParameters, marketOrderSecret, positiveInteger, readConfig } from '#lib/service';

export const pricerEnvironment = z.object({
  MARKET_ORDER_SECRET: marketOrderSecret,
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
  BOOK_SALT_SECRET: z
    .string()
    .min(32, 'must have at least 32 characters')
    .optional()
    .describe(
      'salts of the accounts in the books that are committed to, the same for every process. Or BOOK_SALT_SECRET_FILE. Without it one is made at the start',
    )
    .meta({ secret: true }),
  FIRST_PARAMETERS: firstParameters,
  SNAPSHOT_EVERY_EVENTS: positiveInteger(10_000).describe(
    'book events between two snapshots of the ledger, at least; more where there are more accounts. They are taken beside the writer',
  ),
});

export const PRICER_CONFIG = Symbol('pricer-config');
export type PricerConfig = z.output<typeof pricerEnvironment>;
export const pricerConfig = (environment: NodeJS.ProcessEnv) => readConfig(pricerEnvironment, environment);
