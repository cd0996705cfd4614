import { ZkriskError } from '#lib/errors';

export class UnknownProofError extends ZkriskError {
  readonly code = 'unknown-proof';
  constructor(id: string) {
    super(`proof ${id} is not known; GET /v1/proofs lists those that are`, { id });
  }
}

/** Another process has taken a proof's job: this one had not been heard of. */
export class ClaimLostError extends ZkriskError {
  readonly code = 'claim-lost';

  constructor(jobId: string) {
    super(`${jobId} was taken by another process`, { jobId });
  }
}

/** A model that the circuits have no room for. */
export class ModelNotProvableError extends ZkriskError {
  readonly code = 'model-not-provable';
}

/** Why a bar that was due has no epoch. */
export class EpochNotProvableError extends ZkriskError {
  readonly code = 'epoch-not-provable';
}
