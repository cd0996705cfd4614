import type { MarkParameters } from '#lib/exchange';

/** Parameters of a forecast. */
export interface ForecastingParameters {
  readonly barMs: number;
  /** bars in the estimation window */
  readonly windowBars: number;
  /** bars a market needs before it is forecast */
  readonly minimumBars: number;
  /** bars between refits; in between only the filter runs */
  readonly refitEveryBars: number;
  /** bars between models that proofs are told of */
  readonly registerEveryBars: number;
  /** bars between descriptions of the groups of markets */
  readonly describeEveryBars: number;
  /** smallest ratio of the horizon's variance to the variance of as many single bars, of LM-GO */
  readonly varianceRatioFloor: number;
  /** α's that tail factors are published for */
  readonly tailAlphas: readonly number[];
  /** forecasts that tail factors are taken from */
  readonly tailForecasts: number;
  /** bars between the end of a fit's window and its first forecast */
  readonly activateAfterBars: number;
  /** risk horizon τ in bars */
  readonly horizonBars: number;
  readonly marks: MarkParameters;
}
