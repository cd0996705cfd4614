import { ZkriskError } from '#lib/errors';

/** Why a tick or watermark was not taken. */
export type TickRefusal =
  'unknown-source' | 'late' | 'duplicate' | 'not-positive' | 'from-the-future' | 'step-too-large' | 'closed';

const SAYS: Readonly<Record<TickRefusal, string>> = {
  'unknown-source': 'its source is none of the market’s',
  late: 'the source has sent a later one',
  duplicate: 'the source has sent it before',
  'not-positive': 'a price must be a positive number',
  'from-the-future': 'it is dated after the log took it',
  'step-too-large': 'it moves market time further than one step may; the operator accepts the time',
  closed: 'the market is delisted',
};

/** A tick or watermark that is not taken; the rest of its batch goes on. */
export class TickRefusedError extends ZkriskError {
  readonly code = 'tick-refused';

  constructor(
    readonly refusal: TickRefusal,
    what: string,
    time: number,
  ) {
    super(`${refusal}: ${what} at ${new Date(time).toISOString()}: ${SAYS[refusal]}`, { refusal });
  }
}
