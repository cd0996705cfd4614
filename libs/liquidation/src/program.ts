import { liabilityRisk } from '#lib/risk';
import { type LiquidationCase, standingOf } from './liquidation-case.js';
import { riskChange, type TiltedRisk, tiltedRisk } from './risk-change.js';

/**
 * The program of one account in the fractions w ∈ [0,1]ⁿ that are closed:
 *
 *     minimise  cᵀw + ½ Σ κ_i w_i²
 *     subject to  G0(w) = b − dᵀw ≤ 0                       margin restored, nothing charged for risk
 *                 G1(w) = b − dᵀw + h(m, s(w)) − h0 ≤ 0     the same with the risk premium
 *
 * with c_i = |q_i|S_i, b = Σ (r_i+ε)c_i − E, d_i = (r_i+ε−penalty)c_i, s(w)² = V − 2uᵀw + wᵀMw. Together the two
 * constraints say that margin is restored after π(w) = (h(m, s(w)) − h0)⁺; apart, each of them is smooth.
 */
export interface LiquidationProgram {
  readonly n: number;
  /** c, money */
  readonly notionals: Float64Array;
  /** κ, money */
  readonly impacts: Float64Array;
  /** b: what is missing to the initial margin, money */
  readonly deficit: number;
  /** d: what closing all of a position brings, money */
  readonly relief: Float64Array;
  /** m, money */
  readonly mean: number;
  /** V = s(0)², money² */
  readonly variance: number;
  /** u_i = q_i(ΣQ)_i, money² */
  readonly covarianceWithBook: Float64Array;
  /** M_ij = q_iΣ_ijq_j, n×n, money² */
  readonly covariance: Float64Array;
  readonly logAlpha: number;
  /** |q_i|σ_i: closing the fraction w_i cannot change s by more than w_i of it, money */
  readonly deviations: Float64Array;
  /** h0 = h(m, s(0)), bounded at one tilt */
  readonly before: TiltedRisk;
}

/** @param poolShift shift of the tilt at which h0 is bounded; default: the optimal one */
export function programOf(given: LiquidationCase, poolShift?: number): LiquidationProgram {
  const { positions, pool, penaltyRate = 0 } = given;
  const n = positions.length;
  const logAlpha = Math.log(given.alpha);
  const notionals = Float64Array.from(positions, ({ size, price }) => Math.abs(size) * price);
  const { equity, initialMargin } = standingOf(given);
  const covariance = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      covariance[i * n + j] = positions[i].size * pool.covariance[i * n + j] * positions[j].size;
    }
  }
  const volatility = Math.sqrt(pool.variance);
  const shift = poolShift ?? liabilityRisk('evar', pool.mean, volatility, logAlpha).shift;
  return {
    n,
    notionals,
    impacts: Float64Array.from(positions, ({ impact = 0 }) => impact),
    deficit: initialMargin - equity,
    relief: Float64Array.from(positions, ({ initialRate }, i) => (initialRate - penaltyRate) * notionals[i]),
    mean: pool.mean,
    variance: pool.variance,
    covarianceWithBook: Float64Array.from(positions, ({ size }, i) => size * pool.covarianceWithBook[i]),
    covariance,
    logAlpha,
    deviations: Float64Array.from({ length: n }, (_, i) => Math.sqrt(Math.max(covariance[i * n + i], 0))),
    before: tiltedRisk(pool.mean, logAlpha, volatility, shift),
  };
}

/** cᵀw + ½ Σ κ_i w_i². */
export function objectiveOf({ n, notionals, impacts }: LiquidationProgram, w: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += notionals[i] * w[i] + 0.5 * impacts[i] * w[i] * w[i];
  return sum;
}

/** G0(w). */
export function linearExcess({ n, deficit, relief }: LiquidationProgram, w: ArrayLike<number>): number {
  let excess = deficit;
  for (let i = 0; i < n; i++) excess -= relief[i] * w[i];
  return excess;
}

/** s(w)² − V, s(w)² itself, and Mw − u, half its gradient. */
export interface VarianceAt {
  readonly change: number;
  readonly variance: number;
  readonly halfGradient: Float64Array;
}

export function varianceAt(
  { n, variance, covarianceWithBook, covariance }: LiquidationProgram,
  w: ArrayLike<number>,
): VarianceAt {
  const halfGradient = new Float64Array(n);
  let change = 0;
  for (let i = 0; i < n; i++) {
    let product = 0;
    for (let j = 0, row = i * n; j < n; j++) product += covariance[row + j] * w[j];
    halfGradient[i] = product - covarianceWithBook[i];
    change += w[i] * (product - 2 * covarianceWithBook[i]);
  }
  // Rounding may leave a hair below zero where the book is hedged completely.
  return { change, variance: Math.max(variance + change, 0), halfGradient };
}

/** U(z; s) − U(z₀; s₀) at a variance given by its change, under a tilt or, by default, the optimal one. */
export function riskChangeAt(
  program: LiquidationProgram,
  varianceChange: number,
  shift?: number,
): { change: number; after: TiltedRisk } {
  const { mean, logAlpha, before, variance } = program;
  const volatility = Math.sqrt(Math.max(variance + varianceChange, 0));
  const tilt = shift ?? liabilityRisk('evar', mean, volatility, logAlpha).shift;
  const after = tiltedRisk(mean, logAlpha, volatility, tilt);
  return { change: riskChange(mean, logAlpha, before, after, varianceChange), after };
}

/** G1 with its first and second derivatives; the Hessian is positive semi-definite. */
export interface PremiumConstraint {
  readonly value: number;
  readonly gradient: Float64Array;
  /** h_s·∇²s + h_ss·∇s∇sᵀ, n×n */
  readonly hessian: Float64Array;
  /** shift of the tilt that attains h at s(w) */
  readonly shift: number;
}

export function premiumConstraint(program: LiquidationProgram, w: ArrayLike<number>): PremiumConstraint {
  const { n, relief, covariance, mean, logAlpha } = program;
  const { variance, change, halfGradient } = varianceAt(program, w);
  const volatility = Math.sqrt(variance);
  const risk = liabilityRisk('evar', mean, volatility, logAlpha);
  const gradient = new Float64Array(n);
  const hessian = new Float64Array(n * n);
  // At s = 0 the norm has no gradient; zero is one of its subgradients.
  const perVolatility = volatility > 0 ? 1 / volatility : 0;
  for (let i = 0; i < n; i++) gradient[i] = risk.hs * halfGradient[i] * perVolatility - relief[i];
  const along = (risk.hss - risk.hs * perVolatility) * perVolatility * perVolatility;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      hessian[i * n + j] =
        risk.hs * perVolatility * covariance[i * n + j] + along * halfGradient[i] * halfGradient[j];
    }
  }
  return {
    value: linearExcess(program, w) + riskChangeAt(program, change, risk.shift).change,
    gradient,
    hessian,
    shift: risk.shift,
  };
}

/** max(G0, G1) along w + τ(to − w): linear and quadratic in τ before the risk measure, O(1) an evaluation. */
export function excessAlong(
  program: LiquidationProgram,
  from: Float64Array,
  to: Float64Array,
): (tau: number) => number {
  const { n, covariance } = program;
  const start = varianceAt(program, from);
  const linear = linearExcess(program, from);
  let slope = 0;
  let curvature = 0;
  let descent = 0;
  for (let i = 0; i < n; i++) {
    const step = to[i] - from[i];
    slope += step * start.halfGradient[i];
    descent += step * program.relief[i];
    for (let j = 0; j < n; j++) curvature += step * covariance[i * n + j] * (to[j] - from[j]);
  }
  return (tau) => {
    const { change } = riskChangeAt(program, start.change + tau * (2 * slope + tau * curvature));
    return linear - tau * descent + Math.max(change, 0);
  };
}
