import {
  deviationOf,
  linearExcess,
  type LiquidationProgram,
  riskChangeAt,
  roundingUnits,
  varianceAt,
} from '../program/program.js';

/**
 * G1 linearised at a point of [0,1]ⁿ under a tilt: never above G1 anywhere, whatever the point and the tilt.
 * A tilt is written as its shift t + 2m/s.
 */
export interface Linearisation {
  readonly point: readonly number[];
  readonly shift: number;
}

/** Weights of the constraints in the Lagrangian, and where G1 was linearised. */
export interface DualWitness {
  /** λ0 ≥ 0, of G0 */
  readonly linear: number;
  /** λ_k ≥ 0, each of G1 linearised once */
  readonly cuts: readonly (Linearisation & { readonly multiplier: number })[];
}

/** What can be checked without any solver: numbers that bound the program from both sides. */
export interface Certificate {
  /** that no feasible plan has a lower objective, or that no plan is feasible */
  readonly proves: 'optimality' | 'infeasibility';
  /** shift of the tilt that bounds h0 from both sides */
  readonly poolShift: number;
  /** shift of the tilt that bounds h(m, s(w)) from above at the plan's w */
  readonly primalShift: number;
  readonly dual: DualWitness;
}

/** An affine function of w, constant + gradientᵀw, money. */
export interface AffineFunction {
  readonly constant: number;
  readonly gradient: Float64Array;
  /** how far rounding may have raised it anywhere in the box, money */
  readonly error: number;
}

/** G0 as an affine function: its coefficients are the program's own. */
export function linearConstraint({ deficit, relief }: LiquidationProgram): AffineFunction {
  return { constant: deficit, gradient: relief.map((value) => -value), error: 0 };
}

/**
 * G1 from below: h at s(w) by its affine bound at s(v), and s(w) − s(v) ≥ (Mv−u)ᵀ(w−v)/s(v), which is Cauchy's and
 * Schwarz's inequality for the book without v and the book without w.
 *
 * @param caps the box in which it is to hold
 */
export function cutAt(
  program: LiquidationProgram,
  { point, shift }: Linearisation,
  caps: Float64Array,
): AffineFunction {
  const { deficit, relief, n, deviations, covarianceWithBook } = program;
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
    constant: deficit + risk - after.error - after.slopeError * reach - rate * along,
    gradient: halfGradient.map((value, i) => rate * value - relief[i]),
    error: error + roundingUnits(n) * (Math.abs(deficit) + Math.abs(risk) + 2 * rate * rounded),
  };
}

/**
 * The box the optimum is in, where a plan with this objective is known: c_i·w_i is at most the objective, so w_i is at
 * most objective/c_i. Beside a small deficit that is far below 1, and keeps what rounding does to a large position's
 * reduced cost from drowning the bound.
 */
export function capsOf({ notionals }: LiquidationProgram, objective: number): Float64Array {
  return notionals.map((notional) => Math.min(1, (objective / notional) * (1 + 4 * Number.EPSILON)));
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

/** How far rounding may have raised {@link lagrangianMinimum}: its sums' rounding, and the functions' own, money. */
function lagrangianRounding(
  { n, notionals, impacts }: LiquidationProgram,
  functions: readonly AffineFunction[],
  multipliers: readonly number[],
  caps: Float64Array,
): number {
  let terms = 0;
  let own = 0;
  functions.forEach(({ constant, gradient, error }, k) => {
    own += multipliers[k] * error;
    terms += multipliers[k] * Math.abs(constant);
    for (let i = 0; i < n; i++) terms += multipliers[k] * Math.abs(gradient[i]) * caps[i];
  });
  for (let i = 0; i < n; i++) terms += caps[i] * (notionals[i] + impacts[i] * caps[i]);
  return own + roundingUnits(n + functions.length) * terms;
}

/**
 * What a witness proves, given a feasible plan's objective: no feasible w has an objective below this, money;
 * −Infinity for one that proves nothing. What rounding may have added is taken off, so that large numbers in a witness
 * weaken it instead of forging it.
 */
export function lowerBound(program: LiquidationProgram, dual: DualWitness, objective: number): number {
  const caps = capsOf(program, objective);
  const { functions, multipliers } = dualFunctions(program, dual, caps);
  if (!multipliers.every((value) => value >= 0 && value < Infinity)) return -Infinity;
  const bound =
    lagrangianMinimum(program, functions, multipliers, caps) -
    lagrangianRounding(program, functions, multipliers, caps);
  return Number.isNaN(bound) ? -Infinity : bound;
}

/** Margin that could be restored by less than this is not restored: 1e-9 of what is missing, money. */
export function infeasibilitySlack({ deficit }: LiquidationProgram): number {
  return 1e-9 * Math.abs(deficit);
}

/**
 * Positive where the witness proves that no w ∈ [0,1]ⁿ restores the margin: least violation of the weighted constraints
 * less what rounding may have added, money per unit of weight.
 */
export function infeasibility(program: LiquidationProgram, dual: DualWitness): number {
  const nothing = {
    ...program,
    notionals: new Float64Array(program.n),
    impacts: new Float64Array(program.n),
  };
  const everything = new Float64Array(program.n).fill(1);
  const { functions, multipliers } = dualFunctions(program, dual, everything);
  const weight = multipliers.reduce((sum, value) => sum + value, 0);
  if (!multipliers.every((value) => value >= 0) || !(weight > 0 && weight < Infinity)) return -Infinity;
  const least =
    lagrangianMinimum(nothing, functions, multipliers, everything) -
    lagrangianRounding(nothing, functions, multipliers, everything);
  return Number.isNaN(least) ? -Infinity : least / weight;
}

function dualFunctions(program: LiquidationProgram, { linear, cuts }: DualWitness, caps: Float64Array) {
  return {
    functions: [linearConstraint(program), ...cuts.map((cut) => cutAt(program, cut, caps))],
    multipliers: [linear, ...cuts.map(({ multiplier }) => multiplier)],
  };
}

/** An upper bound of the risk premium π(w) = (h(m, s(w)) − h0)⁺, money: h from above at w, h0 from below. */
export function premiumBound(program: LiquidationProgram, w: ArrayLike<number>, primalShift: number): number {
  const { change, error } = riskChangeAt(program, varianceAt(program, w), primalShift);
  return Math.max(0, change + program.before.error + error);
}

/** An upper bound of max(G0, G1): what is missing to the initial margin after closing w, money. */
export function excessBound(program: LiquidationProgram, w: ArrayLike<number>, primalShift: number): number {
  let terms = Math.abs(program.deficit);
  for (let i = 0; i < program.n; i++) terms += Math.abs(program.relief[i]) * w[i];
  return linearExcess(program, w) + premiumBound(program, w, primalShift) + roundingUnits(program.n) * terms;
}
