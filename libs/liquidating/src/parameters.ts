import { type MarkParameters, markParametersOf, type RiskRules } from '#lib/exchange';

/** Parameters of liquidation plans. */
export interface LiquidatingParameters {
  /** tail probability of EVaR(1−α) */
  readonly alpha: number;
  /** the version that all of these are taken from; the pricer's commands change it */
  readonly rules: RiskRules;
  readonly marks: MarkParameters;
}

/**
 * One version of the parameters, for plans.
 *
 * @param orderSecret seals the operator's orders; undefined: none is taken
 */
export function liquidatingParameters(
  rules: RiskRules,
  orderSecret: string | undefined,
): LiquidatingParameters {
  const { parameters } = rules;
  return { alpha: parameters.model.alpha, rules, marks: markParametersOf(parameters, orderSecret) };
}
