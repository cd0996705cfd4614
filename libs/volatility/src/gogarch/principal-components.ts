import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import { InvalidInputError } from '#lib/errors';
import { gram, multiply } from '../dense.js';

/** Demeaned returns in their principal axes, Σ = Q Λ² Qᵀ. */
export interface PrincipalComponents {
  /** n */
  readonly mean: Float64Array;
  /** sample covariance with divisor T, n×n */
  readonly covariance: Float64Array;
  /** eigenvalues of the covariance, descending, n */
  readonly eigenvalues: Float64Array;
  /** k×n: rows Λ⁻¹Qᵀ of the kept components */
  readonly whitening: Float64Array;
  /** n×k: columns QΛ of the kept components */
  readonly dewhitening: Float64Array;
  /** n×(n−k): columns QΛ of the components that are not kept */
  readonly dropped: Float64Array;
  /** k */
  readonly kept: number;
  /** whitened returns, k×T, unit second moments */
  readonly whitened: Float64Array;
}

/** Number of factors: all, a chosen number, or those whose correlation eigenvalue noise alone would not reach. */
export type FactorCount = 'all' | 'marchenko-pastur' | number;

/**
 * PCA of the sample covariance (divisor T), keeping the chosen number of components.
 *
 * @param returns n series of T returns
 * @throws {InvalidInputError} naming constant series; for collinear ones unless fewer components are kept
 */
export function principalComponents(
  returns: readonly Float64Array[],
  factors: FactorCount = 'all',
): PrincipalComponents {
  const n = returns.length;
  const length = returns[0].length;
  const mean = Float64Array.from(returns, (series) => series.reduce((sum, value) => sum + value, 0) / length);
  const demeaned = new Float64Array(n * length);
  returns.forEach((series, i) => {
    for (let t = 0; t < length; t++) demeaned[i * length + t] = series[t] - mean[i];
  });
  const covariance = gram(demeaned, n, length).map((sum) => sum / length);
  for (let i = 0; i < n; i++) {
    if (!(covariance[i * n + i] > 1e-28))
      throw new InvalidInputError(`returns[${i}]`, 'is constant: it has no variance to model', { series: i });
  }
  const { values: eigenvalues, vectors } = symmetricEigen(covariance, n);
  const kept = countFactors(factors, covariance, n, length);
  if (!(eigenvalues[kept - 1] > 1e-13 * eigenvalues[0])) {
    throw new InvalidInputError(
      'returns',
      `are collinear: the covariance of the ${n} series has rank ${eigenvalues.filter((value) => value > 1e-13 * eigenvalues[0]).length}, ` +
        'remove a series that repeats others or keep fewer factors',
    );
  }
  const whitening = new Float64Array(kept * n);
  const dewhitening = new Float64Array(n * kept);
  for (let k = 0; k < kept; k++) {
    const deviation = Math.sqrt(eigenvalues[k]);
    for (let i = 0; i < n; i++) {
      whitening[k * n + i] = vectors[i * n + k] / deviation;
      dewhitening[i * kept + k] = vectors[i * n + k] * deviation;
    }
  }
  const rest = n - kept;
  const dropped = new Float64Array(n * rest);
  for (let k = 0; k < rest; k++) {
    const deviation = Math.sqrt(Math.max(0, eigenvalues[kept + k]));
    for (let i = 0; i < n; i++) dropped[i * rest + k] = vectors[i * n + kept + k] * deviation;
  }
  const whitened = multiply(whitening, demeaned, new Float64Array(kept * length), kept, n, length);
  return { mean, covariance, eigenvalues, whitening, dewhitening, dropped, kept, whitened };
}

/** Eigenvalues in descending order and eigenvectors as columns, of a symmetric row-major matrix. */
export function symmetricEigen(
  matrix: Float64Array,
  n: number,
): { values: Float64Array; vectors: Float64Array } {
  const decomposition = new EigenvalueDecomposition(Matrix.from1DArray(n, n, matrix), {
    assumeSymmetric: true,
  });
  const vectors = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) vectors[i * n + j] = decomposition.eigenvectorMatrix.get(i, n - 1 - j);
  }
  return { values: Float64Array.from(decomposition.realEigenvalues).reverse(), vectors };
}

/**
 * Marchenko–Pastur cut: eigenvalues of the correlation above λ₊ = (1 + √(n/T))², the largest that independent
 * noise would show; at least 2 (or n where n < 2).
 *
 * Source: Marchenko & Pastur, Math. USSR Sbornik 1 (1967).
 */
export function marchenkoPasturCount(covariance: Float64Array, n: number, observations: number): number {
  const edge = (1 + Math.sqrt(n / observations)) ** 2;
  const correlation = covariance.map((value, at) => {
    const i = Math.floor(at / n);
    const j = at % n;
    return value / Math.sqrt(covariance[i * n + i] * covariance[j * n + j]);
  });
  const above = symmetricEigen(correlation, n).values.filter((value) => value > edge).length;
  return Math.min(n, Math.max(2, above));
}

function countFactors(
  factors: FactorCount,
  covariance: Float64Array,
  n: number,
  observations: number,
): number {
  if (factors === 'all') return n;
  if (factors === 'marchenko-pastur') return marchenkoPasturCount(covariance, n, observations);
  if (!Number.isInteger(factors) || factors < 1) {
    throw new InvalidInputError('factors', `must be a whole number of at least 1, got ${factors}`);
  }
  return Math.min(n, factors);
}
