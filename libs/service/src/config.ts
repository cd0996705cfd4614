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

/**
 * Reads a service's configuration from the environment.
 *
 * @throws {ConfigurationError} naming every variable that does not fit and why
 */
export function readConfig<S extends EnvironmentSchema>(
  schema: S,
  environment: NodeJS.ProcessEnv,
): z.output<S> {
  const parsed = schema.safeParse(environment);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  throw new ConfigurationError(`configuration does not fit: ${problems.join('; ')}`);
}
