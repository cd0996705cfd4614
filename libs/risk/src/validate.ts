import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import { InvalidInputError } from '#lib/errors';

const TOLERANCE = 1e-9;

/** @throws {InvalidInputError} naming the first entry that is not a finite number */
export function requireFinite(values: ArrayLike<number>, field: string): void {
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i]))
      throw new InvalidInputError(`${field}[${i}]`, `must be a finite number, got ${values[i]}`);
  }
}

/** @throws {InvalidInputError} naming the first price that is not finite and positive */
export function requirePrices(prices: ArrayLike<number>, field = 'prices'): void {
  for (let i = 0; i < prices.length; i++) {
    if (!(prices[i] > 0 && prices[i] < Infinity)) {
      throw new InvalidInputError(`${field}[${i}]`, `must be a finite positive price, got ${prices[i]}`);
    }
  }
}

/** @throws {InvalidInputError} unless `values` has exactly n entries */
export function requireLength(values: ArrayLike<unknown>, n: number, field: string): void {
  if (values.length !== n) {
    throw new InvalidInputError(field, `must have ${n} entries, one a market, got ${values.length}`);
  }
}

/** @throws {InvalidInputError} unless 0 < α < 1 */
export function requireAlpha(alpha: number): void {
  if (!(alpha > 0 && alpha < 1))
    throw new InvalidInputError('alpha', `must be between 0 and 1, got ${alpha}`);
}

/** @throws {InvalidInputError} unless τ > 0 */
export function requireHorizon(tau: number): void {
  if (!(tau > 0 && tau < Infinity))
    throw new InvalidInputError('tau', `must be a positive number of years, got ${tau}`);
}

/**
 * A covariance must be square, finite, symmetric and positive semi-definite, each within 1e-9 of its largest
 * entry; nothing is repaired.
 *
 * @param matrix n×n, row-major
 * @throws {InvalidInputError} naming the field and its fault
 */
export function requireCovariance(matrix: Float64Array, n: number, field: string): void {
  if (matrix.length !== n * n) {
    throw new InvalidInputError(field, `must be ${n}×${n}, got ${matrix.length} entries`);
  }
  requireFinite(matrix, field);
  const scale = matrix.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) {
      if (Math.abs(matrix[i * n + j] - matrix[j * n + i]) > TOLERANCE * scale) {
        throw new InvalidInputError(
          field,
          `must be symmetric, but entry (${i},${j}) is ${matrix[i * n + j]} and (${j},${i}) is ${matrix[j * n + i]}`,
        );
      }
    }
  }
  if (n === 0 || scale === 0) return;
  const { realEigenvalues } = new EigenvalueDecomposition(Matrix.from1DArray(n, n, matrix), {
    assumeSymmetric: true,
  });
  const smallest = Math.min(...realEigenvalues);
  if (smallest < -TOLERANCE * scale * n) {
    throw new InvalidInputError(field, `must be positive semi-definite, smallest eigenvalue is ${smallest}`);
  }
}
