import { expectedPositivePart, normalCdf, normalDensity } from './normal.js';
import type { StandardisedEvar } from './evar.js';

/**
 * The closed form E_Q[X⁺] under the Esscher transform of X (not of X⁺) with relative entropy −ln α, for
 * X ~ N(k, 1): a lower bound of the EVaR, tight for k ≥ 0 and far below it for a well-capitalised book.
 *
 * d = k + c, c = √(−2 ln α):  g = d·Φ(d) + φ(d), g′ = Φ(d), h_s = c·Φ(d) + φ(d), g″ = φ(d).
 */
export function standardisedEsscher(k: number, logAlpha: number): StandardisedEvar {
  const c = Math.sqrt(-2 * logAlpha);
  const d = k + c;
  const slope = normalCdf(d);
  const density = normalDensity(d);
  return {
    tilt: c,
    shift: c + 2 * k,
    value: expectedPositivePart(d),
    slope,
    volatilitySlope: c * slope + density,
    curvature: density,
  };
}
