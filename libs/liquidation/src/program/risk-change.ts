import { evarBoundsAtShift } from '#lib/risk';

/**
 * EVaR's objective U(z; s) = (1/z)·[ln M(zs, m/s) − ln α] at one standard deviation and one tilt, and how far h may be
 * below it. A tilt is written as its shift t + 2k, t = zs, k = m/s.
 */
export interface TiltedRisk {
  /** s, money */
  readonly volatility: number;
  readonly shift: number;
  /** U ≥ h(m, s), money */
  readonly upper: number;
  /** U − h is at most this, money */
  readonly error: number;
  /** h(m, s′) ≥ U − error + slope·(s′ − s) − slopeError·|s′ − s| for every s′ ≥ 0 */
  readonly slope: number;
  readonly slopeError: number;
}

/** Relative distance from the entropy budget within which a tilt counts as the optimal one and rounding. */
const OPTIMAL = 1e-9;

/**
 * Bounds of h(m, s) from one tilt. Any tilt gives valid ones:
 *
 * - A tilt whose relative entropy KL is within a billionth of the budget b = −ln α is the minimiser t* up to second
 *   order: U − h ≤ s(KL−b)²/(t²·KL′), taken twice; its slope is h's own up to the relative distance |KL−b|/b, of
 *   which four times are allowed for.
 * - Any other tilt bounds by duality: h ≥ E_Q[X; X>0] for each Q with KL(Q) ≤ b, affine in s; a Q with more entropy is
 *   mixed with P just enough (relative entropy is convex, so a share b/KL of Q has no more than b).
 */
export function tiltedRisk(mean: number, logAlpha: number, volatility: number, shift: number): TiltedRisk {
  const k = mean / volatility;
  const t = shift - 2 * k;
  const certain = Math.max(mean, 0);
  if (volatility === 0 || !Number.isFinite(k)) {
    return { volatility, shift, upper: certain, error: 0, slope: 0, slopeError: 0 };
  }
  if (!(t > 0)) return { volatility, shift, upper: Infinity, error: Infinity, slope: 0, slopeError: 0 };
  const { upper, lower, entropy, volatilitySlope, entropySlope } = evarBoundsAtShift(shift, k, logAlpha);
  const budget = -logAlpha;
  const distance = entropy - budget;
  if (Math.abs(distance) <= OPTIMAL * budget && entropySlope > 0) {
    return {
      volatility,
      shift,
      upper: volatility * upper,
      error: (2 * volatility * distance * distance) / (entropySlope * t * t),
      slope: volatilitySlope,
      slopeError: 4 * (Math.abs(distance) / budget) * volatilitySlope,
    };
  }
  const share = Math.min(1, budget / entropy);
  const bound = share * volatility * lower;
  return {
    volatility,
    shift,
    upper: volatility * upper,
    error: volatility * upper - bound,
    slope: share * volatilitySlope,
    slopeError: 0,
  };
}

/** Gauss and Legendre's five points and weights on [0, 1]. */
const NODES = [0.046910077030668, 0.23076534494715845, 0.5, 0.7692346550528415, 0.953089922969332];
const WEIGHTS = [
  0.11846344252809454, 0.23931433524968324, 0.28444444444444444, 0.23931433524968324, 0.11846344252809454,
];

/**
 * The difference is integrated where s² and z change by less than these shares over 1 + t²: the integrand goes like
 * the exponential of t²/2, and over so short a span five points are exact. Beyond, a subtraction keeps enough digits.
 */
const NEAR = 0.1;
const NEAR_TILT = 0.25;

/** A difference of the objective, and how far rounding may have moved it, money. */
export interface RiskChange {
  readonly change: number;
  readonly error: number;
}

/** Relative rounding of one evaluation of the objective, and of its integral with the five points' truncation. */
const VALUE_ROUNDING = 16 * Number.EPSILON;
const INTEGRAL_ROUNDING = 1e-13;

/**
 * U(z₁; s₁) − U(z₀; s₀) without cancellation, for s₁² − s₀² given. A small account changes a large pool's risk by so
 * little that the difference of two float64 values says nothing. With ∂U/∂s = t·p + φ(k)/M at fixed z, and
 * ∂U/∂z = (KL − b)/z²:
 *
 *     U(z₁; s₁) − U(z₀; s₀) = ∫ ∂U/∂s(z₁; s) ds + ∫ ∂U/∂z(z; s₀) dz,
 *
 * each by Gauss–Legendre with five points.
 */
export function riskChange(
  mean: number,
  logAlpha: number,
  before: TiltedRisk,
  after: TiltedRisk,
  varianceChange: number,
): RiskChange {
  const s0 = before.volatility;
  const s1 = after.volatility;
  const subtracted = {
    change: after.upper - before.upper,
    error: VALUE_ROUNDING * (after.upper + before.upper),
  };
  const t = before.shift - (2 * mean) / s0;
  const scale = 1 + t * t;
  if (s0 === 0 || s1 === 0 || !(Math.abs(varianceChange) * scale <= NEAR * s0 * s0)) return subtracted;
  const change = varianceChange / (s1 + s0);
  let alongVolatility = 0;
  let alongTilt = 0;
  let tiltRounding = 0;
  const z0 = t / s0;
  // z₁ − z₀ = δ₁/s₁ − δ₀/s₀ − 2m(1/s₁² − 1/s₀²)
  const byShift = (after.shift - before.shift) / s1;
  const byVolatility = (before.shift * change) / (s0 * s1);
  const byMean = (2 * mean * varianceChange) / (s0 * s0 * s1 * s1);
  const tiltChange = byShift - byVolatility + byMean;
  if (!(Math.abs(tiltChange) * scale < NEAR_TILT * z0)) return subtracted;
  for (let node = 0; node < NODES.length; node++) {
    const left = (1 - NODES[node]) * change;
    const s = s1 - left;
    // The shift at z₁ and s: t + 2k = z₁s + 2m/s, written so that nothing cancels where k ≪ 0.
    const shift = (after.shift * s) / s1 + (2 * mean * left * (s1 + s)) / (s * s1 * s1);
    alongVolatility += WEIGHTS[node] * evarBoundsAtShift(shift, mean / s, logAlpha).volatilitySlope;
    const dz = NODES[node] * tiltChange;
    const z = z0 + dz;
    const { entropy } = evarBoundsAtShift(before.shift + dz * s0, mean / s0, logAlpha);
    alongTilt += (WEIGHTS[node] * (entropy + logAlpha)) / (z * z);
    tiltRounding += (WEIGHTS[node] * (entropy - logAlpha)) / (z * z);
  }
  const tiltError = 8 * Number.EPSILON * (Math.abs(byShift) + Math.abs(byVolatility) + Math.abs(byMean));
  return {
    change: alongVolatility * change + alongTilt * tiltChange,
    error:
      INTEGRAL_ROUNDING * (Math.abs(alongVolatility * change) + Math.abs(tiltRounding * tiltChange)) +
      tiltError * Math.abs(alongTilt),
  };
}
