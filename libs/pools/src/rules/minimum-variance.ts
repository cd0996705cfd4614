import { defineRule } from './rule.js';

/** Weights in inverse proportion to the variances: the least variance where returns are uncorrelated. */
export const minimumVariance = defineRule({
  name: 'minimum-variance',
  description: 'weights in inverse proportion to the variances of returns',
  sees: 'variances',
  says: 'weights',
  parameters: {},
  apply({ estimates }, out) {
    let total = 0;
    for (let i = 0; i < out.length; i++) total += 1 / estimates[i];
    // Before anything has moved, or where something never does, there is nothing to tell them apart by.
    const known = Number.isFinite(total);
    for (let i = 0; i < out.length; i++) out[i] = known ? 1 / estimates[i] / total : 1 / out.length;
  },
});
