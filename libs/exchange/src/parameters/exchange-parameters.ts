import type { RiskModel } from '#lib/risk';
import type { MarkParameters } from '../marks/mark-parameters.js';
import type { RiskRules } from './risk-rules.js';

/** What the exchange's decisions depend on besides its inputs. */
export interface ExchangeParameters extends RiskModel {
  /** τ, milliseconds: the risk horizon; premia vest after it */
  readonly horizonMs: number;
  readonly marks: MarkParameters;
  /** what an operator may change while the exchange runs */
  readonly rules: RiskRules;
}
