import { gram } from '../dense.js';
import { symmetricEigen } from '../gogarch/index.js';
import { nonlinearShrinkage } from './nonlinear-shrinkage.js';

/** Variances and correlation of a window, recent bars weighing more. */
export interface WindowMoments {
  /** w, T: weights of the bars, oldest first; they add up to 1 */
  readonly barWeights: Float64Array;
  /** √v, n: weighted root mean square of each market's returns */
  readonly deviations: Float64Array;
  /** C, n×n: shrunk correlation, unit diagonal */
  readonly correlation: Float64Array;
}

/** Bars whose mean starts the common variance. */
const START = 50;
/** Smallest eigenvalue of a sample correlation that shrinkage is given. */
const SMALLEST_EIGENVALUE = 1e-12;

/**
 * Steps 1–3 of LM-GO: exponentially weighted variances; the correlation of returns divided by a smoothed common volatility, shrunk.
 *
 * @param returns n series of T log returns, none of them all zero
 */
export function windowMoments(
  returns: readonly Float64Array[],
  { halfLife, devolatilisation }: { readonly halfLife: number; readonly devolatilisation: number },
): WindowMoments {
  const n = returns.length;
  const length = returns[0].length;
  const barWeights = exponentialWeights(length, halfLife);
  const effective = 1 / barWeights.reduce((sum, weight) => sum + weight * weight, 0);
  const deviations = Float64Array.from(returns, (series) =>
    Math.sqrt(series.reduce((sum, value, t) => sum + barWeights[t] * value * value, 0)),
  );
  const common = commonVariance(returns, devolatilisation);
  const scale = barWeights.map((weight, t) => Math.sqrt(weight / common[t]));
  const scaled = new Float64Array(n * length);
  returns.forEach((series, i) => {
    for (let t = 0; t < length; t++) scaled[i * length + t] = series[t] * scale[t];
  });
  const sample = asCorrelation(gram(scaled, n, length), n);
  return { barWeights, deviations, correlation: shrunk(sample, n, effective) };
}

/** w_t ∝ 2^(−age/halfLife), adding up to 1. */
function exponentialWeights(length: number, halfLife: number): Float64Array {
  const weights = Float64Array.from({ length }, (_, t) => 0.5 ** ((length - 1 - t) / halfLife));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}

/** g_t: mean over markets of r²/mean(r²), smoothed exponentially from the mean of its first bars. */
function commonVariance(returns: readonly Float64Array[], newest: number): Float64Array {
  const length = returns[0].length;
  const mean = new Float64Array(length);
  for (const series of returns) {
    const square = series.reduce((sum, value) => sum + value * value, 0) / length;
    for (let t = 0; t < length; t++) mean[t] += (series[t] * series[t]) / (square * returns.length);
  }
  const first = mean.subarray(0, START);
  let level = first.reduce((sum, value) => sum + value, 0) / first.length;
  return mean.map((value) => (level = (1 - newest) * level + newest * value));
}

/** Eigenvalues shrunk, then the diagonal back to 1. */
function shrunk(correlation: Float64Array, n: number, observations: number): Float64Array {
  const { values, vectors } = symmetricEigen(correlation, n);
  const positive = values.map((value) => Math.max(value, SMALLEST_EIGENVALUE));
  const nonlinear = n > 1 && n < observations;
  const eigenvalues = nonlinear
    ? nonlinearShrinkage(positive, observations)
    : positive.map((value) => 0.9 * value + 0.1);
  const roots = eigenvalues.map(Math.sqrt);
  const factor = vectors.map((value, at) => value * roots[at % n]);
  return asCorrelation(gram(factor, n, n), n);
}

function asCorrelation(covariance: Float64Array, n: number): Float64Array {
  const deviation = Float64Array.from({ length: n }, (_, i) => Math.sqrt(covariance[i * n + i]));
  const result = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) result[i * n + j] = covariance[i * n + j] / (deviation[i] * deviation[j]);
  }
  return result;
}
