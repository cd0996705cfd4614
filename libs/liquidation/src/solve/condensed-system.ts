/** Adds weight·row·rowᵀ to the lower triangle. */
export function addOuter(
  matrix: Float64Array,
  rows: Float64Array,
  at: number,
  n: number,
  weight: number,
): void {
  for (let i = 0; i < n; i++) {
    const scaled = weight * rows[at + i];
    if (scaled === 0) continue;
    for (let j = 0; j <= i; j++) matrix[i * n + j] += scaled * rows[at + j];
  }
}

/** Cholesky's factorisation of the lower triangle in place; a pivot lost to rounding is lifted. */
export function factorise(matrix: Float64Array, n: number): boolean {
  let largest = 0;
  for (let j = 0; j < n; j++) largest = Math.max(largest, matrix[j * n + j]);
  if (!(largest > 0 && largest < Infinity)) return false;
  for (let j = 0; j < n; j++) {
    const own = matrix[j * n + j];
    let pivot = own;
    for (let k = 0; k < j; k++) pivot -= matrix[j * n + k] * matrix[j * n + k];
    if (!(pivot > 1e-15 * own)) pivot = Math.max(1e-15 * own, 1e-30 * largest);
    const root = Math.sqrt(pivot);
    matrix[j * n + j] = root;
    for (let i = j + 1; i < n; i++) {
      let value = matrix[i * n + j];
      for (let k = 0; k < j; k++) value -= matrix[i * n + k] * matrix[j * n + k];
      matrix[i * n + j] = value / root;
    }
  }
  return true;
}

/** Solves with the factor of {@link factorise}, in place. */
export function solveFactorised(factor: Float64Array, n: number, right: Float64Array): void {
  for (let i = 0; i < n; i++) {
    let value = right[i];
    for (let k = 0; k < i; k++) value -= factor[i * n + k] * right[k];
    right[i] = value / factor[i * n + i];
  }
  for (let i = n - 1; i >= 0; i--) {
    let value = right[i];
    for (let k = i + 1; k < n; k++) value -= factor[k * n + i] * right[k];
    right[i] = value / factor[i * n + i];
  }
}
