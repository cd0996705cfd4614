import { ZkriskError } from '#lib/errors';

/** The chain, or a call to be sent to it, is not as it must be. */
export class ChainError extends ZkriskError {
  readonly code = 'chain';
}
