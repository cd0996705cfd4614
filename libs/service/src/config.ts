import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { messageOf, ZkriskError } from '#lib/errors';
import { firstRules } from '#lib/exchange';

/** An environment variable with a value that no service can start with. */
export class ConfigurationError extends ZkriskError {
  readonly code = 'configuration';
}

/** An environment variable: its schema carries default and description, so that a reference can be generated. */
export type EnvironmentSchema = z.ZodObject<z.ZodRawShape>;

export const positiveNumber = (fallback: number) => z.coerce.number().positive().default(fallback);
export const positiveInteger = (fallback: number) => z.coerce.number().int().positive().default(fallback);

/**
 * The JSON of FIRST_PARAMETERS: the text itself, or the file that it names.
 *
 * @throws {SyntaxError} for text that is no JSON; the system's error for a file that cannot be read
 */
export function readParameters(given: string): unknown {
  return JSON.parse(given.trimStart().startsWith('{') ? given : readFileSync(given, 'utf8'));
}

/** Of every service: version 1 must be the same for all, and each goes on only where it is. */
export const firstParameters = z
  .string()
  .default('{}')
  .describe(
    'version 1 of the parameters as JSON, or a file with it; omitted ones have their defaults (docs/reference/parameters.md). The same for all services; later versions are set by POST /v1/admin/parameters',
  )
  .transform((text, context) => {
    try {
      return firstRules(readParameters(text));
    } catch (error) {
      context.addIssue({ code: 'custom', message: messageOf(error) });
      return z.NEVER;
    }
  });

/** Of every service that keeps marks: it takes the operator's orders. */
export const marketOrderSecret = z
  .string()
  .min(32, 'must have at least 32 characters')
  .optional()
  .describe(
    'seals the operator’s orders of markets and changes of parameters: the same for all services, none is taken without it. Or MARKET_ORDER_SECRET_FILE. In one process it is made at the start',
  )
  .meta({ secret: true });

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
