import { z } from 'zod';
import { ZkriskError } from '#lib/errors';

/** An environment variable with a value that no service can start with. */
export class ConfigurationError extends ZkriskError {
  readonly code = 'configuration';
}

/** An environment variable: its schema carries default and description, so that a reference can be made from it. */
export type EnvironmentSchema = z.ZodObject<z.ZodRawShape>;

export const positiveNumber = (fallback: number) => z.coerce.number().positive().default(fallback);
export const positiveInteger = (fallback: number) => z.coerce.number().int().positive().default(fallback);

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
