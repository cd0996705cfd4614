import { InvalidInputError } from '#lib/errors';

/**
 * Triangular factor of the QR decomposition of [X | y], by Householder reflections on columns.
 *
 * One factorisation serves every nested regression: the residual sum of squares of y on the first j columns is
 * Σ_{i ≥ j} R[i][last]², which lag selection needs.
 */
export interface TriangularFactor {
  /** R, (k+1) columns, each its first min(T, column+1) entries */
  readonly columns: readonly Float64Array[];
  readonly observations: number;
}

/**
 * Source: Golub & Van Loan, "Matrix Computations", algorithm 5.2.1.
 *
 * @param columns regressors and, last, the response; T entries each; overwritten
 */
export function triangularise(columns: Float64Array[]): TriangularFactor {
  const observations = columns[0].length;
  for (let j = 0; j < columns.length; j++) {
    const pivot = columns[j];
    let norm = 0;
    for (let t = j; t < observations; t++) norm += pivot[t] * pivot[t];
    norm = Math.sqrt(norm);
    if (norm === 0 || j === columns.length - 1) continue;
    const head = pivot[j];
    const diagonal = head > 0 ? -norm : norm;
    pivot[j] = head - diagonal;
    const halfSquare = diagonal * (diagonal - head);
    for (let c = j + 1; c < columns.length; c++) {
      const column = columns[c];
      let projection = 0;
      for (let t = j; t < observations; t++) projection += pivot[t] * column[t];
      projection /= halfSquare;
      for (let t = j; t < observations; t++) column[t] -= projection * pivot[t];
    }
    pivot[j] = diagonal;
  }
  return { columns, observations };
}

/** Ordinary least squares of the last column on the first k. */
export interface Regression {
  /** k */
  readonly coefficients: Float64Array;
  readonly residualSumOfSquares: number;
  /** t statistics, k */
  readonly tStatistics: Float64Array;
}

/** Σ of squared residuals of the response on the first k columns. */
export function residualSumOfSquares(factor: TriangularFactor, k: number): number {
  const response = factor.columns[factor.columns.length - 1];
  let sum = 0;
  for (let t = k; t < factor.observations; t++) sum += response[t] * response[t];
  return sum;
}

/**
 * Coefficients and t statistics of the response on the first k columns of a factor.
 *
 * @throws {InvalidInputError} when the first k columns are linearly dependent
 */
export function regressionOn(factor: TriangularFactor, k: number): Regression {
  const { columns, observations } = factor;
  const response = columns[columns.length - 1];
  const largest = Math.max(...columns.slice(0, k).map((column, j) => Math.abs(column[j])));
  const coefficients = new Float64Array(k);
  for (let i = k - 1; i >= 0; i--) {
    if (Math.abs(columns[i][i]) <= 1e-13 * largest) {
      throw new InvalidInputError(`regressors[${i}]`, 'is a linear combination of the columns before it');
    }
    let value = response[i];
    for (let j = i + 1; j < k; j++) value -= columns[j][i] * coefficients[j];
    coefficients[i] = value / columns[i][i];
  }
  const rss = residualSumOfSquares(factor, k);
  const residualVariance = rss / (observations - k);
  const tStatistics = new Float64Array(k);
  for (let i = 0; i < k; i++) {
    // (XᵀX)⁻¹_ii = ‖row i of R⁻¹‖²; that row solves z·R = e_i.
    const row = new Float64Array(k);
    row[i] = 1 / columns[i][i];
    let norm = row[i] * row[i];
    for (let j = i + 1; j < k; j++) {
      let sum = 0;
      for (let l = i; l < j; l++) sum += row[l] * columns[j][l];
      row[j] = -sum / columns[j][j];
      norm += row[j] * row[j];
    }
    tStatistics[i] = coefficients[i] / Math.sqrt(residualVariance * norm);
  }
  return { coefficients, residualSumOfSquares: rss, tStatistics };
}
