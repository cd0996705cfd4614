/**
 * What is forecast of n returns or prices over a horizon, in factor form: Σ = B diag(d) Bᵀ + diag(ω) and its rate of change
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
  /** ω, n: variance of what is each market's own */
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

/** Bᵀx, K: what x holds of each common factor. O(nK). */
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

/** xᵀΣx. O(nK). */
export function quadraticForm(form: FactorCovariance, x: Float64Array): number {
  const p = factorExposures(form, x);
  let sum = 0;
  for (let k = 0; k < p.length; k++) sum += form.variances[k] * p[k] * p[k];
  for (let i = 0; i < x.length; i++) sum += form.own[i] * x[i] * x[i];
  return sum;
}

/** Σx, n. O(nK). */
export function covarianceTimes(form: FactorCovariance, x: Float64Array): Float64Array {
  const { factors: K, loadings, variances, own } = form;
  const p = factorExposures(form, x);
  for (let k = 0; k < K; k++) p[k] *= variances[k];
  const result = new Float64Array(x.length);
  for (let i = 0, at = 0; i < x.length; i++, at += K) {
    let sum = own[i] * x[i];
    for (let k = 0; k < K; k++) sum += loadings[at + k] * p[k];
    result[i] = sum;
  }
  return result;
}

/** Σ_ij. O(K). */
export function covarianceEntry(
  { factors: K, loadings, variances, own }: FactorCovariance,
  i: number,
  j: number,
): number {
  let sum = i === j ? own[i] : 0;
  for (let k = 0; k < K; k++) sum += loadings[i * K + k] * variances[k] * loadings[j * K + k];
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
