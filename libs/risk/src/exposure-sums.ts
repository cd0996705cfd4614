import type { FactorForecast } from './factor-forecast.js';

/** Fields after the K exposures in a row of {@link ExposureSums}. */
const OWN_VARIANCE = 0;
const OWN_VARIANCE_RATE = 1;
const FORWARD = 2;
const ENTRY = 3;
const EXTRA = 4;

/** One market's part of the sums: size and entry notional, both signed. */
export interface MarketHolding {
  readonly market: number;
  readonly size: number;
  readonly entryNotional: number;
}

/**
 * The sums over all markets that pricing needs: Bᵀx (K), Σ ω_i x_i², Σ ω̇_i x_i², F = Σ x_i and C = Σ C_i, kept as a binary tree whose
 * leaves are the markets. A node is the sum of its two children, so that a market that changes costs O(K log n), and the root is
 * the same to the last bit whatever has changed before and in whatever order: no rounding gathers, and a process that starts again
 * from the exact books has the same numbers as one that ran on. Summing in pairs is also more exact than summing along.
 *
 * Source: N. Higham, "The accuracy of floating point summation", SIAM J. Sci. Comput. 14 (1993), pairwise summation.
 */
export class ExposureSums {
  readonly markets: number;
  /** K */
  readonly factors: number;
  readonly sizes: Float64Array;
  readonly entryNotionals: Float64Array;
  readonly prices: Float64Array;
  /** x = S∘q, n */
  readonly notionals: Float64Array;
  private readonly width: number;
  private readonly leaves: number;
  /** node i has its children at 2i and 2i + 1, the root is 1 */
  private readonly nodes: Float64Array;
  private readonly scratch: Float64Array;

  /**
   * @param forecast its loadings and variances are kept by reference
   * @param sizes q, n; copied, as the other two are
   */
  constructor(
    private readonly forecast: FactorForecast,
    sizes: Float64Array,
    entryNotionals: Float64Array,
    prices: Float64Array,
  ) {
    this.markets = sizes.length;
    this.factors = forecast.factors;
    this.sizes = Float64Array.from(sizes);
    this.entryNotionals = Float64Array.from(entryNotionals);
    this.prices = Float64Array.from(prices);
    this.notionals = new Float64Array(this.markets);
    this.width = this.factors + EXTRA;
    this.leaves = 1 << Math.ceil(Math.log2(Math.max(1, this.markets)));
    this.nodes = new Float64Array(2 * this.leaves * this.width);
    this.scratch = new Float64Array(this.width);
    for (let i = 0; i < this.markets; i++) this.writeLeaf(i);
    for (let node = this.leaves - 1; node >= 1; node--) this.add(node);
  }

  /** Row of the sums: K exposures and four more; read only. */
  get root(): Float64Array {
    return this.nodes.subarray(this.width, 2 * this.width);
  }

  /** Σ ω_i x_i² of a row. */
  ownVariance(row: Float64Array): number {
    return row[this.factors + OWN_VARIANCE];
  }
  /** Σ ω̇_i x_i² of a row. */
  ownVarianceRate(row: Float64Array): number {
    return row[this.factors + OWN_VARIANCE_RATE];
  }
  /** F of a row. */
  forward(row: Float64Array): number {
    return row[this.factors + FORWARD];
  }
  /** C of a row. */
  entryNotional(row: Float64Array): number {
    return row[this.factors + ENTRY];
  }

  /** A new mark. O(K log n). */
  setPrice(market: number, price: number): void {
    if (this.prices[market] === price) return;
    this.prices[market] = price;
    if (this.sizes[market] !== 0) this.changed(market);
  }

  /** A market's size and entry notional as the books have them. O(K log n). */
  setHolding(market: number, size: number, entryNotional: number): void {
    if (this.sizes[market] === size && this.entryNotionals[market] === entryNotional) return;
    this.sizes[market] = size;
    this.entryNotionals[market] = entryNotional;
    this.changed(market);
  }

  /**
   * The sums as they would be with other holdings, each market at most once. O(K log n) a holding.
   *
   * @returns a row that is valid until the next call, or the root where nothing is different
   */
  with(holdings: readonly MarketHolding[]): Float64Array {
    if (holdings.length === 0) return this.root;
    if (holdings.length === 1) return this.withOne(holdings[0]);
    const before = holdings.map(({ market }) => ({
      market,
      size: this.sizes[market],
      entryNotional: this.entryNotionals[market],
    }));
    for (const { market, size, entryNotional } of holdings) this.setHolding(market, size, entryNotional);
    this.scratch.set(this.root);
    for (const { market, size, entryNotional } of before) this.setHolding(market, size, entryNotional);
    return this.scratch;
  }

  private withOne({ market, size, entryNotional }: MarketHolding): Float64Array {
    const { nodes, scratch, width } = this;
    this.leaf(scratch, 0, market, size * this.prices[market], entryNotional);
    for (let node = this.leaves + market; node > 1; node >>= 1) {
      const sibling = (node ^ 1) * width;
      for (let k = 0; k < width; k++) scratch[k] += nodes[sibling + k];
    }
    return scratch;
  }

  private changed(market: number): void {
    this.writeLeaf(market);
    for (let node = (this.leaves + market) >> 1; node >= 1; node >>= 1) this.add(node);
  }

  private writeLeaf(market: number): void {
    const x = this.sizes[market] * this.prices[market];
    this.notionals[market] = x;
    this.leaf(this.nodes, (this.leaves + market) * this.width, market, x, this.entryNotionals[market]);
  }

  private leaf(row: Float64Array, at: number, market: number, x: number, entryNotional: number): void {
    const { loadings, own, ownRates } = this.forecast;
    const K = this.factors;
    for (let k = 0, from = market * K; k < K; k++) row[at + k] = loadings[from + k] * x;
    row[at + K + OWN_VARIANCE] = own[market] * x * x;
    row[at + K + OWN_VARIANCE_RATE] = ownRates[market] * x * x;
    row[at + K + FORWARD] = x;
    row[at + K + ENTRY] = entryNotional;
  }

  private add(node: number): void {
    const { nodes, width } = this;
    const at = node * width;
    const left = 2 * at;
    for (let k = 0; k < width; k++) nodes[at + k] = nodes[left + k] + nodes[left + width + k];
  }
}
