import { CholeskyDecomposition, EigenvalueDecomposition, inverse, Matrix, pseudoInverse } from 'ml-matrix';
import { InvalidInputError } from '#lib/errors';
import {
  type CriticalValues,
  type DeterministicOrder,
  MAXIMUM_EIGENVALUE_CRITICAL_VALUES,
  TRACE_CRITICAL_VALUES,
} from './johansen-tables.js';

export interface JohansenResult {
  /** squared canonical correlations, descending, n */
  readonly eigenvalues: Float64Array;
  /** cointegrating vectors, one a column, βᵀS_kk β = I; n rows */
  readonly vectors: readonly Float64Array[];
  /** −T Σ_{i ≥ r} ln(1 − λ_i) for H₀: rank ≤ r, r = 0 … n−1 */
  readonly trace: Float64Array;
  /** −T ln(1 − λ_r) */
  readonly maximumEigenvalue: Float64Array;
  /** at 10 %, 5 %, 1 %; undefined past 12 common trends, where no table exists */
  readonly traceCriticalValues: readonly (CriticalValues | undefined)[];
  readonly maximumEigenvalueCriticalValues: readonly (CriticalValues | undefined)[];
  /** first r whose trace statistic is not rejected at 5 % */
  readonly rank: number;
}

/** Residuals of each column on a polynomial of the given order in time; −1 leaves it alone. */
function detrend(matrix: Matrix, order: DeterministicOrder): Matrix {
  if (order === -1) return matrix;
  const rows = matrix.rows;
  const time = Float64Array.from({ length: rows }, (_, t) => (rows === 1 ? 0 : (2 * t) / (rows - 1) - 1));
  const timeSquares = time.reduce((sum, t) => sum + t * t, 0);
  const result = Matrix.zeros(rows, matrix.columns);
  for (let j = 0; j < matrix.columns; j++) {
    const column = matrix.getColumn(j);
    const mean = column.reduce((sum, value) => sum + value, 0) / rows;
    const slope = order === 1 ? column.reduce((sum, value, t) => sum + value * time[t], 0) / timeSquares : 0;
    for (let t = 0; t < rows; t++) result.set(t, j, column[t] - mean - slope * time[t]);
  }
  return result;
}

/** Share of a difference's variance that its past must leave unexplained. */
const SMALLEST_FREE_SHARE = 1e-10;

/** @throws {InvalidInputError} where a series is another one's past: full explanation by lags leaves no covariance to invert */
function requireFreeDifferences(s00: Matrix, response: Matrix, rows: number): void {
  for (let j = 0; j < response.columns; j++) {
    const variance = response.getColumn(j).reduce((sum, value) => sum + value * value, 0) / rows;
    if (!(s00.get(j, j) > SMALLEST_FREE_SHARE * variance)) {
      throw new InvalidInputError(
        `series[${j}]`,
        'repeats another one’s past: lagged differences explain it whole',
      );
    }
  }
  if (!new CholeskyDecomposition(s00).isPositiveDefinite()) {
    throw new InvalidInputError('series', 'are collinear: the covariance of their differences is singular');
  }
}

function residualOn(regressors: Matrix | null, response: Matrix): Matrix {
  if (regressors === null) return response;
  return Matrix.sub(response, regressors.mmul(pseudoInverse(regressors).mmul(response)));
}

/**
 * Johansen's test for the rank of cointegration, by reduced-rank regression of differences on levels, both
 * cleaned of `laggedDifferences` lags of the differences.
 *
 * Source: Johansen, Econometrica 59 (1991), equations 2.5–2.11.
 *
 * @param series n series of T observations each
 * @throws {InvalidInputError} for fewer than two series, too few observations or collinear series
 */
export function johansen(
  series: readonly Float64Array[],
  deterministic: DeterministicOrder = 0,
  laggedDifferences = 1,
): JohansenResult {
  const n = series.length;
  const length = series[0]?.length ?? 0;
  const rows = length - 1 - laggedDifferences;
  if (n < 2) throw new InvalidInputError('series', `must be at least two, got ${n}`);
  if (rows <= n * (laggedDifferences + 2)) {
    throw new InvalidInputError(
      'series',
      `too short: ${length} observations for ${n} series and ${laggedDifferences} lags`,
    );
  }
  const order: DeterministicOrder = deterministic === -1 ? -1 : 0;
  const levels = detrend(new Matrix(series.map((values) => Array.from(values))).transpose(), deterministic);
  const differences = Matrix.zeros(length - 1, n);
  for (let t = 1; t < length; t++) {
    for (let j = 0; j < n; j++) differences.set(t - 1, j, levels.get(t, j) - levels.get(t - 1, j));
  }
  let lagged: Matrix | null = null;
  if (laggedDifferences > 0) {
    lagged = Matrix.zeros(rows, n * laggedDifferences);
    for (let t = 0; t < rows; t++) {
      for (let lag = 1; lag <= laggedDifferences; lag++) {
        for (let j = 0; j < n; j++) {
          lagged.set(t, (lag - 1) * n + j, differences.get(t + laggedDifferences - lag, j));
        }
      }
    }
    lagged = detrend(lagged, order);
  }
  const response = detrend(differences.subMatrix(laggedDifferences, length - 2, 0, n - 1), order);
  const lagLevels = detrend(levels.subMatrix(1, length - laggedDifferences - 1, 0, n - 1), order);
  const r0 = residualOn(lagged, response);
  const rk = residualOn(lagged, lagLevels);
  const skk = rk.transpose().mmul(rk).div(rows);
  const sk0 = rk.transpose().mmul(r0).div(rows);
  const s00 = r0.transpose().mmul(r0).div(rows);

  requireFreeDifferences(s00, response, rows);
  // Generalised symmetric problem |λS_kk − S_k0 S_00⁻¹ S_0k| = 0, reduced with the Cholesky factor of S_kk.
  const cholesky = new CholeskyDecomposition(skk);
  if (!cholesky.isPositiveDefinite()) {
    throw new InvalidInputError('series', 'are collinear: the covariance of their levels is singular');
  }
  const inverseFactor = inverse(cholesky.lowerTriangularMatrix);
  const reduced = inverseFactor
    .mmul(sk0)
    .mmul(inverse(s00))
    .mmul(sk0.transpose())
    .mmul(inverseFactor.transpose());
  const symmetric = Matrix.add(reduced, reduced.transpose()).mul(0.5);
  const decomposition = new EigenvalueDecomposition(symmetric, { assumeSymmetric: true });
  const descending = decomposition.realEigenvalues.map((_, i) => n - 1 - i);
  const eigenvalues = Float64Array.from(descending, (i) => decomposition.realEigenvalues[i]);
  const back = inverseFactor.transpose().mmul(decomposition.eigenvectorMatrix);
  const sign = back.get(0, descending[0]) < 0 ? -1 : 1;
  const vectors = descending.map((i) => Float64Array.from(back.getColumn(i), (value) => sign * value));

  const maximumEigenvalue = eigenvalues.map((lambda) => -rows * Math.log(1 - lambda));
  const trace = new Float64Array(n);
  for (let r = n - 1, sum = 0; r >= 0; r--) trace[r] = sum += maximumEigenvalue[r];
  const table = (values: readonly CriticalValues[]) =>
    Array.from({ length: n }, (_, r): CriticalValues | undefined => values[n - r - 1]);
  const traceCriticalValues = table(TRACE_CRITICAL_VALUES[deterministic]);
  const firstKept = trace.findIndex((statistic, r) => statistic <= (traceCriticalValues[r]?.[1] ?? Infinity));
  return {
    eigenvalues,
    vectors,
    trace,
    maximumEigenvalue,
    traceCriticalValues,
    maximumEigenvalueCriticalValues: table(MAXIMUM_EIGENVALUE_CRITICAL_VALUES[deterministic]),
    rank: firstKept === -1 ? n : firstKept,
  };
}
