import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import { InvalidInputError } from '#lib/errors';

/**
 * The forecast of n log returns over a horizon, in factor form: Σ = B diag(d) Bᵀ + diag(ω) and its rate of change
 * Σ̇ = B diag(ḋ) Bᵀ + diag(ω̇), K common factors with loadings that both share. Σx and xᵀΣx cost O(nK), and every term of
 * xᵀΣx = Σ_k d_k (Bᵀx)_k² + Σ_i ω_i x_i² is at least 0: no rounding makes it negative.
 */
export interface FactorForecast {
  /** K */
  readonly factors: number;
  /** B, n×K row-major */
  readonly loadings: Float64Array;
  /** d, K: variance of each factor over the horizon */
  readonly variances: Float64Array;
  /** ḋ, K: its rate of change with the horizon */
  readonly varianceRates: Float64Array;
  /** ω, n: idiosyncratic variance by market */
  readonly own: Float64Array;
  /** ω̇, n */
  readonly ownRates: Float64Array;
}

/** Σ or Σ̇ alone. */
export type FactorCovariance = Pick<FactorForecast, 'factors' | 'loadings' | 'variances' | 'own'>;

/** Σ̇ as a form of its own; the loadings are shared. */
export function rateOf({ factors, loadings, varianceRates, ownRates }: FactorForecast): FactorCovariance {
  return { factors, loadings, variances: varianceRates, own: ownRates };
}

/** Bᵀx, K: exposure of x to each common factor. O(nK). */
export function factorExposures(
  { factors: K, loadings }: Pick<FactorCovariance, 'factors' | 'loadings'>,
  x: Float64Array,
): Float64Array {
  const result = new Float64Array(K);
  for (let i = 0, at = 0; i < x.length; i++, at += K) {
    const value = x[i];
    if (value === 0) continue;
    for (let k = 0; k < K; k++) result[k] += loadings[at + k] * value;
  }
  return result;
}

/**
 * xᵀΣx. O(nK), or O(n + K) with Bᵀx at hand.
 *
 * @param exposures Bᵀx
 */
export function quadraticForm(
  form: FactorCovariance,
  x: Float64Array,
  exposures: Float64Array = factorExposures(form, x),
): number {
  let sum = 0;
  for (let k = 0; k < exposures.length; k++) sum += form.variances[k] * exposures[k] * exposures[k];
  for (let i = 0; i < x.length; i++) sum += form.own[i] * x[i] * x[i];
  return sum;
}

/**
 * Σx, n. O(nK).
 *
 * @param exposures Bᵀx
 */
export function covarianceTimes(
  form: FactorCovariance,
  x: Float64Array,
  exposures: Float64Array = factorExposures(form, x),
): Float64Array {
  const { factors: K, loadings, variances, own } = form;
  const weighted = exposures.map((value, k) => variances[k] * value);
  const result = new Float64Array(x.length);
  for (let i = 0, at = 0; i < x.length; i++, at += K) {
    let sum = own[i] * x[i];
    for (let k = 0; k < K; k++) sum += loadings[at + k] * weighted[k];
    result[i] = sum;
  }
  return result;
}

/** Σ_ij, to the last bit the same as Σ_ji. O(K). */
export function covarianceEntry(
  { factors: K, loadings, variances, own }: FactorCovariance,
  i: number,
  j: number,
): number {
  let sum = i === j ? own[i] : 0;
  for (let k = 0; k < K; k++) sum += loadings[i * K + k] * loadings[j * K + k] * variances[k];
  return sum;
}

/** Σ written out, n×n row-major: for readers, O(n²K). */
export function covarianceMatrix(form: FactorCovariance): Float64Array {
  const n = form.own.length;
  const matrix = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) matrix[i * n + j] = matrix[j * n + i] = covarianceEntry(form, i, j);
  }
  return matrix;
}

/**
 * Any pair of symmetric matrices in factor form: K = 2n, the principal axes of Σ, which have no rate, and those of Σ̇, which have no
 * variance. For matrices that come from outside; models give their own, smaller form.
 *
 * @param covariance Σ, n×n row-major, over the horizon
 * @param rate Σ̇ per year; null for a diffusion, Σ/τ, in which case K = n
 * @param tau horizon in years
 */
export function factorsOfMatrices(
  covariance: Float64Array,
  rate: Float64Array | null,
  n: number,
  tau: number,
): FactorForecast {
  const level = principalAxes(covariance, n);
  const change = rate === null ? null : principalAxes(rate, n);
  const K = change === null ? n : 2 * n;
  const loadings = new Float64Array(n * K);
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < n; k++) {
      loadings[i * K + k] = level.scale[i] * level.vectors.get(i, k);
      if (change !== null) loadings[i * K + n + k] = change.scale[i] * change.vectors.get(i, k);
    }
  }
  const variances = new Float64Array(K);
  variances.set(level.values);
  const varianceRates = new Float64Array(K);
  if (change === null) level.values.forEach((value, k) => (varianceRates[k] = value / tau));
  else varianceRates.set(change.values, n);
  return {
    factors: K,
    loadings,
    variances,
    varianceRates,
    own: new Float64Array(n),
    ownRates: new Float64Array(n),
  };
}

/** Eigenvectors, as columns, and eigenvalues of a symmetric matrix after each row and column is divided by the root of its largest entry. */
function principalAxes(
  matrix: Float64Array,
  n: number,
): { scale: Float64Array; vectors: Matrix; values: number[] } {
  const scale = Float64Array.from({ length: n }, (_, i) => {
    const row = matrix.subarray(i * n, (i + 1) * n);
    return Math.sqrt(row.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0)) || 1;
  });
  const scaled = Matrix.zeros(n, n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) scaled.set(i, j, matrix[i * n + j] / (scale[i] * scale[j]));
  }
  const { eigenvectorMatrix, realEigenvalues } = new EigenvalueDecomposition(scaled, {
    assumeSymmetric: true,
  });
  return { scale, vectors: eigenvectorMatrix, values: realEigenvalues };
}

/**
 * Variances must be finite and at least 0, loadings and rates finite, and each list as long as the number of markets and factors says:
 * then Σ is a covariance by its form.
 *
 * @throws {InvalidInputError} naming the list and its fault
 */
export function requireFactorForecast(forecast: FactorForecast, n: number): void {
  const { factors: K } = forecast;
  if (!Number.isInteger(K) || K < 0)
    throw new InvalidInputError('factors', `must be a whole number of at least 0, got ${K}`);
  const lists = [
    ['loadings', n * K, false],
    ['variances', K, true],
    ['varianceRates', K, false],
    ['own', n, true],
    ['ownRates', n, false],
  ] as const;
  for (const [name, length, variances] of lists) {
    const values = forecast[name];
    if (values.length !== length) {
      throw new InvalidInputError(
        name,
        `must have ${length} entries for ${n} markets and ${K} factors, got ${values.length}`,
      );
    }
    const bad = values.findIndex((value) => !Number.isFinite(value) || (variances && value < 0));
    if (bad >= 0) {
      const rule = variances ? 'a finite number of at least 0' : 'a finite number';
      throw new InvalidInputError(`${name}[${bad}]`, `must be ${rule}, got ${values[bad]}`);
    }
  }
}
