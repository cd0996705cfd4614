import type { RandomStream } from '#lib/runtime';
import { identity, multiply, multiplyTransposed } from '../dense.js';

/**
 * The orthonormal matrix nearest to W, (WWᵀ)^{−½}W, by the Newton–Schulz iteration W ← (3/2)W − (1/2)WWᵀW
 * started at W/‖W‖: products only, quadratic convergence.
 */
export function orthonormalised(matrix: Float64Array, k: number): Float64Array {
  const gram = new Float64Array(k * k);
  let current = Float64Array.from(matrix);
  multiplyTransposed(current, current, gram, k, k, k);
  // The row-sum norm of WWᵀ bounds its largest eigenvalue, so that the start has all singular values in (0, 1].
  let bound = 0;
  for (let i = 0; i < k; i++) {
    let sum = 0;
    for (let j = 0; j < k; j++) sum += Math.abs(gram[i * k + j]);
    bound = Math.max(bound, sum);
  }
  const scale = 1 / Math.sqrt(bound);
  for (let i = 0; i < current.length; i++) current[i] *= scale;
  let product = new Float64Array(k * k);
  for (let iteration = 0; iteration < 200; iteration++) {
    multiplyTransposed(current, current, gram, k, k, k);
    let error = 0;
    for (let i = 0; i < k; i++) {
      for (let j = 0; j < k; j++) error = Math.max(error, Math.abs(gram[i * k + j] - (i === j ? 1 : 0)));
    }
    if (error < 1e-14) break;
    multiply(gram, current, product, k, k, k);
    for (let i = 0; i < current.length; i++) product[i] = 1.5 * current[i] - 0.5 * product[i];
    [current, product] = [product, current];
    if (error < 1e-8) break;
  }
  return current;
}

/** A rotation drawn uniformly: the orthonormal factor of a Gaussian matrix. */
export function randomRotation(k: number, random: RandomStream): Float64Array {
  return orthonormalised(
    Float64Array.from({ length: k * k }, () => random.normal()),
    k,
  );
}

/** exp(K)·U for skew-symmetric K by the Taylor series: as orthonormal as U up to rounding. */
export function rotated(rotation: Float64Array, skew: Float64Array, k: number): Float64Array {
  let term = identity(k);
  const exponential = identity(k);
  for (let order = 1; order <= 40; order++) {
    const next = multiply(term, skew, new Float64Array(k * k), k, k, k);
    let size = 0;
    for (let at = 0; at < next.length; at++) {
      next[at] /= order;
      exponential[at] += next[at];
      size = Math.max(size, Math.abs(next[at]));
    }
    term = next;
    if (size < 1e-17) break;
  }
  return multiply(exponential, rotation, new Float64Array(k * k), k, k, k);
}
