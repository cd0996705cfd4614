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
  /** largest notional of a trade, all legs together, quote currency */
  readonly maximumTradeNotional: number;
  /** largest notional of an account, all positions together, quote currency */
  readonly maximumAccountNotional: number;
  /** largest open interest of a market, quote currency */
  readonly maximumMarketNotional: number;
  /** smallest notional that a liquidation leaves open, quote currency */
  readonly minimumPosition: number;
  /** charged on the notional that a liquidation closes, as a share */
  readonly penaltyRate: number;
}
