import { ZkriskError } from '#lib/errors';

/** An offer to liquidate that does not take part in its plan's race. */
export class OfferRefusedError extends ZkriskError {
  readonly code = 'offer-refused';
  constructor(
    readonly reasons: readonly string[],
    details: Readonly<Record<string, string | number>> = {},
  ) {
    super(`the offer is refused: ${reasons.join('; ')}`, { ...details });
  }
}
