import type { MarginSchedule } from '#lib/margin';
import type { RiskModel } from '#lib/risk';
import type { MarkParameters } from './marks/mark-parameters.js';

/** What the exchange's decisions depend on besides its inputs. */
export interface ExchangeParameters extends RiskModel {
  /** τ, milliseconds: the risk horizon; premia vest after it */
  readonly horizonMs: number;
  readonly marks: MarkParameters;
  readonly marginRates: MarginSchedule;
  /** share by which the premium may have risen when a quote is accepted */
  readonly quoteTolerance: number;
  /** largest notional of a leg, quote currency */
  readonly maximumTradeNotional: number;
}
