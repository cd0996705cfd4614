import { logNormalCdf, logNormalDensity } from './normal.js';

/**
 * The entropic value-at-risk of X⁺ for X ~ N(k, 1), with its derivatives in k and the tilt that attains it.
 * Multiply by s for X ~ N(k·s, s²): h(m, s) = s·g(m/s).
 */
export interface StandardisedEvar {
  /** Minimising tilt t* of (ln M(t,k) − ln α)/t: the tilted measure has relative entropy exactly −ln α. */
  readonly tilt: number;
  /** t* + 2k: where k ≪ 0 the tilt is −2k and a little, and only the little can be told apart in a float64. */
  readonly shift: number;
  /** g(k) = EVaR_{1−α}(X⁺). */
  readonly value: number;
  /** g′(k) = h_m = Q(X > 0). */
  readonly slope: number;
  /** h_s = g − k·g′. */
  readonly volatilitySlope: number;
  /** g″(k); h_mm = g″/s, h_ms = −k·g″/s, h_ss = k²·g″/s. */
  readonly curvature: number;
}

/** Moments of the tilted measure dQ/dP ∝ e^{tX⁺} at (t, k); every field is free of overflow. */
interface Tilted {
  logM: number;
  /** p = A/M = Q(X > 0) */
  positive: number;
  /** 1 − p = Φ(−k)/M, computed so and not by subtraction */
  negative: number;
  /** c = φ(k)/M */
  density: number;
  /** e = M_t/M = E_Q[X⁺] */
  mean: number;
  /** KL(t, k) = t·e − ln M */
  entropy: number;
}

const scratch: Tilted = { logM: 0, positive: 0, negative: 0, density: 0, mean: 0, entropy: 0 };

/**
 * M(t,k) = Φ(−k) + A(t,k), A = e^{tk + t²/2}Φ(k+t), and the moments of its tilted measure. The exponent is
 * taken as t·δ/2 with δ = t + 2k, given by the caller: at k ≪ 0 the root has t ≈ −2k, so t·k + t²/2 would
 * subtract two numbers of size 2k² to find one of size ln k.
 */
function tilt(
  t: number,
  delta: number,
  k: number,
  logNegative: number,
  logDensity: number,
  out: Tilted,
): void {
  const logA = 0.5 * t * delta + logNormalCdf(delta - k);
  const logM =
    logA > logNegative
      ? logA + Math.log1p(Math.exp(logNegative - logA))
      : logNegative + Math.log1p(Math.exp(logA - logNegative));
  out.logM = logM;
  out.positive = Math.exp(logA - logM);
  out.negative = Math.exp(logNegative - logM);
  out.density = Math.exp(logDensity - logM);
  out.mean = (delta - k) * out.positive + out.density;
  out.entropy = t * out.mean - logM;
}

/** A start for the root: exact as k → +∞ (t² = −2 ln α), asymptotic as k → −∞ (2k²·p = −ln α). Returns δ. */
function startingDelta(k: number, budget: number): number {
  const bound = Math.sqrt(2 * budget);
  if (k >= -0.5) return bound + 2 * k;
  return Math.max(farLeftDelta(k, budget) - 2 * k, bound) + 2 * k;
}

/** δ as k → −∞: there p·2k² = −ln α, and ln p = δ·k. */
function farLeftDelta(k: number, budget: number): number {
  return Math.log(budget / (2 * k * k + budget)) / -k;
}

/** Past it the asymptotes differ from g by less than rounding: their relative error is of order ln|k|/k². */
const FAR = 1e8;

/** Both limits: g → k + √(−2 ln α) as k → ∞, and g → −ln α/(2|k|) as k → −∞ with t → 2|k|, p → −ln α/(2k²). */
function asymptotic(k: number, budget: number): StandardisedEvar {
  const bound = Math.sqrt(2 * budget);
  if (k > 0) {
    return {
      tilt: bound,
      shift: bound + 2 * k,
      value: k + bound,
      slope: 1,
      volatilitySlope: bound,
      curvature: 0,
    };
  }
  const value = budget / (-2 * k);
  return {
    tilt: -2 * k,
    shift: farLeftDelta(k, budget),
    value,
    slope: value / -k,
    volatilitySlope: 2 * value,
    curvature: (2 * value) / k / k,
  };
}

/**
 * g(k) = inf_{t>0} [ln M(t,k) − ln α]/t with first and second derivatives.
 *
 * The minimiser is the only root of KL(t,k) = −ln α. Newton's method runs on ln KL as a function of ln t,
 * which is a straight line in both limits k → ±∞, safeguarded by a bracket; 2–5 steps in practice.
 *
 * Source: Ahmadi-Javid, "Entropic Value-at-Risk", J. Optim. Theory Appl. 155 (2012), definition 3.1 and
 * theorem 3.3 (dual form with relative entropy at most −ln α); derivatives by the envelope theorem.
 *
 * @param k standardised mean of the liability, m/s; any finite number
 * @param logAlpha ln α, negative
 */
export function standardisedEvar(k: number, logAlpha: number): StandardisedEvar {
  for (let i = 0; i < KEPT; i++) if (keptK[i] === k && keptLogAlpha[i] === logAlpha) return kept[i]!;
  const found = evaluated(k, logAlpha);
  keptK[oldest] = k;
  keptLogAlpha[oldest] = logAlpha;
  kept[oldest] = found;
  oldest = (oldest + 1) % KEPT;
  return found;
}

/** How many of the last evaluations are kept: rows, derivatives and bounds at one point of a liquidation program need the same one. */
const KEPT = 8;
const keptK = new Float64Array(KEPT).fill(NaN);
const keptLogAlpha = new Float64Array(KEPT);
const kept = new Array<StandardisedEvar | undefined>(KEPT).fill(undefined);
let oldest = 0;

function evaluated(k: number, logAlpha: number): StandardisedEvar {
  const budget = -logAlpha;
  if (Math.abs(k) > FAR) return asymptotic(k, budget);
  const logNegative = logNormalCdf(-k);
  const logDensity = logNormalDensity(k);
  const state = scratch;
  let delta = startingDelta(k, budget);
  let low = 2 * k;
  let high = Infinity;
  for (let iteration = 0; iteration < 100; iteration++) {
    const t = delta - 2 * k;
    tilt(t, delta, k, logNegative, logDensity, state);
    const { entropy, positive, negative, density, mean } = state;
    const logGap = Math.log(budget / entropy);
    const entropySlope = t * (positive + mean * ((delta - k) * negative - density));
    const step = t * Math.expm1((logGap * entropy) / (t * entropySlope));
    if (Math.abs(logGap) <= 1e-7) {
      // Convergence is quadratic: this last step leaves an error of the size of rounding.
      delta += step;
      break;
    }
    if (entropy > budget) high = delta;
    else low = delta;
    const next = delta + step;
    if (next > low && next < high) delta = next;
    else delta = high === Infinity ? delta + t : 0.5 * (low + high);
  }
  const t = delta - 2 * k;
  tilt(t, delta, k, logNegative, logDensity, state);
  const { logM, positive: p, negative: n, density: c, mean: e } = state;
  const curvature = t * p * n + c - (t * e * e * n * n) / (p + e * ((delta - k) * n - c));
  return {
    tilt: t,
    shift: delta,
    value: (logM + budget) / t,
    slope: p,
    volatilitySlope: t * p + c,
    curvature: Math.max(0, curvature),
  };
}

/** Both bounds of g(k) at one tilt, and the moments of X under the tilted measure. */
export interface EvarBounds {
  /** [ln M − ln α]/t ≥ g(k) */
  readonly upper: number;
  /** E_Q[X⁺] = M_t/M; ≤ g(k) where `entropy` is at most −ln α */
  readonly lower: number;
  /** KL(t, k), the relative entropy of Q */
  readonly entropy: number;
  /** Q(X > 0) */
  readonly positive: number;
  /** E_Q[Z; X > 0] for X = k + Z, so that lower = k·positive + volatilitySlope */
  readonly volatilitySlope: number;
  /** ∂KL/∂t > 0 */
  readonly entropySlope: number;
}

/**
 * The sandwich used by proofs and certificates: for *any* t > 0 an upper bound of g(k), and a lower bound that
 * is valid only where the tilted measure's relative entropy is within the budget.
 */
export function evarBounds(t: number, k: number, logAlpha: number): EvarBounds {
  return evarBoundsAtShift(t + 2 * k, k, logAlpha);
}

/** {@link evarBounds} at t = shift − 2k: exact where k ≪ 0, see {@link StandardisedEvar.shift}. */
export function evarBoundsAtShift(shift: number, k: number, logAlpha: number): EvarBounds {
  const t = shift - 2 * k;
  const state = scratch;
  tilt(t, shift, k, logNormalCdf(-k), logNormalDensity(k), state);
  return {
    upper: (state.logM - logAlpha) / t,
    lower: state.mean,
    entropy: state.entropy,
    positive: state.positive,
    volatilitySlope: t * state.positive + state.density,
    entropySlope: t * (state.positive + state.mean * ((shift - k) * state.negative - state.density)),
  };
}
