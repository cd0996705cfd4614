import { liabilityRisk } from '#lib/risk';
import type { PortfolioModel } from '#lib/margin';
import {
  type AccountStanding,
  isLinear,
  type LiquidationCase,
  marginModelOf,
  standingOf,
} from './liquidation-case.js';
import { marginalRelief, type PortfolioPart, portfolioPart } from './portfolio-part.js';
import { riskChange, type TiltedRisk, tiltedRisk } from './risk-change.js';

/**
 * The program of one account in the fractions w ∈ [0,1]ⁿ that are closed:
 *
 *     minimise  cᵀw + ½ Σ κ_i w_i²
 *     subject to  G0(w) = b − dᵀw ≤ 0                       margin restored, nothing charged for risk
 *                 G1(w) = b − dᵀw + h(m, s(w)) − h0 ≤ 0     the same with the risk premium
 *
 * with c_i = |q_i|S_i, b = Σ (r_i+ε)c_i − E, d_i = (r_i+ε−penalty)c_i, s(w)² = V − 2uᵀw + wᵀMw. Together the two
 * constraints say that margin is restored after π(w) = (h(m, s(w)) − h0)⁺; apart, each is smooth.
 */
export interface LiquidationProgram {
  readonly n: number;
  /** c, money */
  readonly notionals: Float64Array;
  /** κ, money */
  readonly impacts: Float64Array;
  /** b: deficit to the initial margin, money */
  readonly deficit: number;
  /** d: margin relieved by closing all of a position, money */
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
  /** |q_i|σ_i: closing the fraction w_i cannot change s by more than this share w_i, money */
  readonly deviations: Float64Array;
  /** h0 = h(m, s(0)), bounded at one tilt */
  readonly before: TiltedRisk;
  /** terms that make the margin other than linear */
  readonly portfolio?: PortfolioPart;
}

/** A case's margin model and the account's standing by it: computed once for the plan's outcome and for its programs. */
export interface CaseStanding {
  /** undefined where the margin is linear */
  readonly model: PortfolioModel | undefined;
  readonly standing: AccountStanding;
}

/** @param model of the case's margin, of {@link marginModelOf}; undefined where the margin is linear */
export function caseStanding(
  given: LiquidationCase,
  model = isLinear(given) ? undefined : marginModelOf(given),
): CaseStanding {
  return { model, standing: standingOf(given, model) };
}

/**
 * @param poolShift shift of the tilt at which h0 is bounded; default: the optimal one
 * @param at the case's standing, where it is at hand
 */
export function programOf(
  given: LiquidationCase,
  poolShift?: number,
  { model, standing }: CaseStanding = caseStanding(given),
): LiquidationProgram {
  const { positions, pool, reserved = 0 } = given;
  const n = positions.length;
  const logAlpha = Math.log(given.alpha);
  const notionals = Float64Array.from(positions, ({ size, price }) => Math.abs(size) * price);
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
    deficit: deficitOf(standing, reserved),
    relief: marginalRelief(given),
    mean: pool.mean,
    variance: pool.variance,
    covarianceWithBook: Float64Array.from(positions, ({ size }, i) => size * pool.covarianceWithBook[i]),
    covariance,
    logAlpha,
    deviations: Float64Array.from({ length: n }, (_, i) => Math.sqrt(Math.max(covariance[i * n + i], 0))),
    before: tiltedRisk(pool.mean, logAlpha, volatility, shift),
    ...(model === undefined ? {} : { portfolio: portfolioPart(given, model) }),
  };
}

/** The program of the case with another reserve, which changes the deficit alone. */
export function withReserved(
  program: LiquidationProgram,
  { standing }: CaseStanding,
  reserved: number,
): LiquidationProgram {
  return { ...program, deficit: deficitOf(standing, reserved) };
}

function deficitOf({ equity, initialMargin }: AccountStanding, reserved: number): number {
  return initialMargin - (equity - reserved);
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
  /** how far rounding may have moved `change`, money² */
  readonly error: number;
}

export function varianceAt(program: LiquidationProgram, w: ArrayLike<number>): VarianceAt {
  const { n, variance, covarianceWithBook, covariance } = program;
  const halfGradient = new Float64Array(n);
  let change = 0;
  let size = 0;
  const reach = deviationOf(program, w);
  for (let i = 0; i < n; i++) {
    let product = 0;
    for (let j = 0, row = i * n; j < n; j++) product += covariance[row + j] * w[j];
    halfGradient[i] = product - covarianceWithBook[i];
    change += w[i] * (product - 2 * covarianceWithBook[i]);
    size += Math.abs(w[i]) * (program.deviations[i] * reach + 2 * Math.abs(covarianceWithBook[i]));
  }
  // Rounding may leave a hair below zero where the book is hedged completely.
  return { change, variance: Math.max(variance + change, 0), halfGradient, error: roundingUnits(n) * size };
}

/** Σ w_i|q_i|σ_i: at least the standard deviation of the closed part, money. */
export function deviationOf({ n, deviations }: LiquidationProgram, w: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += Math.abs(w[i]) * deviations[i];
  return sum;
}

/**
 * Relative rounding of a sum of n products and of the operations on it: n + 16 operations, each of half a unit, twice.
 *
 * Source: Higham, "Accuracy and Stability of Numerical Algorithms", 2nd ed., §3.1: γ_n = nu/(1 − nu).
 */
export function roundingUnits(n: number): number {
  return (n + 16) * Number.EPSILON;
}

/** U(z; s) − U(z₀; s₀) at a variance under a tilt, by default the optimal one, and a bound of its rounding error. */
export function riskChangeAt(
  program: LiquidationProgram,
  { change: varianceChange, error: varianceError }: Pick<VarianceAt, 'change' | 'error'>,
  shift?: number,
): { change: number; error: number; after: TiltedRisk } {
  const { mean, logAlpha, before, variance } = program;
  const volatility = Math.sqrt(Math.max(variance + varianceChange, 0));
  const tilt = shift ?? liabilityRisk('evar', mean, volatility, logAlpha).shift;
  const after = tiltedRisk(mean, logAlpha, volatility, tilt);
  const { change, error } = riskChange(mean, logAlpha, before, after, varianceChange);
  // |√a − √b| ≤ √|a − b|, and |a − b|/(√a + √b) where s₀ keeps that small.
  const sum = volatility + before.volatility;
  const moved = sum > 0 ? Math.min(Math.sqrt(varianceError), varianceError / sum) : 0;
  return { change, error: error + (after.slope + after.slopeError) * moved, after };
}
