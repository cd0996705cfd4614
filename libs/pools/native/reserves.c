/*
 * Zero-fee reserves of up to BLOCK rows, two at a time in lanes of 128 bits. Arrays are rows × n, a row after
 * the other, so a pair of rows is n vectors, of which the middle one belongs to both where n is odd. After an
 * odd number of rows one more is computed, of whatever lies there, and not used.
 *
 * Logarithms and exponentials of changes within a row are short sums. Where a short sum does not do, a
 * loop only notes so and the C library is called after it: calls within would have every vector kept in
 * memory across them. A row's values depend on nothing but the row and the value before it: what stands
 * beside it makes no difference to a bit.
 */
#include <math.h>
#include <wasm_simd128.h>

#define EXPORT(name) __attribute__((export_name(#name)))
#define INLINE static inline __attribute__((always_inline))
/* The numbers of src/reserves/kernel.ts: the memory of a block must fit a processor's nearest cache. */
#define MOST_ASSETS 8
#define BLOCK 512

typedef v128_t pair;

/* Filled and read by the other side; the row before the block comes first in prices and weights that move. */
static double prices[(BLOCK + 2) * MOST_ASSETS], weights[(BLOCK + 2) * MOST_ASSETS], worth[MOST_ASSETS];
static double reserves[(BLOCK + 1) * MOST_ASSETS];
EXPORT(prices_at) double *prices_at(void) { return prices; }
EXPORT(weights_at) double *weights_at(void) { return weights; }
EXPORT(worth_at) double *worth_at(void) { return worth; }
EXPORT(reserves_at) double *reserves_at(void) { return reserves; }

/*
 * Log returns and inverse prices of the block; the logarithm of the pool's growth in each row, and what
 * it grows by.
 */
static double returns[(BLOCK + 1) * MOST_ASSETS], inverse[(BLOCK + 1) * MOST_ASSETS];
static double logs[BLOCK + 1], growth[BLOCK + 1];

INLINE pair both(double value) { return wasm_f64x2_splat(value); }
INLINE pair load(const double *at) { return wasm_v128_load(at); }
INLINE void store(double *at, pair value) { wasm_v128_store(at, value); }
INLINE pair add(pair a, pair b) { return wasm_f64x2_add(a, b); }
INLINE pair sub(pair a, pair b) { return wasm_f64x2_sub(a, b); }
INLINE pair mul(pair a, pair b) { return wasm_f64x2_mul(a, b); }
INLINE pair quotient(pair a, pair b) { return wasm_f64x2_div(a, b); }
INLINE pair firsts(pair a, pair b) { return wasm_i64x2_shuffle(a, b, 0, 2); }
INLINE pair seconds(pair a, pair b) { return wasm_i64x2_shuffle(a, b, 1, 3); }
INLINE pair larger(pair worst, pair x) { return wasm_f64x2_pmax(worst, wasm_f64x2_abs(x)); }
INLINE int beyond(pair worst, double bound) {
  return wasm_f64x2_extract_lane(worst, 0) > bound || wasm_f64x2_extract_lane(worst, 1) > bound;
}

/*
 * Coefficients of the short sums, and their ranges. Not static: constants that the compiler knows are put
 * together anew wherever they are used, which takes longer than loading them.
 */
#define RETURN_BOUND 0.05
#define RETURN_TERMS 5
double return_sum[] = {1. / 3, 1. / 5, 1. / 7, 1. / 9, 1. / 11};
#define GROWTH_BOUND 0.07
#define GROWTH_TERMS 10
double growth_sum[] = {1, 1, 1. / 2, 1. / 6, 1. / 24, 1. / 120, 1. / 720, 1. / 5040, 1. / 40320, 1. / 362880};
#define MOVE_BOUND 0.015625
#define MOVE_TERMS 7
double move_sum[] = {1. / 2, -1. / 6, 1. / 12, -1. / 20, 1. / 30, -1. / 42, 1. / 56};

INLINE void coefficients(const double *from, pair *c, int terms) {
  for (int k = 0; k < terms; k++) c[k] = wasm_v128_load64_splat(from + k);
}

/* c[0] + c[1]·x + …, by halves: sums that wait for one another as little as can be. */
INLINE pair polynomial(pair x, const pair *c, int terms) {
  pair sums[GROWTH_TERMS];
  for (int k = 0; k < terms; k++) sums[k] = c[k];
  for (; terms > 1; terms = (terms + 1) / 2, x = mul(x, x))
    for (int k = 0; k < terms; k += 2)
      sums[k / 2] = k + 1 < terms ? add(sums[k], mul(x, sums[k + 1])) : sums[k];
  return sums[0];
}

/*
 * ln(now/before) = 2·atanh(z), z = (now − before)/(now + before): below a relative 2e-17 is left out at the bound.
 */
EXPORT(take_prices) void take_prices(int rows, int n) {
  const int count = rows * n;
  pair c[RETURN_TERMS], worst = both(0);
  coefficients(return_sum, c, RETURN_TERMS);
  for (int at = 0; at < count; at += 2) {
    pair before = load(prices + at), now = load(prices + at + n);
    pair z = quotient(sub(now, before), add(now, before)), s = mul(z, z), twice = add(z, z);
    worst = larger(worst, z);
    store(inverse + at, quotient(both(1), now));
    store(returns + at, add(twice, mul(mul(twice, s), polynomial(s, c, RETURN_TERMS))));
  }
  if (!beyond(worst, RETURN_BOUND)) return;
  for (int at = 0; at < count; at++) {
    double before = prices[at], now = prices[at + n];
    if (fabs(now - before) > RETURN_BOUND * (now + before)) returns[at] = log(now / before);
  }
}

/* e^x of the logarithms: below 1e-18 is left out at the bound. */
static void take_exponentials(int rows) {
  pair c[GROWTH_TERMS], worst = both(0);
  coefficients(growth_sum, c, GROWTH_TERMS);
  for (int t = 0; t < rows; t += 2) {
    pair x = load(logs + t);
    worst = larger(worst, x);
    store(growth + t, polynomial(x, c, GROWTH_TERMS));
  }
  if (!beyond(worst, GROWTH_BOUND)) return;
  for (int t = 0; t < rows; t++)
    if (fabs(logs[t]) > GROWTH_BOUND) growth[t] = exp(logs[t]);
}

/* Sums of the two rows that n vectors hold. */
INLINE pair row_sums(const pair *terms, int n) {
  pair one = terms[0], two = terms[n - 1];
  for (int v = 1; v < n / 2; v++) {
    one = add(one, terms[v]);
    two = add(two, terms[n - 1 - v]);
  }
  pair sums = add(firsts(one, two), seconds(one, two));
  return n % 2 ? add(sums, terms[n / 2]) : sums;
}

/* Factor of vector v of a pair of rows, given a number for each row. */
INLINE pair row_values(pair rows, int v, int n) {
  if (n % 2 && v == n / 2) return rows;
  return v < n / 2 ? firsts(rows, rows) : seconds(rows, rows);
}

/* The n vectors of two equal rows. */
INLINE void repeated(const double *row, pair *vectors, int n) {
  for (int v = 0; v < n; v++) vectors[v] = wasm_f64x2_make(row[2 * v % n], row[(2 * v + 1) % n]);
}

/* Values of the next two rows, (V·e₁, V·e₁·e₂), given those of the last two. */
INLINE pair next_values(pair values, int t) {
  pair by = load(growth + t);
  return mul(seconds(values, values), mul(by, firsts(both(1), by)));
}

INLINE double constant_rows(int rows, int n, double grown) {
  pair weight[MOST_ASSETS], value[MOST_ASSETS], terms[MOST_ASSETS], now = both(grown);
  repeated(weights, weight, n);
  repeated(worth, value, n);
  for (int t = 0; t < rows; t += 2) {
    for (int v = 0; v < n; v++) terms[v] = mul(weight[v], load(returns + t * n + 2 * v));
    store(logs + t, row_sums(terms, n));
  }
  take_exponentials(rows);
  for (int t = 0; t < rows; t += 2) {
    now = next_values(now, t);
    for (int v = 0; v < n; v++) {
      const int at = t * n + 2 * v;
      store(reserves + at, mul(mul(value[v], load(inverse + at)), row_values(now, v, n)));
    }
  }
  return wasm_f64x2_extract_lane(now, 1);
}

/* Rows in which a weight moves by more than the short sum does for. */
static void take_long_moves(int rows, int n) {
  for (int t = 0; t < rows; t++) {
    const double *before = weights + t * n, *now = before + n;
    double log = 0, largest = 0;
    for (int i = 0; i < n; i++) {
      double moved = now[i] - before[i], x = moved / before[i];
      largest = fmax(largest, fabs(x));
      log += before[i] * returns[t * n + i] - (now[i] * log1p(x) - moved);
    }
    if (largest > MOVE_BOUND) logs[t] = log;
  }
}

/*
 * The cost of a move is w'·ln(w'/w), less w' − w, which sums to nothing over a pool: m·x·(1/2 − x/6 + …) with
 * m = w' − w and x = m/w. Below 1e-18 is left out at the bound.
 */
INLINE double moving_rows(int rows, int n, double value) {
  pair c[MOVE_TERMS], terms[MOST_ASSETS], worst = both(0), now = both(value);
  coefficients(move_sum, c, MOVE_TERMS);
  for (int t = 0; t < rows; t += 2) {
    for (int v = 0; v < n; v++) {
      const int at = t * n + 2 * v;
      pair before = load(weights + at), moved = sub(load(weights + at + n), before);
      pair x = quotient(moved, before);
      worst = larger(worst, x);
      terms[v] = sub(mul(before, load(returns + at)), mul(mul(moved, x), polynomial(x, c, MOVE_TERMS)));
    }
    store(logs + t, row_sums(terms, n));
  }
  if (beyond(worst, MOVE_BOUND)) take_long_moves(rows, n);
  take_exponentials(rows);
  for (int t = 0; t < rows; t += 2) {
    now = next_values(now, t);
    for (int v = 0; v < n; v++) {
      const int at = t * n + 2 * v;
      store(reserves + at, mul(mul(load(weights + at + n), load(inverse + at)), row_values(now, v, n)));
    }
  }
  return wasm_f64x2_extract_lane(now, 1);
}

/* A loop for each number of assets: where it is known there are no inner loops. */
#define BY_ASSETS(rows_of, value) \
  switch (n) { \
    case 2: return rows_of(rows, 2, value); \
    case 3: return rows_of(rows, 3, value); \
    case 4: return rows_of(rows, 4, value); \
    case 5: return rows_of(rows, 5, value); \
    case 6: return rows_of(rows, 6, value); \
    case 7: return rows_of(rows, 7, value); \
    default: return rows_of(rows, 8, value); \
  }

EXPORT(constant_weights) double constant_weights(int rows, int n, double grown) {
  BY_ASSETS(constant_rows, grown)
}
EXPORT(moving_weights) double moving_weights(int rows, int n, double value) {
  BY_ASSETS(moving_rows, value)
}
