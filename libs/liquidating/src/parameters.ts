import type { MarkParameters } from '#lib/exchange';
import type { MarginSchedule } from '#lib/margin';

/** Parameters of liquidation plans. */
export interface LiquidatingParameters {
  /** tail probability of EVaR(1−α) */
  readonly alpha: number;
  readonly marginRates: MarginSchedule;
  /** charged on closed notional, as a share */
  readonly penaltyRate: number;
  readonly marks: MarkParameters;
}
