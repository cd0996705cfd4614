import type { RandomStream } from '#lib/runtime';
import { multiply, multiplyTransposed } from '../dense.js';

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

/** 1/j!, j < 12. */
const COEFFICIENTS = Array.from({ length: 12 }, (_, j) => {
  let value = 1;
  for (let i = 2; i <= j; i++) value /= i;
  return value;
});
/** Angle of a row up to which the omitted terms are smaller than rounding. */
const SMALL_ANGLE = 0.3;

/**
 * exp(K)·U for skew-symmetric K: its Taylor polynomial of degree 11 in powers of K⁴, made orthonormal by a step of Newton–Schulz where a row
 * turns so far that the omitted terms exceed rounding.
 *
 * Source: Paterson & Stockmeyer, SIAM J. Computing 2 (1973), for the order of evaluation.
 */
export function rotated(rotation: Float64Array, skew: Float64Array, k: number): Float64Array {
  const product = (a: Float64Array, b: Float64Array) => multiply(a, b, new Float64Array(k * k), k, k, k);
  const square = product(skew, skew);
  const cube = product(square, skew);
  const fourth = product(square, square);
  const addBlock = (to: Float64Array, from: number) => {
    const [, c1, c2, c3] = COEFFICIENTS.slice(from, from + 4);
    for (let at = 0; at < to.length; at++) to[at] += c1 * skew[at] + c2 * square[at] + c3 * cube[at];
    for (let at = 0; at < to.length; at += k + 1) to[at] += COEFFICIENTS[from];
    return to;
  };
  const high = addBlock(new Float64Array(k * k), 8);
  const middle = addBlock(product(high, fourth), 4);
  const result = product(addBlock(product(middle, fourth), 0), rotation);
  return largestRow(skew, k) < SMALL_ANGLE ? result : nearer(result, k);
}

/** Largest norm of a row. */
function largestRow(matrix: Float64Array, k: number): number {
  let largest = 0;
  for (let i = 0; i < k; i++) {
    let squares = 0;
    for (let j = 0; j < k; j++) squares += matrix[i * k + j] ** 2;
    largest = Math.max(largest, squares);
  }
  return Math.sqrt(largest);
}

/** (3/2)W − (1/2)WWᵀW. */
function nearer(matrix: Float64Array, k: number): Float64Array {
  const gram = multiplyTransposed(matrix, matrix, new Float64Array(k * k), k, k, k);
  const product = multiply(gram, matrix, new Float64Array(k * k), k, k, k);
  return matrix.map((value, at) => 1.5 * value - 0.5 * product[at]);
}
