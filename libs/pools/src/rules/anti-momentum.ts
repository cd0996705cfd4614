import { STRENGTH } from './momentum.js';
import { balanced, defineRule } from './rule.js';

/** Less of rising tokens: Δw = −k·(g − Σkg/Σk). */
export const antiMomentum = defineRule({
  name: 'anti-momentum',
  description: 'less of what rises',
  sees: 'gradients',
  says: 'change',
  parameters: { k: STRENGTH },
  apply({ estimates, parameters }, out) {
    balanced(estimates, parameters.k, out);
    for (let i = 0; i < out.length; i++) out[i] = -out[i];
  },
});
