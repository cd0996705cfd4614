import { multiply, transposed } from '../dense.js';
import { symmetricEigen } from '../gogarch/index.js';

/** Nodes of the trapezoidal rule in u = ln s: the integrand decays like e^{−|u|/2} on both sides. */
const STEP = 0.5;
const RANGE = 72;

/**
 * E‖X‖ for X ~ N(m, diag(λ)), from E√Q = (1/(2√π)) ∫₀^∞ [1 − E e^{−sQ}] s^{−3/2} ds with the Laplace transform
 * of a Gaussian quadratic form in closed form. No sampling, hence no noise in comparisons of models.
 *
 * Source: Mathai & Provost, "Quadratic Forms in Random Variables" (1992), 3.2a.1 for the transform.
 */
function expectedNorm(mean: Float64Array, eigenvalues: Float64Array): number {
  let scale = 0;
  for (let i = 0; i < mean.length; i++) scale += mean[i] * mean[i] + eigenvalues[i];
  if (scale === 0) return 0;
  let integral = 0;
  for (let u = -RANGE; u <= RANGE; u += STEP) {
    const s = Math.exp(u) / scale;
    let logTransform = 0;
    for (let i = 0; i < mean.length; i++) {
      const spread = 1 + 2 * s * eigenvalues[i];
      logTransform -= 0.5 * Math.log1p(2 * s * eigenvalues[i]) + (s * mean[i] * mean[i]) / spread;
    }
    integral += -Math.expm1(logTransform) * Math.exp(-0.5 * u);
  }
  return (Math.sqrt(scale) * integral * STEP) / (2 * Math.sqrt(Math.PI));
}

/**
 * Energy score of the forecast N(0, Σ) at the outcome y: E‖X − y‖ − ½E‖X − X′‖; smaller is better, proper.
 *
 * Source: Gneiting & Raftery, J. American Statistical Association 102 (2007), equation 22.
 *
 * @param covariance n×n, row-major
 * @param outcome n, e.g. the summed returns of the horizon
 */
export function energyScore(covariance: Float64Array, outcome: Float64Array): number {
  const n = outcome.length;
  const { values, vectors } = symmetricEigen(covariance, n);
  const eigenvalues = values.map((value) => Math.max(0, value));
  const rotated = multiply(transposed(vectors, n, n), outcome, new Float64Array(n), n, n, 1);
  const spread = expectedNorm(
    new Float64Array(n),
    eigenvalues.map((value) => 2 * value),
  );
  return expectedNorm(rotated, eigenvalues) - 0.5 * spread;
}
