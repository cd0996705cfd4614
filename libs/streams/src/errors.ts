import { ZkriskError } from '#lib/errors';

/** A channel that another process serves. */
export class ChannelNotServedError extends ZkriskError {
  readonly code = 'channel-not-served';
}

/** A connection without a key, or with one that may not do this. */
export class StreamAccessError extends ZkriskError {
  constructor(
    readonly code: 'unauthenticated' | 'forbidden',
    message: string,
  ) {
    super(message);
  }
}

/** More connections or subscriptions than a key may have, or more messages than it may send. */
export class StreamLimitError extends ZkriskError {
  readonly code = 'rate-limited';
}
