import type { PricePath } from '../prices.js';

/** What all parameter sets need of a price path, once. */
export interface LogPath {
  readonly prices: PricePath;
  /** ln p(t)/p(t−1), T × n; the first row is 0 */
  readonly returns: Float64Array;
  /** 1/p(t), T × n */
  readonly inverse: Float64Array;
}

export function logPath(prices: PricePath): LogPath {
  const { rows, assets: n, values } = prices;
  const returns = new Float64Array(rows * n);
  const inverse = new Float64Array(rows * n);
  for (let at = 0; at < n; at++) inverse[at] = 1 / values[at];
  for (let at = n; at < rows * n; at++) {
    const now = values[at];
    const before = values[at - n];
    inverse[at] = 1 / now;
    // 2·atanh(z), a short sum for what prices do in a row: to z⁹/9, below 3e-17 of the first term at the bound.
    const z = (now - before) / (now + before);
    const s = z * z;
    returns[at] =
      s < SMALL * SMALL
        ? 2 * z * (1 + s * (1 / 3 + s * (1 / 5 + s * (1 / 7 + s * (1 / 9)))))
        : Math.log(now / before);
  }
  return { prices, returns, inverse };
}

const SMALL = 0.03;

/** e^x, a short sum for what a pool does in a row: to x⁹/9!, below 3e-17 at the bound. */
function exponential(x: number): number {
  if (x > 0.07 || x < -0.07) return Math.exp(x);
  let sum = 1 / 362_880;
  sum = 1 / 40_320 + x * sum;
  sum = 1 / 5_040 + x * sum;
  sum = 1 / 720 + x * sum;
  sum = 1 / 120 + x * sum;
  sum = 1 / 24 + x * sum;
  sum = 1 / 6 + x * sum;
  sum = 1 / 2 + x * sum;
  return 1 + x * (1 + x * sum);
}

/**
 * Reserves without fees at constant weights: R_i(t) = R_i(0)·p_i(0)/p_i(t)·∏_j (p_j(t)/p_j(0))^{w_j}. They depend on the last
 * prices only, whatever lay between.
 *
 * @param out T × n, written
 */
export function constantWeightReserves(
  { prices: { rows, assets: n, values }, returns, inverse }: LogPath,
  weights: Float64Array,
  initial: Float64Array,
  out: Float64Array,
): void {
  const worth = initial.map((reserve, i) => reserve * values[i]);
  let grown = 1;
  for (let t = 0, at = 0; t < rows; t++, at += n) {
    let log = 0;
    for (let i = 0; i < n; i++) log += weights[i] * returns[at + i];
    grown *= exponential(log);
    for (let i = 0; i < n; i++) out[at + i] = worth[i] * grown * inverse[at + i];
  }
}

/**
 * Reserves without fees while weights move: in each row the pool is arbitraged at the old weights and the new prices, then at
 * the new weights. With V the value and r log returns:
 *
 * ln V(t) = ln V(t−1) + Σ w(t−1)·r(t) − Σ w(t)·ln(w(t)/w(t−1)), R_i(t) = w_i(t)·V(t)/p_i(t).
 *
 * @param weights T × n
 * @param initial reserves before row 0; at other weights than these prices have they are arbitraged at once
 * @param out T × n, written
 */
export function movingWeightReserves(
  { prices: { rows, assets: n, values }, returns, inverse }: LogPath,
  weights: Float64Array,
  initial: Float64Array,
  out: Float64Array,
): void {
  // The invariant of row 0 says what the reserves are worth once they are arbitraged: ∏ R^w = ∏ (wV/p)^w.
  let logValue = 0;
  for (let i = 0; i < n; i++) logValue += weights[i] * Math.log((initial[i] * values[i]) / weights[i]);
  let value = Math.exp(logValue);
  for (let i = 0; i < n; i++) out[i] = weights[i] * value * inverse[i];
  for (let t = 1, at = n; t < rows; t++, at += n) {
    let log = 0;
    for (let i = 0; i < n; i++) {
      const before = weights[at - n + i];
      const moved = weights[at + i] - before;
      log += before * returns[at + i] - divergence(moved, before);
    }
    value *= exponential(log);
    for (let i = 0; i < n; i++) out[at + i] = weights[at + i] * value * inverse[at + i];
  }
}

/**
 * w'·ln(w'/w) − (w' − w), what a weight's move costs: the second terms sum to nothing over a pool. A short sum for moves as small as those
 * of a row, m·x·(1/2 − x/6 + x²/12 − …) with m the move and x = m/w: to x⁸, below 2e-17 of the first at the bound.
 */
function divergence(moved: number, before: number): number {
  if (moved === 0) return 0;
  const x = moved / before;
  if (x > SMALL || x < -SMALL) return (before + moved) * Math.log1p(x) - moved;
  return (
    moved *
    x *
    (1 / 2 +
      x *
        (-1 / 6 +
          x *
            (1 / 12 +
              x * (-1 / 20 + x * (1 / 30 + x * (-1 / 42 + x * (1 / 56 + x * (-1 / 72 + x * (1 / 90)))))))))
  );
}
