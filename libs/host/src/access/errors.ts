import { ZkriskError } from '#lib/errors';

/** No key, or one that is not known or not valid any more. */
export class UnauthenticatedError extends ZkriskError {
  readonly code = 'unauthenticated';
}

/** A key that may not do this. */
export class ForbiddenError extends ZkriskError {
  readonly code = 'forbidden';
}

/** An admin call whose signature does not hold. */
export class SignatureError extends ZkriskError {
  readonly code = 'signature-invalid';
}

/** An admin call that was made before. */
export class ReplayedError extends ZkriskError {
  readonly code = 'replayed';
}

export class RateLimitedError extends ZkriskError {
  readonly code = 'rate-limited';
}

export class UnknownKeyError extends ZkriskError {
  readonly code = 'unknown-resource';
}

/** An admin call that a key of another holder has not approved. */
export class SecondHolderError extends ZkriskError {
  readonly code = 'second-holder-needed';
}

/** A withdrawal that the key may not make: from this account, or so much in a day. */
export class WithdrawalLimitError extends ZkriskError {
  readonly code = 'withdrawal-limit';
}
