import {
  concentrated,
  deviationAt,
  lossChange,
  type PortfolioPart,
  reliefBy,
} from '../program/portfolio-part.js';
import { linearExcess, type LiquidationProgram, roundingUnits } from '../program/program.js';
import { premiumBound, premiumCut } from './premium-bounds.js';
import type { DualWitness, LossWeight } from './witness.js';

/**
 * The box the optimum is in, where a plan with this objective is known: c_i·w_i is at most the objective, so w_i is at
 * most objective/c_i. Beside a small deficit that is far below 1, and limits the rounding of a large position's
 * reduced cost from drowning the bound.
 */
export function capsOf({ notionals }: LiquidationProgram, objective: number): Float64Array {
  return notionals.map((notional) => Math.min(1, (objective / notional) * (1 + 4 * Number.EPSILON)));
}

/** A sum of affine functions of w in the making: value and size of its terms, from which its rounding error is bounded. */
interface AffineSum {
  constant: number;
  constantSize: number;
  readonly gradient: Float64Array;
  readonly gradientSize: Float64Array;
  /** errors that are known already, money */
  error: number;
}

/**
 * min over 0 ≤ w ≤ caps of the Lagrangian, less a bound of its rounding error; −Infinity for weights that bound nothing.
 * For any λ ≥ 0, Σμ ≥ 0 of pieces of R, 0 ≤ Σν ≤ λ of linearised premia, with p = Σμ/λ and o = 1 or 0:
 *
 *     o·(cᵀw + ½Σκw²) + λ(G(0) + Σ A_i(w_i²−2w_i) − relief(w)) + Σ μ_k(R_k(w) − R0) + Σ ν·premium − λ·B(p),
 *     B(p) = (R0 − bK(p−1))²/(2bK) where p ≥ 1, (1−p)R0 + R0²/(2bK) where p < 1:
 *
 * pR − φ(R) ≤ φ*(p) for each R ≥ 0, and φ*(p) = bK((p−1)⁺)²/2; B is φ(R0) + φ*(p) − pR0. Nothing of A and φ is
 * linearised: the minimum is taken coordinate by coordinate.
 */
function lagrangianBound(
  program: LiquidationProgram,
  dual: DualWitness,
  caps: Float64Array,
  objective: 0 | 1,
): number {
  const { n, portfolio } = program;
  const lambda = dual.margin;
  const mu = dual.losses.reduce((sum, { multiplier }) => sum + multiplier, 0);
  const nu = dual.premium.reduce((sum, { multiplier }) => sum + multiplier, 0);
  const weights = [lambda, ...dual.losses.map((w) => w.multiplier), ...dual.premium.map((w) => w.multiplier)];
  if (!weights.every((weight) => weight >= 0 && weight < Infinity) || nu > lambda) return -Infinity;
  const sum: AffineSum = {
    constant: lambda * program.deficit,
    constantSize: lambda * Math.abs(program.deficit),
    gradient: new Float64Array(n),
    gradientSize: new Float64Array(n),
    error: 0,
  };
  for (const weight of dual.losses) if (!addLoss(sum, portfolio, weight, caps)) return -Infinity;
  for (const weight of dual.premium) {
    const cut = premiumCut(program, weight, caps);
    addAffine(sum, weight.multiplier, cut.constant, cut.gradient);
    sum.error += weight.multiplier * cut.error;
  }
  if (portfolio) {
    const { value, size } =
      lambda > 0 ? bregman(portfolio, mu / lambda) : { value: mu > 0 ? Infinity : 0, size: 0 };
    if (value === Infinity) return -Infinity;
    sum.constant -= lambda * value;
    sum.constantSize += lambda * size;
  }
  let value = sum.constant;
  let size = 0;
  for (let i = 0; i < n; i++) {
    const own = objective * program.notionals[i];
    const closing = lambda * (portfolio?.closing[i] ?? 0);
    const steps = portfolio?.steps[i];
    const linear = own + sum.gradient[i] - 2 * closing - (steps ? 0 : lambda * program.relief[i]);
    const curvature = objective * program.impacts[i] + 2 * closing;
    value += coordinateMinimum(linear, curvature, caps[i], lambda, steps);
    const most = own + sum.gradientSize[i] + 3 * closing + lambda * Math.abs(program.relief[i]);
    size += caps[i] * (most + curvature * caps[i]);
  }
  const units = roundingUnits(n + weights.length);
  const bound = value - sum.error - 16 * Number.EPSILON * sum.constantSize - units * size;
  return Number.isNaN(bound) ? -Infinity : bound;
}

/** B(p), and the scale of its rounding error, money. */
function bregman({ worst, concentrationRate }: PortfolioPart, p: number): { value: number; size: number } {
  if (p < 1) {
    const value = (1 - p) * worst + concentrationRate * worst * worst;
    return { value, size: 4 * value };
  }
  if (concentrationRate === 0) return { value: p > 1 ? Infinity : 0, size: 0 };
  const distance = worst - (p - 1) / (2 * concentrationRate);
  const value = concentrationRate * distance * distance;
  return { value, size: 4 * value + Math.abs(distance) };
}

/** Adds μ·(R_k(w) − R0), or a tangent of the EVaR. False for a piece that is not one. */
function addLoss(
  sum: AffineSum,
  part: PortfolioPart | undefined,
  weight: LossWeight,
  caps: Float64Array,
): boolean {
  if (part === undefined) return weight.multiplier === 0;
  const n = caps.length;
  if (weight.scenario !== undefined) {
    if (!(weight.scenario < part.scenarios)) return false;
    const row = part.losses.subarray(weight.scenario * n, (weight.scenario + 1) * n);
    const gradient = row.map((loss) => -loss);
    addAffine(sum, weight.multiplier, -part.headroom[weight.scenario], gradient);
    return true;
  }
  // 2κ·s(w) ≥ 2κ·gᵀM(1−w) for gᵀMg ≤ 1, g = (1−v)/s(v): Cauchy and Schwarz.
  const v = weight.evar;
  const units = roundingUnits(n);
  const at = deviationAt(part, v, units);
  const { evarMultiple, evarHeadroom, variance, covarianceWithAll, deviations } = part;
  const before = Math.sqrt(variance);
  if (!(at.deviation > 0)) {
    addAffine(sum, weight.multiplier, -evarHeadroom - evarMultiple * before, new Float64Array(n));
    return true;
  }
  const deviation = at.deviation + at.error;
  const rate = evarMultiple / deviation;
  let along = 0;
  let reach = 0;
  let rounded = 0;
  for (let i = 0; i < n; i++) {
    along += covarianceWithAll[i] * v[i];
    reach += deviations[i] * v[i];
  }
  for (let i = 0; i < n; i++) {
    const furthest = Math.max(caps[i], v[i]);
    rounded += furthest * (deviations[i] * reach + 2 * Math.abs(covarianceWithAll[i]));
  }
  // uᵀ(1−v) − s(0)s(v) = −uᵀv − s(0)(s(v) − s(0)), which keeps its digits where v is small.
  const constant = -evarHeadroom - rate * (along + before * (at.change + 2 * at.error));
  addAffine(
    sum,
    weight.multiplier,
    constant,
    at.halfGradient.map((value) => rate * value),
  );
  sum.error += weight.multiplier * rate * (units * rounded + 2 * before * at.error);
  return true;
}

function addAffine(sum: AffineSum, weight: number, constant: number, gradient: Float64Array): void {
  sum.constant += weight * constant;
  sum.constantSize += weight * Math.abs(constant);
  for (let i = 0; i < gradient.length; i++) {
    sum.gradient[i] += weight * gradient[i];
    sum.gradientSize[i] += weight * Math.abs(gradient[i]);
  }
}

/** min over 0 ≤ w ≤ cap of linear·w + ½curvature·w² − λ·relief(w), relief piecewise linear and concave. */
function coordinateMinimum(
  linear: number,
  curvature: number,
  cap: number,
  lambda: number,
  steps: readonly { readonly until: number; readonly relief: number }[] | undefined,
): number {
  let least = 0;
  let from = 0;
  for (const { until, relief } of steps ?? [{ until: 1, relief: 0 }]) {
    const to = Math.min(until, cap);
    const slope = linear - lambda * relief;
    const free = curvature > 0 ? -slope / curvature : slope < 0 ? cap : 0;
    const w = Math.min(Math.max(free, from), to);
    least = Math.min(least, w * (linear + 0.5 * curvature * w) - lambda * (steps ? reliefBy(steps, w) : 0));
    if (to === cap) break;
    from = to;
  }
  return least;
}

/**
 * The lower bound that a witness proves, given a feasible plan's objective: no feasible w has an objective below it, money;
 * −Infinity for one that proves nothing. A bound of the rounding error is subtracted, so that large numbers in a witness
 * weaken it instead of forging it.
 */
export function lowerBound(program: LiquidationProgram, dual: DualWitness, objective: number): number {
  return lagrangianBound(program, dual, capsOf(program, objective), 1);
}

/** Margin that could be restored by less than this is not restored: 1e-9 of the deficit, money. */
export function infeasibilitySlack({ deficit }: LiquidationProgram): number {
  return 1e-9 * Math.abs(deficit);
}

/**
 * Positive where the witness proves that no w ∈ [0,1]ⁿ restores the margin: the least weighted violation, less
 * rounding may have added, money per unit of weight.
 */
export function infeasibility(program: LiquidationProgram, dual: DualWitness): number {
  if (!(dual.margin > 0 && dual.margin < Infinity)) return -Infinity;
  return lagrangianBound(program, dual, new Float64Array(program.n).fill(1), 0) / dual.margin;
}

/** G(w) without the premium: the deficit to the initial margin if closing costs the pool nothing, money. */
export function marginExcess(program: LiquidationProgram, w: ArrayLike<number>): number {
  const { portfolio } = program;
  if (portfolio === undefined) return linearExcess(program, w);
  let excess = program.deficit + concentrated(portfolio, lossChange(portfolio, w, 0).change);
  for (let i = 0; i < program.n; i++) {
    const steps = portfolio.steps[i];
    excess +=
      portfolio.closing[i] * w[i] * (w[i] - 2) - (steps ? reliefBy(steps, w[i]) : program.relief[i] * w[i]);
  }
  return excess;
}

/** An upper bound of G(w), the deficit to the initial margin after closing w, money. */
export function excessBound(program: LiquidationProgram, w: ArrayLike<number>, primalShift: number): number {
  const { portfolio, n } = program;
  const units = roundingUnits(n);
  let size = Math.abs(program.deficit);
  let error = 0;
  for (let i = 0; i < n; i++) size += (Math.abs(program.relief[i]) + 3 * (portfolio?.closing[i] ?? 0)) * w[i];
  if (portfolio) {
    const loss = lossChange(portfolio, w, units);
    const slope = 1 + 2 * portfolio.concentrationRate * portfolio.worst;
    size += slope * Math.abs(loss.change);
    error = slope * loss.error;
  }
  return marginExcess(program, w) + premiumBound(program, w, primalShift) + units * size + error;
}
