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

/** A plan that no circuit proves; the reason begins with one of these words. */
export class PlanNotProvableError extends ZkriskError {
  readonly code = 'plan-not-provable';
  constructor(why: 'guard-rail' | 'too-many-positions', detail: string) {
    super(`${why}: ${detail}`);
  }
}

/** Why a bar that was due has no epoch. */
export class EpochNotProvableError extends ZkriskError {
  readonly code = 'epoch-not-provable';
}
