import { premiumCut } from '../certificate/premium-bounds.js';
import type { DualWitness, Linearisation } from '../certificate/witness.js';
import type { LiquidationProgram } from '../program/program.js';

/** An affine function of w, constant + gradientᵀw, money. */
export interface AffineFunction {
  readonly constant: number;
  readonly gradient: Float64Array;
}

/** G0, the margin constraint without the premium, which is affine with linear margin. */
export function linearConstraint({ deficit, relief }: LiquidationProgram): AffineFunction {
  return { constant: deficit, gradient: relief.map((value) => -value) };
}

/** G1, the margin constraint with the premium, from below. */
export function cutAt(program: LiquidationProgram, at: Linearisation, caps: Float64Array): AffineFunction {
  const { constant, gradient } = premiumCut(program, at, caps);
  return {
    constant: program.deficit + constant,
    gradient: gradient.map((value, i) => value - program.relief[i]),
  };
}

/** min over 0 ≤ w ≤ caps of cᵀw + ½Σκw² + Σ multiplier·function: a sum of minima, one a position. */
export function lagrangianMinimum(
  { n, notionals, impacts }: LiquidationProgram,
  functions: readonly AffineFunction[],
  multipliers: readonly number[],
  caps: Float64Array,
): number {
  let sum = 0;
  functions.forEach(({ constant }, k) => (sum += multipliers[k] * constant));
  for (let i = 0; i < n; i++) {
    let slope = notionals[i];
    for (let k = 0; k < functions.length; k++) slope += multipliers[k] * functions[k].gradient[i];
    if (slope >= 0) continue;
    const w = impacts[i] > 0 ? Math.min(caps[i], -slope / impacts[i]) : caps[i];
    sum += w * (slope + 0.5 * impacts[i] * w);
  }
  return sum;
}

/** Weights of G0 and of G1's linearisations as the certificate has them: λ of the margin, ν ≤ λ of the premium. */
export function linearWitness(
  linear: number,
  cuts: readonly (Linearisation & { readonly multiplier: number })[],
): DualWitness {
  const premium = cuts.filter(({ multiplier }) => multiplier > 0);
  const charged = premium.reduce((sum, { multiplier }) => sum + multiplier, 0);
  return { margin: linear + charged, losses: [], premium };
}

/** λ0 of G0 in a {@link linearWitness}. */
export function linearWeightOf({ margin, premium }: DualWitness): number {
  return Math.max(0, margin - premium.reduce((sum, { multiplier }) => sum + multiplier, 0));
}
