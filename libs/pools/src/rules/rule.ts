/** A parameter of a rule: one value for each asset. */
export interface RuleParameter {
  readonly description: string;
  readonly unit: string;
  readonly default: number;
  /** range of training, on a scale of powers; undefined: it is not trained */
  readonly search?: readonly [low: number, high: number];
}

/** Input of a rule at an update: n values each. */
export interface RuleInput<Name extends string = string> {
  /** relative gradients of the prices, by step, or variances of the returns */
  readonly estimates: Float64Array;
  readonly parameters: Readonly<Record<Name, Float64Array>>;
}

/**
 * How weights follow prices. A rule is a pure function of estimates and parameters; the estimators' memory, the guard rails
 * and the interpolation are the pool's.
 */
export interface Rule<Name extends string = string> {
  readonly name: string;
  readonly description: string;
  /** its input */
  readonly sees: 'gradients' | 'variances';
  /** its output: a change of the weights, which sums to zero, or the weights themselves, which sum to one */
  readonly says: 'change' | 'weights';
  readonly parameters: Readonly<Record<Name, RuleParameter>>;
  /** writes n values to `out` */
  apply(input: RuleInput<Name>, out: Float64Array): void;
}

/** A rule as it is registered, its names of parameters forgotten. */
export function defineRule<Name extends string>(rule: Rule<Name>): Rule {
  return rule;
}

/**
 * Signals to a change of weights: k·(s − Σks/Σk), so that it sums to zero and an asset with k = 0 stays where it is.
 *
 * @param out written; may be `signals`
 */
export function balanced(signals: Float64Array, k: Float64Array, out: Float64Array): void {
  let weighted = 0;
  let total = 0;
  for (let i = 0; i < k.length; i++) {
    weighted += k[i] * signals[i];
    total += k[i];
  }
  const offset = total === 0 ? 0 : weighted / total;
  for (let i = 0; i < k.length; i++) out[i] = k[i] * (signals[i] - offset);
}
