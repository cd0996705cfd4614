import type { PricePath } from '../prices.js';
import { BLOCK_ROWS, ReservesKernel } from './kernel.js';

/** A set of parameters, as far as reserves without fees go. */
export interface ZeroFeeSet {
  /** n where they are constant, T × n where they move */
  readonly weights: Float64Array;
  /**
   * reserves before row 0; at other weights than these prices have they are arbitraged at once where weights
   * move
   */
  readonly initial: Float64Array;
  /** T × n, written */
  readonly out: Float64Array;
}

/** Writes a block of rows on the result of the blocks before. */
type Advance = (kernel: ReservesKernel, from: number, rows: number) => void;

/**
 * Reserves without fees, for sets of parameters that share prices.
 *
 * Constant weights: R_i(t) = R_i(0)·p_i(0)/p_i(t)·∏_j (p_j(t)/p_j(0))^{w_j}. They depend on the last prices
 * only, whatever lay between.
 *
 * Weights that move: in each row the pool is arbitraged at the old weights and the new prices, then at the
 * new weights. With V the value and r log returns,
 *
 * ln V(t) = ln V(t−1) + Σ w(t−1)·r(t) − Σ w(t)·ln(w(t)/w(t−1)), R_i(t) = w_i(t)·V(t)/p_i(t).
 */
export function zeroFeeReserves(prices: PricePath, sets: readonly ZeroFeeSet[]): void {
  const { rows, assets, values } = prices;
  const kernel = new ReservesKernel(assets);
  const advances = sets.map((set) => (set.weights.length > assets ? moving : constant)(prices, set));
  // Blocks outside, sets inside: series that all sets need are made once and stays near the processor.
  for (let from = 0; from < rows; from += BLOCK_ROWS) {
    const count = Math.min(BLOCK_ROWS, rows - from);
    kernel.takePrices(values, from, count);
    for (const advance of advances) advance(kernel, from, count);
  }
}

function constant({ values }: PricePath, { weights, initial, out }: ZeroFeeSet): Advance {
  const worth = initial.map((reserve, i) => reserve * values[i]);
  let grown = 1;
  return (kernel, from, rows) => {
    grown = kernel.constantWeights(weights, worth, grown, from, rows, out);
  };
}

function moving({ assets, values }: PricePath, { weights, initial, out }: ZeroFeeSet): Advance {
  // The invariant of row 0 gives the worth of the reserves once they are arbitraged: ∏ R^w = ∏ (wV/p)^w.
  let log = 0;
  for (let i = 0; i < assets; i++) log += weights[i] * Math.log((initial[i] * values[i]) / weights[i]);
  let value = Math.exp(log);
  return (kernel, from, rows) => {
    value = kernel.movingWeights(weights, value, from, rows, out);
  };
}
