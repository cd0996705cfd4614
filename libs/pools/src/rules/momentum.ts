import { balanced, defineRule, type RuleParameter } from './rule.js';

export const STRENGTH: RuleParameter = {
  description: 'change of weight by relative gradient',
  unit: 'steps',
  default: 20,
  search: [0.1, 10_000],
};

/** More of rising tokens: Δw = k·(g − Σkg/Σk). */
export const momentum = defineRule({
  name: 'momentum',
  description: 'more of what rises',
  sees: 'gradients',
  says: 'change',
  parameters: { k: STRENGTH },
  apply({ estimates, parameters }, out) {
    balanced(estimates, parameters.k, out);
  },
});
