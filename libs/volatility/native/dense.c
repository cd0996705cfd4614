/*
 * Products of dense row-major matrices and the log-cosh contrast, in lanes of 128 bits. Without relaxed operations, so that every
 * machine comes to the same bits. Memory is given by the other side (src/kernel.ts).
 */
#include <math.h>
#include <wasm_simd128.h>

#define EXPORT(name) __attribute__((export_name(#name)))
#define INLINE static inline __attribute__((always_inline))

typedef v128_t pair;
INLINE pair both(double value) { return wasm_f64x2_splat(value); }
INLINE pair load(const double *at) { return wasm_v128_load(at); }
INLINE pair add(pair a, pair b) { return wasm_f64x2_add(a, b); }
INLINE pair sub(pair a, pair b) { return wasm_f64x2_sub(a, b); }
INLINE pair mul(pair a, pair b) { return wasm_f64x2_mul(a, b); }
INLINE double lanes(pair a) { return wasm_f64x2_extract_lane(a, 0) + wasm_f64x2_extract_lane(a, 1); }

/* Columns of B that are worked on at once, and terms of a dot product: what is reused must fit a processor's nearest caches. */
#define COLUMNS 4
#define TERMS 256

/* C = A·B; A is m×k, B is k×n. `panel` holds k×COLUMNS numbers. */
EXPORT(multiply) void multiply(const double *a, const double *b, double *c, int m, int k, int n, double *panel) {
  for (int j = 0; j < n; j += COLUMNS) {
    const int width = n - j < COLUMNS ? n - j : COLUMNS;
    for (int l = 0; l < k; l++)
      for (int x = 0; x < COLUMNS; x++) panel[l * COLUMNS + x] = x < width ? b[l * n + j + x] : 0;
    for (int i = 0; i < m; i += 4) {
      const double *row[4];
      for (int r = 0; r < 4; r++) row[r] = a + (i + r < m ? i + r : m - 1) * k;
      pair left[4], right[4];
      for (int r = 0; r < 4; r++) left[r] = right[r] = both(0);
      for (int l = 0; l < k; l++) {
        pair b0 = load(panel + l * COLUMNS), b1 = load(panel + l * COLUMNS + 2);
#pragma clang loop unroll(full)
        for (int r = 0; r < 4; r++) {
          pair factor = wasm_v128_load64_splat(row[r] + l);
          left[r] = add(left[r], mul(factor, b0));
          right[r] = add(right[r], mul(factor, b1));
        }
      }
      for (int r = 0; r < 4 && i + r < m; r++) {
        double out[COLUMNS];
        wasm_v128_store(out, left[r]);
        wasm_v128_store(out + 2, right[r]);
        for (int x = 0; x < width; x++) c[(i + r) * n + j + x] = out[x];
      }
    }
  }
}

/* C = A·Bᵀ; A is m×n, B is k×n. */
EXPORT(multiply_transposed) void multiply_transposed(const double *a, const double *b, double *c, int m, int n, int k) {
  for (int at = 0; at < m * k; at++) c[at] = 0;
  for (int from = 0; from < n; from += TERMS) {
    const int terms = n - from < TERMS ? n - from : TERMS, even = terms & ~1;
    for (int i = 0; i < m; i += 4) {
      const double *x[4];
      for (int r = 0; r < 4; r++) x[r] = a + (i + r < m ? i + r : m - 1) * n + from;
      for (int j = 0; j < k; j += 2) {
        const double *y0 = b + j * n + from, *y1 = j + 1 < k ? y0 + n : y0;
        pair one[4], two[4];
        for (int r = 0; r < 4; r++) one[r] = two[r] = both(0);
        for (int t = 0; t < even; t += 2) {
          pair v0 = load(y0 + t), v1 = load(y1 + t);
#pragma clang loop unroll(full)
          for (int r = 0; r < 4; r++) {
            pair u = load(x[r] + t);
            one[r] = add(one[r], mul(u, v0));
            two[r] = add(two[r], mul(u, v1));
          }
        }
        for (int r = 0; r < 4 && i + r < m; r++) {
          double s0 = lanes(one[r]), s1 = lanes(two[r]);
          if (terms > even) {
            s0 += x[r][even] * y0[even];
            s1 += x[r][even] * y1[even];
          }
          c[(i + r) * k + j] += s0;
          if (j + 1 < k) c[(i + r) * k + j + 1] += s1;
        }
      }
    }
  }
}

/* 1/j!: e^x for |x| ≤ ln 2/2, less than 2e-16 left out. Not static, so that they are loaded and not put together anew. */
#define EXPONENTIAL_TERMS 13
double exponential[] = {1, 1, 1. / 2, 1. / 6, 1. / 24, 1. / 120, 1. / 720, 1. / 5040, 1. / 40320, 1. / 362880,
                        1. / 3628800, 1. / 39916800, 1. / 479001600};

/* e^x for −80 ≤ x ≤ 0: x = n·ln 2 + r, and 2^n by its bits. */
INLINE pair exponential_of(pair x) {
  const pair magic = both(6755399441055744.0); /* 1.5·2^52: what is added to it is rounded to a whole number in its low bits */
  pair shifted = add(mul(x, both(1.4426950408889634)), magic), n = sub(shifted, magic);
  pair r = sub(sub(x, mul(n, both(0.6931471803691238))), mul(n, both(1.9082149292705877e-10)));
  pair value = both(exponential[EXPONENTIAL_TERMS - 1]);
#pragma clang loop unroll(full)
  for (int j = EXPONENTIAL_TERMS - 2; j >= 0; j--) value = add(mul(value, r), wasm_v128_load64_splat(exponential + j));
  pair power = wasm_i64x2_shl(wasm_i64x2_add(shifted, wasm_i64x2_splat(1023)), 52);
  return mul(value, power);
}

/*
 * s ← tanh s on rows of `length`; Σ ln cosh s and Σ (1 − tanh² s) of each row into `sums`. Logarithms of 1 + e^(−2|s|) are taken of
 * products of at most TERMS: a logarithm costs more than the rest.
 */
EXPORT(log_cosh) void log_cosh(double *s, double *sums, int rows, int length) {
  for (int i = 0; i < rows; i++) {
    double *row = s + i * length, logs = 0;
    pair sizes = both(0), slopes = both(0), product = both(1);
    for (int t = 0; t < length; t += 2) {
      const int last = t + 1 == length;
      pair value = last ? wasm_f64x2_make(row[t], 0) : load(row + t), size = wasm_f64x2_abs(value);
      pair e = exponential_of(wasm_f64x2_pmax(both(-80), mul(both(-2), size))), more = add(both(1), e);
      pair tanh = wasm_f64x2_div(sub(both(1), e), more), slope = sub(both(1), mul(tanh, tanh));
      tanh = wasm_v128_bitselect(value, tanh, wasm_i64x2_const_splat((long long)0x8000000000000000ull));
      if (last) {
        more = wasm_f64x2_replace_lane(more, 1, 1);
        slope = wasm_f64x2_replace_lane(slope, 1, 0);
        row[t] = wasm_f64x2_extract_lane(tanh, 0);
      } else {
        wasm_v128_store(row + t, tanh);
      }
      sizes = add(sizes, size);
      slopes = add(slopes, slope);
      product = mul(product, more);
      if (t % TERMS == TERMS - 2) {
        logs += log(wasm_f64x2_extract_lane(product, 0)) + log(wasm_f64x2_extract_lane(product, 1));
        product = both(1);
      }
    }
    logs += log(wasm_f64x2_extract_lane(product, 0)) + log(wasm_f64x2_extract_lane(product, 1));
    sums[2 * i] = lanes(sizes) + logs - length * 0.6931471805599453;
    sums[2 * i + 1] = lanes(slopes);
  }
}
