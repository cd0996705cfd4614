import { InvalidInputError } from '#lib/errors';
import { identity, multiply, multiplyTransposed } from '../dense.js';
import { type RandomStream, randomStream } from '#lib/runtime';

export interface FastIcaOptions {
  /** number of seeded starts; the first is the identity where `startAtIdentity`. Default 3 */
  readonly starts?: number;
  readonly seed?: number;
  /** an iteration ends when no row turns by more than this, 1 − |⟨w, w′⟩|; default 1e-6 */
  readonly tolerance?: number;
  /** default 400 */
  readonly maximumIterations?: number;
}

/** One local optimum of the negentropy. */
export interface FastIcaResult {
  /** orthonormal U, k×k row-major: sources = U · whitened */
  readonly rotation: Float64Array;
  /** Σ over sources of (E[ln cosh s] − E[ln cosh ν])², ν standard normal */
  readonly negentropy: number;
  readonly converged: boolean;
  readonly iterations: number;
}

/** E[ln cosh ν] of a standard normal ν. */
const GAUSSIAN_LOG_COSH = 0.37456720749143807;

/**
 * Symmetric FastICA with the log-cosh contrast (g = tanh), one result a start, best negentropy first.
 *
 * Source: Hyvärinen, IEEE Trans. Neural Networks 10 (1999), equations 20 and 26, and 8.4.3 of Hyvärinen, Karhunen
 * & Oja, "Independent Component Analysis" (2001) for the symmetric decorrelation (WWᵀ)^{−½}W by iteration.
 *
 * @param whitened k×T, row-major, unit second moments
 */
export function fastIca(whitened: Float64Array, k: number, options: FastIcaOptions = {}): FastIcaResult[] {
  const { starts = 3, seed = 1, tolerance = 1e-6, maximumIterations = 400 } = options;
  if (!Number.isInteger(starts) || starts < 1)
    throw new InvalidInputError('starts', `must be a whole number of at least 1, got ${starts}`);
  const length = whitened.length / k;
  const random = randomStream(seed);
  const results = Array.from({ length: starts }, (_, start) => {
    const rotation = start === 0 ? identity(k) : randomRotation(k, random);
    return iterate(whitened, rotation, k, length, tolerance, maximumIterations);
  });
  return results.sort((a, b) => Number(b.converged) - Number(a.converged) || b.negentropy - a.negentropy);
}

function iterate(
  whitened: Float64Array,
  start: Float64Array,
  k: number,
  length: number,
  tolerance: number,
  maximumIterations: number,
): FastIcaResult {
  const sources = new Float64Array(k * length);
  const meanSlope = new Float64Array(k);
  const next = new Float64Array(k * k);
  let rotation = start;
  let iterations = 0;
  let converged = k === 1;
  while (!converged && iterations < maximumIterations) {
    iterations++;
    multiply(rotation, whitened, sources, k, k, length);
    for (let i = 0; i < k; i++) meanSlope[i] = tanhInPlace(sources, i * length, length) / length;
    multiplyTransposed(sources, whitened, next, k, length, k);
    for (let i = 0; i < k; i++) {
      for (let j = 0; j < k; j++)
        next[i * k + j] = next[i * k + j] / length - meanSlope[i] * rotation[i * k + j];
    }
    const candidate = orthonormalised(next, k);
    let turn = 0;
    for (let i = 0; i < k; i++) {
      let cosine = 0;
      for (let j = 0; j < k; j++) cosine += candidate[i * k + j] * rotation[i * k + j];
      turn = Math.max(turn, Math.abs(Math.abs(cosine) - 1));
    }
    rotation = candidate;
    converged = turn < tolerance;
  }
  multiply(rotation, whitened, sources, k, k, length);
  return { rotation, negentropy: negentropy(sources, k, length), converged, iterations };
}

/** s ← tanh s on one row; returns Σ (1 − tanh² s). */
function tanhInPlace(values: Float64Array, from: number, length: number): number {
  let slope = 0;
  for (let t = from; t < from + length; t++) {
    const value = 1 - 2 / (Math.exp(2 * values[t]) + 1);
    values[t] = value;
    slope += 1 - value * value;
  }
  return slope;
}

function negentropy(sources: Float64Array, k: number, length: number): number {
  let sum = 0;
  for (let i = 0; i < k; i++) {
    let logCosh = 0;
    for (let t = i * length; t < (i + 1) * length; t++) {
      const size = Math.abs(sources[t]);
      logCosh += size + Math.log1p(Math.exp(-2 * size)) - Math.LN2;
    }
    sum += (logCosh / length - GAUSSIAN_LOG_COSH) ** 2;
  }
  return sum;
}

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
