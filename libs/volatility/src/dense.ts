/**
 * The few dense products that sit in inner loops, on row-major Float64Arrays (ml-matrix, which the rest of the
 * library uses, stores rows apart and is several times slower here).
 */

/** C = A·B; A is m×k, B is k×n. The inner loops run along rows of B and C, four rows of B at a time. */
export function multiply(
  a: Float64Array,
  b: Float64Array,
  c: Float64Array,
  m: number,
  k: number,
  n: number,
): Float64Array {
  for (let i = 0; i < m; i++) {
    const row = i * n;
    c.fill(0, row, row + n);
    let l = 0;
    for (; l + 3 < k; l += 4) {
      const a0 = a[i * k + l];
      const a1 = a[i * k + l + 1];
      const a2 = a[i * k + l + 2];
      const a3 = a[i * k + l + 3];
      let b0 = l * n;
      let b1 = b0 + n;
      let b2 = b1 + n;
      let b3 = b2 + n;
      for (let j = row; j < row + n; j++) c[j] += a0 * b[b0++] + a1 * b[b1++] + a2 * b[b2++] + a3 * b[b3++];
    }
    for (; l < k; l++) {
      const factor = a[i * k + l];
      for (let j = 0, at = l * n; j < n; j++) c[row + j] += factor * b[at + j];
    }
  }
  return c;
}

/** C = A·Bᵀ; A is m×n, B is k×n: dot products of rows, two rows of each at a time. */
export function multiplyTransposed(
  a: Float64Array,
  b: Float64Array,
  c: Float64Array,
  m: number,
  n: number,
  k: number,
): Float64Array {
  let i = 0;
  for (; i + 1 < m; i += 2) {
    const a0 = i * n;
    const a1 = a0 + n;
    let j = 0;
    for (; j + 1 < k; j += 2) {
      const b0 = j * n;
      const b1 = b0 + n;
      let c00 = 0;
      let c01 = 0;
      let c10 = 0;
      let c11 = 0;
      for (let t = 0; t < n; t++) {
        const x0 = a[a0 + t];
        const x1 = a[a1 + t];
        const y0 = b[b0 + t];
        const y1 = b[b1 + t];
        c00 += x0 * y0;
        c01 += x0 * y1;
        c10 += x1 * y0;
        c11 += x1 * y1;
      }
      c[i * k + j] = c00;
      c[i * k + j + 1] = c01;
      c[(i + 1) * k + j] = c10;
      c[(i + 1) * k + j + 1] = c11;
    }
    for (; j < k; j++) {
      let c0 = 0;
      let c1 = 0;
      for (let t = 0; t < n; t++) {
        c0 += a[a0 + t] * b[j * n + t];
        c1 += a[a1 + t] * b[j * n + t];
      }
      c[i * k + j] = c0;
      c[(i + 1) * k + j] = c1;
    }
  }
  for (; i < m; i++) {
    for (let j = 0; j < k; j++) {
      let sum = 0;
      for (let t = 0; t < n; t++) sum += a[i * n + t] * b[j * n + t];
      c[i * k + j] = sum;
    }
  }
  return c;
}

/** Transpose of an m×n matrix. */
export function transposed(a: Float64Array, m: number, n: number): Float64Array {
  const result = new Float64Array(m * n);
  for (let i = 0; i < m; i++) for (let j = 0; j < n; j++) result[j * m + i] = a[i * n + j];
  return result;
}

export function identity(n: number): Float64Array {
  const result = new Float64Array(n * n);
  for (let i = 0; i < n; i++) result[i * n + i] = 1;
  return result;
}
