import { ZkriskError } from '#lib/errors';
import type { MarketModelFit } from '#lib/volatility';

/** A fit that failed for reasons of the data; the previous model stays in force. */
export class FitFailedError extends ZkriskError {
  readonly code = 'fit-failed';
}

export interface FinishedFit {
  readonly fit: MarketModelFit;
  readonly seconds: number;
}
