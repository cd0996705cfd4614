import { readFileSync } from 'node:fs';

/** Rows the kernel works on at once: the number of native/reserves.c. */
export const BLOCK_ROWS = 512;

/** The used part: the types of Node 20 leave it out, and a browser's bring much else. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
};

/**
 * Exports of native/reserves.c. Rows of a block at most {@link BLOCK_ROWS}, and even but for the last block
 * of a path.
 */
interface KernelExports {
  readonly memory: { readonly buffer: ArrayBuffer };
  prices_at(): number;
  weights_at(): number;
  worth_at(): number;
  reserves_at(): number;
  take_prices(rows: number, assets: number): void;
  constant_weights(rows: number, assets: number, grown: number): number;
  moving_weights(rows: number, assets: number, value: number): number;
}

/**
 * Zero-fee reserves of a block of rows, in vectors. Its memory is its own: results are copied out.
 */
export class ReservesKernel {
  private static exports: KernelExports | undefined;

  private readonly prices: Float64Array;
  private readonly weights: Float64Array;
  private readonly worth: Float64Array;
  private readonly reserves: Float64Array;

  /** @param assets n, 2 to 8 */
  constructor(private readonly assets: number) {
    const exports = (ReservesKernel.exports ??= instantiate());
    const at = (offset: number, rows: number) =>
      new Float64Array(exports.memory.buffer, offset, rows * assets);
    this.prices = at(exports.prices_at(), BLOCK_ROWS + 1);
    this.weights = at(exports.weights_at(), BLOCK_ROWS + 1);
    this.worth = at(exports.worth_at(), 1);
    this.reserves = at(exports.reserves_at(), BLOCK_ROWS);
  }

  /** Prices of rows `from … from + rows − 1`, T × n, for all that is asked for until the next. */
  takePrices(values: Float64Array, from: number, rows: number): void {
    this.takeRows(this.prices, values, from, rows);
    ReservesKernel.exports!.take_prices(rows, this.assets);
  }

  /**
   * Reserves at constant weights: worth_i/p_i times the pool's growth.
   *
   * @param weights n
   * @param worth of each reserve in row 0
   * @param grown ∏_j (p_j/p_j(0))^{w_j} before these rows, 1 before row 0
   * @param out T × n, of which the rows of the block are written
   * @returns the same after these rows; means nothing after an odd number
   */
  constantWeights(
    weights: Float64Array,
    worth: Float64Array,
    grown: number,
    from: number,
    rows: number,
    out: Float64Array,
  ): number {
    this.weights.set(weights);
    this.worth.set(worth);
    const after = ReservesKernel.exports!.constant_weights(rows, this.assets, grown);
    this.giveRows(out, from, rows);
    return after;
  }

  /**
   * Reserves while weights move: weights times value over prices.
   *
   * @param weights T × n
   * @param value of the pool before these rows
   * @param out T × n, of which the rows of the block are written
   * @returns the value after these rows; means nothing after an odd number
   */
  movingWeights(weights: Float64Array, value: number, from: number, rows: number, out: Float64Array): number {
    this.takeRows(this.weights, weights, from, rows);
    const after = ReservesKernel.exports!.moving_weights(rows, this.assets, value);
    this.giveRows(out, from, rows);
    return after;
  }

  /** The row before comes first; nothing moves into row 0, which is its own. */
  private takeRows(into: Float64Array, values: Float64Array, from: number, rows: number): void {
    const n = this.assets;
    if (from > 0) {
      into.set(values.subarray((from - 1) * n, (from + rows) * n));
      return;
    }
    into.set(values.subarray(0, n));
    into.set(values.subarray(0, rows * n), n);
  }

  private giveRows(out: Float64Array, from: number, rows: number): void {
    const n = this.assets;
    out.set(rows === BLOCK_ROWS ? this.reserves : this.reserves.subarray(0, rows * n), from * n);
  }
}

function instantiate(): KernelExports {
  const bytes = readFileSync(new URL('../../native/reserves.wasm', import.meta.url));
  return new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports as KernelExports;
}
