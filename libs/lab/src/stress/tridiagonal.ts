/** A symmetric tridiagonal matrix T, and a vector in its axes. */
export interface Tridiagonal {
  /** n */
  readonly diagonal: Float64Array;
  /** n, the last one 0: next to the diagonal */
  readonly beside: Float64Array;
  /** n */
  readonly vector: Float64Array;
}

/**
 * T = QᵀAQ and Qᵀv by Householder reflections: 4n³/3 operations, of which eigenvalues and eigenvectors would take ten times as many.
 *
 * Source: Golub & Van Loan, Matrix Computations, §8.3.1.
 *
 * @param matrix A, n×n row-major, symmetric; its lower triangle is read, and overwritten
 * @param vector v, n
 */
export function tridiagonalised(matrix: Float64Array, vector: Float64Array): Tridiagonal {
  const n = vector.length;
  const turned = vector.slice();
  const diagonal = new Float64Array(n);
  const beside = new Float64Array(n);
  const axis = new Float64Array(n);
  const product = new Float64Array(n);
  for (let k = 0; k < n; k++) {
    diagonal[k] = matrix[k * n + k];
    if (k === n - 1) break;
    let square = 0;
    for (let i = k + 1; i < n; i++) square += (axis[i] = matrix[i * n + k]) ** 2;
    const first = axis[k + 1];
    const size = Math.sqrt(square);
    // The column is where it should be already.
    if (size === Math.abs(first)) {
      beside[k] = first;
      continue;
    }
    const to = first > 0 ? -size : size;
    beside[k] = to;
    axis[k + 1] = first - to;
    const scale = 2 / (square - first * first + axis[k + 1] ** 2);
    reflect(matrix, { axis, product, from: k + 1, scale });
    let along = 0;
    for (let i = k + 1; i < n; i++) along += axis[i] * turned[i];
    for (let i = k + 1; i < n; i++) turned[i] -= scale * along * axis[i];
  }
  return { diagonal, beside, vector: turned };
}

/** A ← HAH of the lower triangle from a row on, H = 1 − scale·axis·axisᵀ. */
function reflect(
  matrix: Float64Array,
  {
    axis,
    product,
    from,
    scale,
  }: {
    readonly axis: Float64Array;
    readonly product: Float64Array;
    readonly from: number;
    readonly scale: number;
  },
): void {
  const n = axis.length;
  product.fill(0, from);
  for (let i = from; i < n; i++) {
    const row = i * n;
    const own = axis[i];
    let sum = 0;
    for (let j = from; j < i; j++) {
      sum += matrix[row + j] * axis[j];
      product[j] += matrix[row + j] * own;
    }
    product[i] += sum + matrix[row + i] * own;
  }
  let along = 0;
  for (let i = from; i < n; i++) along += (product[i] *= scale) * axis[i];
  for (let i = from; i < n; i++) product[i] -= 0.5 * scale * along * axis[i];
  for (let i = from; i < n; i++) {
    const row = i * n;
    const [a, b] = [axis[i], product[i]];
    for (let j = from; j <= i; j++) matrix[row + j] -= a * product[j] + b * axis[j];
  }
}

/**
 * vᵀ(λ − T)⁻¹v.
 *
 * @returns Infinity where λ − T is not positive definite
 */
export function resolventForm({ diagonal, beside, vector }: Tridiagonal, lambda: number): number {
  let pivot = Infinity;
  let entry = 0;
  let form = 0;
  for (let i = 0; i < diagonal.length; i++) {
    const link = i === 0 ? 0 : beside[i - 1] / pivot;
    pivot = lambda - diagonal[i] - (i === 0 ? 0 : link * beside[i - 1]);
    if (!(pivot > 0)) return Infinity;
    entry = vector[i] + link * entry;
    form += (entry * entry) / pivot;
  }
  return form;
}

/** A number that no eigenvalue of T is above, and the largest one is close to: within 2⁻⁵⁰ of the matrix's size. */
export function largestEigenvalue(matrix: Tridiagonal): number {
  const { diagonal, beside } = matrix;
  let least = -Infinity;
  let most = -Infinity;
  diagonal.forEach((value, i) => {
    least = Math.max(least, value);
    most = Math.max(most, value + Math.abs(beside[i]) + Math.abs(i === 0 ? 0 : beside[i - 1]));
  });
  for (let step = 0; step < 50; step++) {
    const middle = (least + most) / 2;
    if (Number.isFinite(resolventForm(matrix, middle))) most = middle;
    else least = middle;
  }
  return most;
}
