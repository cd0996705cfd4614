import type { MarkParameters, RiskRules } from '#lib/exchange';

/** Parameters of liquidation plans. */
export interface LiquidatingParameters {
  /** tail probability of EVaR(1−α) */
  readonly alpha: number;
  /** risk parameters that hold; the pricer's commands change them */
  readonly rules: RiskRules;
  readonly marks: MarkParameters;
}
