import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { messageOf, ZkriskError } from '#lib/errors';
import { MarginSchedule } from '#lib/margin';

/** An environment variable with a value that no service can start with. */
export class ConfigurationError extends ZkriskError {
  readonly code = 'configuration';
}

/** An environment variable: its schema carries default and description, so that a reference can be made from it. */
export type EnvironmentSchema = z.ZodObject<z.ZodRawShape>;

export const positiveNumber = (fallback: number) => z.coerce.number().positive().default(fallback);
export const positiveInteger = (fallback: number) => z.coerce.number().int().positive().default(fallback);

/** Of every service that judges margins: they must agree. */
export const marginRates = z
  .string()
  .default('default=0.03/0.05')
  .describe(
    'maintenance/initial margin as shares of the notional, by market: default=0.03/0.05,BTC-USD=0.02/0.03',
  )
  .transform((text, context) => {
    try {
      return MarginSchedule.parse(text);
    } catch (error) {
      context.addIssue({ code: 'custom', message: messageOf(error) });
      return z.NEVER;
    }
  });

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
