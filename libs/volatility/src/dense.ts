import { kernelMultiply, kernelMultiplyTransposed, type Product } from './kernel.js';

/**
 * The few dense products that sit in inner loops, on row-major Float64Arrays (ml-matrix, which the rest of the library uses, stores rows
 * apart and is several times slower here). Large ones are computed in vectors by native/dense.c.
 */

/** Multiplications from which the vector kernel is faster, copies there and back included. */
const KERNEL_FROM = 4096;

/** C = A·B; A is m×k, B is k×n. */
export const multiply: Product = (a, b, c, m, k, n) => {
  if (m * k * n >= KERNEL_FROM) return kernelMultiply(a, b, c, m, k, n);
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let sum = 0;
      for (let l = 0; l < k; l++) sum += a[i * k + l] * b[l * n + j];
      c[i * n + j] = sum;
    }
  }
  return c;
};

/** C = A·Bᵀ; A is m×n, B is k×n. */
export const multiplyTransposed: Product = (a, b, c, m, n, k) => {
  if (m * n * k >= KERNEL_FROM) return kernelMultiplyTransposed(a, b, c, m, n, k);
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < k; j++) {
      let sum = 0;
      for (let t = 0; t < n; t++) sum += a[i * n + t] * b[j * n + t];
      c[i * k + j] = sum;
    }
  }
  return c;
};

/** X·Xᵀ of an m×n matrix. */
export function gram(x: Float64Array, m: number, n: number): Float64Array {
  return multiplyTransposed(x, x, new Float64Array(m * m), m, n, m);
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
