import { ZkriskError } from '#lib/errors';

/** A command line that cannot be carried out: names the option and the remedy. */
export class UsageError extends ZkriskError {
  readonly code = 'usage';
}
