import {
  deviationOf,
  type LiquidationProgram,
  riskChangeAt,
  roundingUnits,
  varianceAt,
} from '../program/program.js';
import type { Linearisation } from './witness.js';

/** An affine function of w, constant + gradientᵀw, money. */
export interface AffineFunction {
  readonly constant: number;
  readonly gradient: Float64Array;
  /** how far rounding may have raised it anywhere in the box, money */
  readonly error: number;
}

/**
 * h(m, s(w)) − h0 from below: h at s(w) by its affine bound at s(v), and s(w) − s(v) ≥ (Mv−u)ᵀ(w−v)/s(v), which is
 * Cauchy's and Schwarz's inequality for the book without v and the book without w.
 *
 * @param caps the box in which it is to hold
 */
export function premiumCut(
  program: LiquidationProgram,
  { point, shift }: Linearisation,
  caps: Float64Array,
): AffineFunction {
  const { n, deviations, covarianceWithBook } = program;
  const at = varianceAt(program, point);
  const { variance, halfGradient } = at;
  const { change: risk, error, after } = riskChangeAt(program, at, shift);
  // At s(v) = 0 all that is known of s is that it is not negative.
  const rate = variance > 0 ? after.slope / Math.sqrt(variance) : 0;
  const closed = deviationOf(program, point);
  let along = 0;
  let reach = 0;
  let rounded = 0;
  for (let i = 0; i < n; i++) {
    along += halfGradient[i] * point[i];
    const furthest = Math.max(caps[i], point[i]);
    reach += furthest * deviations[i];
    rounded += furthest * (deviations[i] * closed + Math.abs(covarianceWithBook[i]));
  }
  return {
    constant: risk - after.error - after.slopeError * reach - rate * along,
    gradient: halfGradient.map((value) => rate * value),
    error: error + roundingUnits(n) * (Math.abs(risk) + 2 * rate * rounded),
  };
}

/** An upper bound of the risk premium π(w) = (h(m, s(w)) − h0)⁺, money: h from above at w, h0 from below. */
export function premiumBound(program: LiquidationProgram, w: ArrayLike<number>, primalShift: number): number {
  const { change, error } = riskChangeAt(program, varianceAt(program, w), primalShift);
  return Math.max(0, change + program.before.error + error);
}
