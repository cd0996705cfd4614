import type { PricePath } from '../prices.js';

/** What all parameter sets need of a price path, once. */
export interface LogPath {
  readonly prices: PricePath;
  /** ln p(t)/p(0), T × n */
  readonly growth: Float64Array;
  /** p(0)/p(t), T × n */
  readonly inverse: Float64Array;
}

export function logPath(prices: PricePath): LogPath {
  const { rows, assets: n, values } = prices;
  const growth = new Float64Array(rows * n);
  const inverse = new Float64Array(rows * n);
  for (let i = 0; i < n; i++) {
    const first = values[i];
    for (let at = i; at < rows * n; at += n) {
      inverse[at] = first / values[at];
      growth[at] = -Math.log(inverse[at]);
    }
  }
  return { prices, growth, inverse };
}

/**
 * Reserves without fees at constant weights: R_i(t) = R_i(0)·p_i(0)/p_i(t)·∏_j (p_j(t)/p_j(0))^{w_j}. They depend on the last
 * prices only, whatever lay between.
 *
 * @param out T × n, written
 */
export function constantWeightReserves(
  { prices: { rows, assets: n }, growth, inverse }: LogPath,
  weights: Float64Array,
  initial: Float64Array,
  out: Float64Array,
): void {
  for (let t = 0, at = 0; t < rows; t++, at += n) {
    let log = 0;
    for (let i = 0; i < n; i++) log += weights[i] * growth[at + i];
    const growing = Math.exp(log);
    for (let i = 0; i < n; i++) out[at + i] = initial[i] * growing * inverse[at + i];
  }
}

/** ln(1 + x) is a short sum for changes as small as those of weights within a row. */
const SMALL = 0.02;

function logOnePlus(x: number): number {
  if (x > SMALL || x < -SMALL) return Math.log1p(x);
  // To x⁹/9, below 6e-17 of 1 at the bound.
  return (
    x *
    (1 + x * (-1 / 2 + x * (1 / 3 + x * (-1 / 4 + x * (1 / 5 + x * (-1 / 6 + x * (1 / 7 + x * (-1 / 8))))))))
  );
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
  { prices: { rows, assets: n, values }, growth, inverse }: LogPath,
  weights: Float64Array,
  initial: Float64Array,
  out: Float64Array,
): void {
  // The invariant of row 0 says what the reserves are worth once they are arbitraged: ∏ R^w = ∏ (wV/p)^w.
  let logValue = 0;
  for (let i = 0; i < n; i++) logValue += weights[i] * Math.log((initial[i] * values[i]) / weights[i]);
  const scale = Array.from({ length: n }, (_, i) => 1 / values[i]);
  for (let t = 0, at = 0; t < rows; t++, at += n) {
    if (t > 0) {
      for (let i = 0; i < n; i++) {
        const before = weights[at - n + i];
        const now = weights[at + i];
        logValue += before * (growth[at + i] - growth[at - n + i]);
        if (now !== before) logValue -= now * logOnePlus((now - before) / before);
      }
    }
    const value = Math.exp(logValue);
    for (let i = 0; i < n; i++) out[at + i] = weights[at + i] * value * scale[i] * inverse[at + i];
  }
}
