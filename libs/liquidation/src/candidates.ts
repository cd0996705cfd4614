import { excessBound } from './certificate.js';
import { excessAlong, type LiquidationProgram, objectiveOf, premiumConstraint } from './program.js';

/** A w that restores the margin, by the certificate's own arithmetic. */
export interface FeasiblePoint {
  readonly w: Float64Array;
  readonly objective: number;
}

/**
 * The optimum where closing costs nothing in risk: a fractional knapsack. Positions that relieve most per unit of notional
 * come first; among equals those whose closing takes most from the pool's variance.
 */
export function knapsack(program: LiquidationProgram): Float64Array {
  const { n, notionals, relief, covarianceWithBook } = program;
  const order = Array.from({ length: n }, (_, i) => i).sort((a, b) => {
    const perNotional = relief[b] / notionals[b] - relief[a] / notionals[a];
    if (Math.abs(perNotional) > 1e-12) return perNotional;
    return covarianceWithBook[b] / notionals[b] - covarianceWithBook[a] / notionals[a] || a - b;
  });
  const w = new Float64Array(n);
  let missing = program.deficit;
  for (const i of order) {
    if (missing <= 0 || relief[i] <= 0) break;
    w[i] = Math.min(1, missing / relief[i]);
    missing -= w[i] * relief[i];
  }
  return w;
}

/** How much of the excess is rounding: its terms add up to the deficit. */
export function roundingOf({ deficit }: LiquidationProgram): number {
  return 1e-14 * Math.abs(deficit);
}

/**
 * Steps from a point toward a feasible one, just as far as the margin needs; undefined where even that one's excess is
 * not below zero by more than rounding.
 */
export function repair(
  program: LiquidationProgram,
  from: Float64Array,
  anchor: Float64Array,
): FeasiblePoint | undefined {
  const start = from.map((value) => Math.min(1, Math.max(0, value)));
  const excess = excessAlong(program, start, anchor);
  for (let safety = roundingOf(program); ; safety *= 4) {
    const tau = firstFeasible((step) => excess(step) + safety);
    const w = start.map((value, i) => Math.min(1, Math.max(0, value + tau * (anchor[i] - value))));
    const primalShift = premiumConstraint(program, w).shift;
    if (excessBound(program, w, primalShift) <= 0) return { w, objective: objectiveOf(program, w) };
    if (tau >= 1) return undefined;
  }
}

/** The least τ ∈ [0, 1] from which a convex function that is negative at 1 is negative, to the last bit. */
function firstFeasible(excess: (tau: number) => number): number {
  if (excess(0) <= 0) return 0;
  let low = 0;
  let high = 1;
  // Smallest steps count relatively: τ may be 1e-12 near the optimum.
  for (let step = 0; step < 200; step++) {
    const middle = low === 0 && high > 1e-300 ? (high > 1e-3 ? 0.5 * high : high * 1e-2) : 0.5 * (low + high);
    if (middle <= low || middle >= high) break;
    if (excess(middle) <= 0) high = middle;
    else low = middle;
  }
  return high;
}
