import { LuDecomposition, Matrix } from 'ml-matrix';
import { multiply, multiplyTransposed, transposed } from '../dense.js';
import { symmetricEigen } from '../gogarch/index.js';
import type { WindowMoments } from './shrunk-correlation.js';

/** Z's and W's blocks, row-major. */
export interface CommonFactors {
  /** K */
  readonly factors: number;
  /** B, n×K */
  readonly loadings: Float64Array;
  /** W_f, K×n, with W_f V W_fᵀ = 1 */
  readonly unmixing: Float64Array;
  /** s, n: diag(V) = diag(BBᵀ) + s² */
  readonly deviations: Float64Array;
}

/** Smallest share of a market's variance that is its own. */
const SMALLEST_OWN_VARIANCE = 1e-4;

/**
 * Step 4 of LM-GO: principal factors of the shrunk correlation, estimated from returns by their regression scores and whitened, with
 * V = diag(√v) C diag(√v). The sign of a factor is free and changes nothing; its largest loading is made positive.
 *
 * Source: Thomson's regression scores, e.g. Lawley & Maxwell, "Factor Analysis as a Statistical Method" (1971), 8.4.
 *
 * @param count K; by default the eigenvalues above (1 + √(n/T))² (Marchenko–Pastur), at least 1
 */
export function commonFactors(
  { correlation, deviations: sd }: Pick<WindowMoments, 'correlation' | 'deviations'>,
  observations: number,
  { count, smallestOwnShare }: { readonly count?: number; readonly smallestOwnShare: number },
): CommonFactors {
  const n = sd.length;
  const { values, vectors } = symmetricEigen(correlation, n);
  const edge = (1 + Math.sqrt(n / observations)) ** 2;
  const K = Math.min(count ?? Math.max(1, values.filter((value) => value > edge).length), n);
  const L = new Float64Array(n * K);
  const own = new Float64Array(n).fill(1);
  for (let k = 0; k < K; k++) {
    const scale = signOfLargest(vectors, k, n) * Math.sqrt(values[k]);
    for (let i = 0; i < n; i++) {
      L[i * K + k] = vectors[i * n + k] * scale;
      own[i] -= L[i * K + k] ** 2;
    }
  }
  const A = transposed(L, n, K);
  for (let k = 0; k < K; k++) {
    for (let i = 0; i < n; i++) A[k * n + i] /= Math.max(own[i], smallestOwnShare);
  }
  const system = multiply(A, L, new Float64Array(K * K), K, n, K);
  for (let k = 0; k < K; k++) system[k * K + k] += 1;
  const scores = Float64Array.from(
    new LuDecomposition(Matrix.from1DArray(K, K, system)).solve(Matrix.from1DArray(K, n, A)).to1DArray(),
  );
  const scoresTimesCorrelation = multiply(scores, correlation, new Float64Array(K * n), K, n, n);
  const scoreCovariance = multiplyTransposed(
    scoresTimesCorrelation,
    scores,
    new Float64Array(K * K),
    K,
    n,
    K,
  );
  const whitener = inverseSquareRoot(scoreCovariance, K);
  // In units of the markets' deviations W_f = whitener·scores and B = C·W_fᵀ.
  const unmixing = multiply(whitener, scores, new Float64Array(K * n), K, K, n);
  const loadings = transposed(
    multiply(whitener, scoresTimesCorrelation, new Float64Array(K * n), K, K, n),
    K,
    n,
  );
  const deviations = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    let share = 1;
    for (let k = 0; k < K; k++) {
      share -= loadings[i * K + k] ** 2;
      loadings[i * K + k] *= sd[i];
      unmixing[k * n + i] /= sd[i];
    }
    deviations[i] = sd[i] * Math.sqrt(Math.max(share, SMALLEST_OWN_VARIANCE));
  }
  return { factors: K, loadings, unmixing, deviations };
}

/** 1 or −1: makes the entry of column k that is largest by modulus positive. */
function signOfLargest(vectors: Float64Array, k: number, n: number): number {
  let largest = 0;
  for (let i = 0; i < n; i++) {
    const value = vectors[i * n + k];
    if (Math.abs(value) > Math.abs(largest)) largest = value;
  }
  return largest < 0 ? -1 : 1;
}

/** X diag(e)^(−½) Xᵀ of a positive definite matrix X diag(e) Xᵀ. */
function inverseSquareRoot(matrix: Float64Array, n: number): Float64Array {
  const { values, vectors } = symmetricEigen(matrix, n);
  const scaled = vectors.map((value, at) => value / Math.sqrt(values[at % n]));
  return multiplyTransposed(scaled, vectors, new Float64Array(n * n), n, n, n);
}
