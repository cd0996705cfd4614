import { CholeskyDecomposition, EigenvalueDecomposition, Matrix } from 'ml-matrix';
import { multiplyTransposed } from '../dense.js';

/** How factors of different clusters move together. */
export type CrossCorrelation = 'constant' | 'zero';

/**
 * R̃: constant correlation of the standardised factors of all clusters, with each cluster's diagonal block
 * whitened to the identity so that every cluster keeps exactly its own GO-GARCH covariance. A congruence
 * B^{−½} C B^{−½} of a correlation matrix with B its block diagonal, hence positive semi-definite. Rounded to steps of 2^−10: {@link CORRELATION_STEP}.
 *
 * @param blocks standardised factors of each cluster, each k_c series of T
 * @returns K×K, row-major, K = Σ k_c
 */
export function factorCorrelation(
  blocks: readonly (readonly Float64Array[])[],
  mode: CrossCorrelation,
): Float64Array {
  const series = blocks.flat();
  const size = series.length;
  const result = new Float64Array(size * size);
  for (let i = 0; i < size; i++) result[i * size + i] = 1;
  if (mode === 'zero' || blocks.length === 1) return result;
  const length = series[0].length;
  const standardised = new Float64Array(size * length);
  series.forEach((values, i) => {
    const mean = values.reduce((sum, value) => sum + value, 0) / length;
    const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / length);
    for (let t = 0; t < length; t++) standardised[i * length + t] = (values[t] - mean) / deviation;
  });
  const sample = multiplyTransposed(
    standardised,
    standardised,
    new Float64Array(size * size),
    size,
    length,
    size,
  );
  const correlation = Matrix.from1DArray(size, size, sample).div(length);
  const whitener = Matrix.zeros(size, size);
  let at = 0;
  for (const block of blocks) {
    const end = at + block.length - 1;
    const root = inverseSquareRoot(correlation.subMatrix(at, end, at, end));
    for (let i = 0; i < block.length; i++)
      for (let j = 0; j < block.length; j++) whitener.set(at + i, at + j, root.get(i, j));
    at += block.length;
  }
  const whitened = whitener.mmul(correlation).mmul(whitener);
  at = 0;
  for (const block of blocks) {
    const end = at + block.length;
    for (let i = 0; i < size; i++) {
      for (let j = at; j < end; j++) {
        const within = i >= at && i < end;
        if (!within) result[i * size + j] = 0.5 * (whitened.get(i, j) + whitened.get(j, i));
      }
    }
    at = end;
  }
  return declared(result, size);
}

/** Correlations between clusters are declared in steps of this: a thirtieth of their standard error at 1,000 bars. */
export const CORRELATION_STEP = 2 ** -10;

/**
 * The correlations in steps, so that forecasts and proofs use one matrix. Shrunk by a hundredth at
 * a time where rounding would leave it indefinite.
 */
function declared(correlation: Float64Array, size: number): Float64Array {
  for (let shrink = 1; ; shrink *= 0.99) {
    const rounded = correlation.map((value, at) =>
      at % (size + 1) === 0 ? 1 : Math.round((shrink * value) / CORRELATION_STEP) * CORRELATION_STEP,
    );
    const matrix = Matrix.from1DArray(size, size, rounded);
    if (new CholeskyDecomposition(matrix).isPositiveDefinite()) return rounded;
  }
}

function inverseSquareRoot(matrix: Matrix): Matrix {
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(matrix, {
    assumeSymmetric: true,
  });
  return eigenvectorMatrix
    .mmul(Matrix.diag(realEigenvalues.map((value) => 1 / Math.sqrt(value))))
    .mmul(eigenvectorMatrix.transpose());
}

/** ln|Σ| and yᵀΣ⁻¹y of a positive definite matrix. */
export function gaussianTerms(
  covariance: Float64Array,
  y: Float64Array,
): { logDeterminant: number; mahalanobis: number } {
  const n = y.length;
  const lower = new CholeskyDecomposition(Matrix.from1DArray(n, n, covariance)).lowerTriangularMatrix;
  let logDeterminant = 0;
  let mahalanobis = 0;
  const solved = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    let value = y[i];
    for (let j = 0; j < i; j++) value -= lower.get(i, j) * solved[j];
    solved[i] = value / lower.get(i, i);
    mahalanobis += solved[i] ** 2;
    logDeterminant += 2 * Math.log(lower.get(i, i));
  }
  return { logDeterminant, mahalanobis };
}
