import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { messageOf, ZkriskError } from '#lib/errors';
import { firstRules, markParameters, type MarkParameters, parseSources } from '#lib/exchange';

/** An environment variable with a value that no service can start with. */
export class ConfigurationError extends ZkriskError {
  readonly code = 'configuration';
}

/** An environment variable: its schema carries default and description, so that a reference can be made from it. */
export type EnvironmentSchema = z.ZodObject<z.ZodRawShape>;

export const positiveNumber = (fallback: number) => z.coerce.number().positive().default(fallback);
export const positiveInteger = (fallback: number) => z.coerce.number().int().positive().default(fallback);

/** Of every service that judges margins: they must agree, and go on only where they do. */
export const firstParameters = z
  .string()
  .default('{}')
  .describe(
    'risk parameters of version 1 as JSON, or a file of it: what is left out has its default. Later versions are set by POST /v1/admin/parameters',
  )
  .transform((text, context) => {
    try {
      return firstRules(JSON.parse(text.trimStart().startsWith('{') ? text : readFileSync(text, 'utf8')));
    } catch (error) {
      context.addIssue({ code: 'custom', message: messageOf(error) });
      return z.NEVER;
    }
  });

/** Of every service that keeps marks: they must agree. */
export const markSettings = {
  STALE_AFTER_BARS: positiveNumber(3).describe('bars of silence after which a market is stale at the latest'),
  PRICE_SOURCES: z
    .string()
    .default('')
    .describe(
      'sources of each market with their weights: default=binance:1+okx:1+coinbase:1,NEW=binance:1. Empty: one source, that of ticks that name none',
    )
    .transform((text, context) => {
      try {
        return parseSources(text);
      } catch (error) {
        context.addIssue({ code: 'custom', message: messageOf(error) });
        return z.NEVER;
      }
    }),
  SOURCE_QUORUM: positiveInteger(2).describe('fresh sources an index needs, of markets that have so many'),
  BAND_MINIMUM: positiveNumber(0.02).describe(
    'a move within this band becomes the mark at once, natural log',
  ),
  BAND_DEVIATIONS: positiveNumber(10).describe(
    'width of the band in standard deviations of the market’s own moves',
  ),
  REPEATED_AT_MOST: positiveNumber(Number(Math.log(3).toFixed(4))).describe(
    'a larger move, natural log, is never confirmed by a lonely source that repeats it: a feed that has changed its unit does so for ever',
  ),
  CONFIRM_OVER_MS: positiveInteger(5_000).describe(
    'a lonely source confirms a large move by repeating it after this time, milliseconds',
  ),
  MARKET_ORDER_SECRET: z
    .string()
    .min(32, 'must have at least 32 characters')
    .optional()
    .describe(
      'seals the operator’s orders of markets: the same for all services, none is taken without it. Or MARKET_ORDER_SECRET_FILE. In one process it is made at the start',
    )
    .meta({ secret: true }),
  MAX_CLOCK_SKEW_MS: positiveInteger(5_000).describe(
    'a price may be dated later than the log took it by this much, milliseconds',
  ),
};

/** The settings of marks, in the machine's units. */
export function markParametersOf(
  config: z.output<z.ZodObject<typeof markSettings>> & { readonly BAR_SECONDS: number },
): MarkParameters {
  const barMs = config.BAR_SECONDS * 1000;
  const staleMs = config.STALE_AFTER_BARS * barMs;
  return markParameters({
    sources: config.PRICE_SOURCES,
    quorum: config.SOURCE_QUORUM,
    sourceStaleMs: staleMs,
    maximumStaleMs: staleMs,
    minimumStaleMs: Math.min(60_000, staleMs),
    bandMinimum: config.BAND_MINIMUM,
    bandDeviations: config.BAND_DEVIATIONS,
    confirmOverMs: config.CONFIRM_OVER_MS,
    repeatedAtMost: config.REPEATED_AT_MOST,
    orderSecret: config.MARKET_ORDER_SECRET,
    maximumClockSkewMs: config.MAX_CLOCK_SKEW_MS,
    maximumStepMs: Math.max(24 * 3_600_000, staleMs),
  });
}

/** Of every variable that holds a secret, NAME_FILE may name a file that holds it instead. */
function withSecretsFromFiles(schema: EnvironmentSchema, environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const read: NodeJS.ProcessEnv = { ...environment };
  for (const name of secretsOf(schema)) {
    const file = environment[`${name}_FILE`];
    if (file === undefined) continue;
    if (environment[name] !== undefined)
      throw new ConfigurationError(`configuration does not fit: ${name} and ${name}_FILE are both set`);
    try {
      read[name] = readFileSync(file, 'utf8').replace(/\r?\n$/, '');
    } catch (error) {
      throw new ConfigurationError(`configuration does not fit: ${name}_FILE: ${messageOf(error)}`);
    }
  }
  return read;
}

/** Variables of a schema that hold secrets. */
export function secretsOf(schema: EnvironmentSchema): string[] {
  return Object.entries(schema.shape).flatMap(([name, field]) =>
    (field as z.ZodType).meta()?.secret === true ? [name] : [],
  );
}

/**
 * Reads a service's configuration from the environment.
 *
 * @throws {ConfigurationError} naming every variable that does not fit and why
 */
export function readConfig<S extends EnvironmentSchema>(
  schema: S,
  environment: NodeJS.ProcessEnv,
): z.output<S> {
  const parsed = schema.safeParse(withSecretsFromFiles(schema, environment));
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  throw new ConfigurationError(`configuration does not fit: ${problems.join('; ')}`);
}
