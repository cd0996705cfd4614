import { multiply, multiplyTransposed } from '../dense.js';
import { fitGarch, type GarchFit, type GarchOptions } from '../garch/index.js';
import { orthonormalised, rotated } from './rotations.js';

/** Factors of one rotation, each with its GARCH fit. */
export interface FittedRotation {
  /** U, k×k: factors = U · whitened */
  readonly rotation: Float64Array;
  readonly fits: readonly GarchFit[];
  /** Σ of the factors' log-likelihoods */
  readonly logLikelihood: number;
}

/** Fits a GARCH(1,1) to each factor of a rotation. */
export function fitRotation(
  whitened: Float64Array,
  k: number,
  rotation: Float64Array,
  options: GarchOptions,
): FittedRotation {
  const length = whitened.length / k;
  const factors = multiply(rotation, whitened, new Float64Array(k * length), k, k, length);
  const fits = Array.from({ length: k }, (_, i) =>
    fitGarch(factors.subarray(i * length, (i + 1) * length), options),
  );
  return { rotation, fits, logLikelihood: fits.reduce((sum, fit) => sum + fit.logLikelihood, 0) };
}

/**
 * ∂LLH/∂f_t of one factor with its parameters held fixed, by the adjoint of the variance recursion:
 * λ_t = ∂ℓ_t/∂h_t + β·λ_{t+1},  ∂LLH/∂f_t = −f_t/h_t + 2α·f_t·λ_{t+1}.
 * The first variance is taken as given: whitened factors have unit second moments under every rotation.
 */
function likelihoodSlope(factor: Float64Array, { parameters }: GarchFit, out: Float64Array): void {
  const { omega, alpha, beta } = parameters;
  const length = factor.length;
  const variances = new Float64Array(length);
  let h = 1;
  for (let t = 0; t < length; t++) {
    variances[t] = h;
    h = omega + alpha * factor[t] * factor[t] + beta * h;
  }
  let adjoint = 0;
  for (let t = length - 1; t >= 0; t--) {
    const inverse = 1 / variances[t];
    const f = factor[t];
    out[t] = -f * inverse + 2 * alpha * f * adjoint;
    adjoint = 0.5 * inverse * (f * f * inverse - 1) + beta * adjoint;
  }
}

export interface PolishedRotation extends FittedRotation {
  readonly converged: boolean;
  readonly iterations: number;
}

/**
 * Maximum likelihood over rotations: conjugate gradients on SO(k) for the profile likelihood, whose gradient in
 * the rotation is that of the likelihood with the GARCH parameters at their optimum (envelope theorem).
 *
 * Source: van der Weide, J. Applied Econometrics 17 (2002), section 3, for the likelihood of GO-GARCH;
 * Abrudan, Eriksson & Koivunen, Signal Processing 89 (2009) for conjugate gradients on the group.
 */
export function polishRotation(
  whitened: Float64Array,
  k: number,
  start: FittedRotation,
  options: GarchOptions,
  { tolerance = 1e-5, maximumIterations = 60 }: { tolerance?: number; maximumIterations?: number } = {},
): PolishedRotation {
  const length = whitened.length / k;
  let current = start;
  let direction: Float64Array | undefined;
  let previous: Float64Array | undefined;
  let step = 0.1;
  for (let iteration = 0; iteration < maximumIterations; iteration++) {
    const gradient = skewGradient(whitened, k, length, current);
    const size = Math.sqrt(gradient.reduce((sum, value) => sum + value * value, 0));
    if (size < tolerance * length) return { ...current, converged: true, iterations: iteration };
    let polak = 0;
    if (direction && previous) {
      const last = previous;
      const change = gradient.reduce((sum, value, i) => sum + value * (value - last[i]), 0);
      polak = Math.max(0, change / last.reduce((sum, value) => sum + value * value, 0));
    }
    const before: Float64Array | undefined = direction;
    direction = gradient.map((value, i) => value + polak * (before?.[i] ?? 0));
    previous = gradient;
    const norm = Math.sqrt(direction.reduce((sum, value) => sum + value * value, 0));
    const unit = direction.map((value) => value / norm);
    const better = lineSearch(whitened, k, current, unit, step, options);
    if (better === undefined) {
      if (polak === 0)
        return { ...current, converged: size < 100 * tolerance * length, iterations: iteration };
      direction = undefined;
      continue;
    }
    step = better.angle;
    current = better.fitted;
  }
  return { ...current, converged: false, iterations: maximumIterations };
}

/** Riemannian gradient in the Lie algebra: G·Yᵀ − Y·Gᵀ with G = ∂LLH/∂Y (k×T), so that dLLH = ½⟨K, ·⟩ for dY = KY. */
function skewGradient(
  whitened: Float64Array,
  k: number,
  length: number,
  { rotation, fits }: FittedRotation,
): Float64Array {
  const factors = multiply(rotation, whitened, new Float64Array(k * length), k, k, length);
  const slopes = new Float64Array(k * length);
  fits.forEach((fit, i) => {
    const range = [i * length, (i + 1) * length] as const;
    likelihoodSlope(factors.subarray(...range), fit, slopes.subarray(...range));
  });
  const product = multiplyTransposed(slopes, factors, new Float64Array(k * k), k, length, k);
  return product.map((value, at) => value - product[(at % k) * k + Math.floor(at / k)]);
}

/** Expands or shrinks the step until the likelihood no longer improves; undefined where nothing does. */
function lineSearch(
  whitened: Float64Array,
  k: number,
  from: FittedRotation,
  direction: Float64Array,
  firstStep: number,
  options: GarchOptions,
): { fitted: FittedRotation; angle: number } | undefined {
  const at = (angle: number) => ({
    angle,
    fitted: fitRotation(whitened, k, turned(from.rotation, direction, angle, k), options),
  });
  let best = at(firstStep);
  if (best.fitted.logLikelihood > from.logLikelihood) {
    for (let angle = firstStep * 2; angle < Math.PI; angle *= 2) {
      const next = at(angle);
      if (next.fitted.logLikelihood <= best.fitted.logLikelihood) break;
      best = next;
    }
    return best;
  }
  for (let angle = firstStep * 0.4; angle > 1e-8; angle *= 0.4) {
    best = at(angle);
    if (best.fitted.logLikelihood > from.logLikelihood) return best;
  }
  return undefined;
}

/** exp(θ·K)·U, made orthonormal again against rounding. */
function turned(rotation: Float64Array, direction: Float64Array, angle: number, k: number): Float64Array {
  const skew = direction.map((value) => angle * value);
  return orthonormalised(rotated(rotation, skew, k), k);
}
