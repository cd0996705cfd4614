import { excessBound } from '../certificate/bounds.js';
import { type AffineFunction } from './linear-lagrangian.js';
import { type LiquidationProgram, objectiveOf, roundingUnits } from '../program/program.js';
import { excessAlong, premiumShift } from './premium-constraint.js';

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
  let missing = program.deficit + roundingOf(program);
  for (const i of order) {
    if (relief[i] <= 0) break;
    w[i] = Math.min(1, missing / relief[i]);
    if (w[i] < 1) break;
    missing -= relief[i];
  }
  return w;
}

/** How much of the excess is rounding: its terms add up to the deficit. */
export function roundingOf({ deficit, n }: LiquidationProgram): number {
  return 2 * roundingUnits(n) * Math.abs(deficit);
}

/**
 * Steps from a point toward a feasible one, just as far as the margin needs; undefined where even that one's excess is
 * not below zero by more than rounding. Positions that the point leaves alone stay so where this is enough: a plan should not
 * touch every position for the sake of the last digit.
 */
export function repair(
  program: LiquidationProgram,
  from: Float64Array,
  anchor: Float64Array,
): FeasiblePoint | undefined {
  const start = from.map((value) => Math.min(1, Math.max(0, value)));
  const touched = anchor.map((value, i) => (start[i] > 0 ? value : 0));
  return stepToward(program, start, touched) ?? stepToward(program, start, anchor);
}

function stepToward(
  program: LiquidationProgram,
  start: Float64Array,
  anchor: Float64Array,
): FeasiblePoint | undefined {
  const excess = excessAlong(program, start, anchor);
  for (let safety = roundingOf(program); ; safety *= 4) {
    const already = safety === roundingOf(program) && excess(0) <= 0;
    if (!already && excess(1) > -safety) return undefined;
    const tau = already ? 0 : firstFeasible((step) => excess(step) + safety, 2 * safety);
    const w = start.map((value, i) => Math.min(1, Math.max(0, value + tau * (anchor[i] - value))));
    const primalShift = premiumShift(program, w);
    if (excessBound(program, w, primalShift) <= 0) return { w, objective: objectiveOf(program, w) };
    if (tau >= 1) return undefined;
  }
}

/**
 * The least τ ∈ [0, 1] from which a convex function that is negative at 1 is negative: regula falsi in the Illinois
 * variant, from the feasible side to within `tolerance` of zero.
 */
function firstFeasible(excess: (tau: number) => number, tolerance: number): number {
  let low = 0;
  const atZero = excess(0);
  if (atZero <= 0) return 0;
  let high = 1;
  let atHigh = excess(1);
  let side = 0;
  let weightLow = atZero;
  let weightHigh = atHigh;
  for (let step = 0; step < 100 && atHigh < -tolerance; step++) {
    const chord = (low * weightHigh - high * weightLow) / (weightHigh - weightLow);
    const middle = chord > low && chord < high ? chord : 0.5 * (low + high);
    if (middle <= low || middle >= high) break;
    const value = excess(middle);
    if (value <= 0) {
      high = middle;
      atHigh = value;
      weightHigh = value;
      if (side === 1) weightLow *= 0.5;
      side = 1;
    } else {
      low = middle;
      weightLow = value;
      if (side === -1) weightHigh *= 0.5;
      side = -1;
    }
  }
  return high;
}

/**
 * The vertex that a linear program's multipliers point at: positions whose reduced cost is negative are closed, positive
 * ones kept, and as many as there are active constraints, those with the reduced cost nearest to zero, meet these
 * constraints. With little curvature that is nearly the optimum, where a first-order solver is still under way.
 */
export function vertexOf(
  program: LiquidationProgram,
  functions: readonly AffineFunction[],
  multipliers: readonly number[],
): Float64Array {
  const { n, notionals } = program;
  const active = functions.filter((_, k) => multipliers[k] > 0);
  const reduced = notionals.map(
    (notional, i) =>
      1 + functions.reduce((sum, { gradient }, k) => sum + multipliers[k] * gradient[i], 0) / notional,
  );
  const w = reduced.map((cost) => (cost < 0 ? 1 : 0));
  const basis = Array.from({ length: n }, (_, i) => i)
    .sort((a, b) => Math.abs(reduced[a]) - Math.abs(reduced[b]))
    .slice(0, active.length);
  for (const i of basis) w[i] = 0;
  const missing = active.map(({ constant, gradient }) => {
    let value = constant;
    for (let i = 0; i < n; i++) value += gradient[i] * w[i];
    return -value - roundingOf(program);
  });
  const column = (k: number) => basis.map((i) => active[k].gradient[i]);
  if (active.length === 1) w[basis[0]] = missing[0] / column(0)[0];
  if (active.length === 2 && basis.length === 2) {
    const [[a, b], [c, d]] = [column(0), column(1)];
    const determinant = a * d - b * c;
    w[basis[0]] = (missing[0] * d - b * missing[1]) / determinant;
    w[basis[1]] = (a * missing[1] - c * missing[0]) / determinant;
  }
  return w.map((fraction) => (Number.isFinite(fraction) ? Math.min(1, Math.max(0, fraction)) : 0));
}
