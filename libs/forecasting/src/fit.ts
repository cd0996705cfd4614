import { ZkriskError } from '#lib/errors';
import type { ForecastModelFit } from '#lib/volatility';

/** A fit that failed for reasons of the data; the previous model stays in force. */
export class FitFailedError extends ZkriskError {
  readonly code = 'fit-failed';
}

export interface FinishedFit {
  readonly fit: ForecastModelFit;
  readonly seconds: number;
}
