import type { RiskModel } from '#lib/risk';
import { type MarkParameters, markParametersOf } from '../marks/mark-parameters.js';
import type { RiskRules } from './risk-rules.js';

/** The exchange's decisions depend on these and on its inputs alone. */
export interface ExchangeParameters extends RiskModel {
  /** τ, milliseconds: the risk horizon; premia vest after it */
  readonly horizonMs: number;
  readonly marks: MarkParameters;
  /** the version that all of these are taken from */
  readonly rules: RiskRules;
}

/** Premia of a 64th of the horizon vest together: keeps the queue short whatever the trading. */
const VESTING_BUCKETS = 64;

/** Spans of vesting, milliseconds. */
export interface Vesting {
  /** τ: span for which premia and funding stay pending */
  readonly horizonMs: number;
  /** amounts of a bucket vest together */
  readonly bucketMs: number;
}

/**
 * One version of the parameters in the machine's units.
 *
 * @param orderSecret seals the operator's orders; undefined: none is taken
 */
export function exchangeParameters(rules: RiskRules, orderSecret: string | undefined): ExchangeParameters {
  const { measure, allocation, alpha } = rules.parameters.model;
  return {
    ...{ measure, allocation, alpha },
    horizonMs: vestingOf(rules).horizonMs,
    marks: markParametersOf(rules.parameters, orderSecret),
    rules,
  };
}

/** How premia and funding become the exchange's own. */
export function vestingOf({ parameters: { model } }: RiskRules): Vesting {
  const horizonMs = model.horizonBars * model.barSeconds * 1000;
  return { horizonMs, bucketMs: Math.max(1, Math.floor(horizonMs / VESTING_BUCKETS)) };
}
