import { ZkriskError } from '#lib/errors';

export class UnknownProofError extends ZkriskError {
  readonly code = 'unknown-proof';
  constructor(id: string) {
    super(`proof ${id} is not known; GET /v1/proofs lists those that are`, { id });
  }
}
