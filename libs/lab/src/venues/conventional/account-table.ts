/** Accounts of a conventional exchange in columns: cash after every trade at its price, and signed sizes by market. */
export class AccountTable {
  readonly names: string[] = [];
  cash = new Float64Array(64);
  sizes: Float64Array;
  /** Σ size × price of the open size, for the profit that deleveraging ranks by */
  entries: Float64Array;
  /** open positions by account: those without are passed over */
  open = new Int32Array(64);
  private readonly index = new Map<string, number>();

  constructor(readonly markets: number) {
    this.sizes = new Float64Array(64 * markets);
    this.entries = new Float64Array(64 * markets);
  }

  get count(): number {
    return this.names.length;
  }

  /** Number of an account, which is opened where it is new. */
  of(name: string): number {
    const known = this.index.get(name);
    if (known !== undefined) return known;
    const at = this.names.push(name) - 1;
    this.index.set(name, at);
    if (at >= this.cash.length) this.grow();
    return at;
  }

  size(account: number, market: number): number {
    return this.sizes[account * this.markets + market];
  }

  /** Changes a position at a price, paid in cash. */
  trade(account: number, market: number, size: number, price: number): void {
    const at = account * this.markets + market;
    const held = this.sizes[at];
    const reduces = held !== 0 && held > 0 !== size > 0;
    if (!reduces) this.entries[at] += size * price;
    else if (Math.abs(size) < Math.abs(held)) this.entries[at] += (this.entries[at] / held) * size;
    else this.entries[at] = (held + size) * price;
    const next = held + size;
    // A remainder of rounding after a full close counts as zero.
    this.sizes[at] = Math.abs(next) <= 1e-12 * Math.abs(held) ? 0 : next;
    this.open[account] += (this.sizes[at] === 0 ? 0 : 1) - (held === 0 ? 0 : 1);
    if (this.sizes[at] === 0) this.entries[at] = 0;
    this.cash[account] -= size * price;
  }

  /** Signed notionals at prices; markets without a price count at 0. */
  notionals(account: number, prices: Float64Array): Float64Array {
    const x = new Float64Array(this.markets);
    const first = account * this.markets;
    for (let i = 0; i < this.markets; i++) {
      const size = this.sizes[first + i];
      if (size !== 0) x[i] = size * prices[i];
    }
    return x;
  }

  /** Σ|size × price|. */
  gross(account: number, prices: Float64Array): number {
    if (this.open[account] === 0) return 0;
    let gross = 0;
    const first = account * this.markets;
    for (let i = 0; i < this.markets; i++) {
      const size = this.sizes[first + i];
      if (size !== 0) gross += Math.abs(size * prices[i]);
    }
    return gross;
  }

  equity(account: number, prices: Float64Array): number {
    let equity = this.cash[account];
    if (this.open[account] === 0) return equity;
    const first = account * this.markets;
    for (let i = 0; i < this.markets; i++) {
      const size = this.sizes[first + i];
      if (size !== 0) equity += size * prices[i];
    }
    return equity;
  }

  /** Σ of longs and of shorts in a market. */
  interest(market: number): { readonly long: number; readonly short: number } {
    let long = 0;
    let short = 0;
    for (let at = market; at < this.count * this.markets; at += this.markets) {
      const size = this.sizes[at];
      if (size > 0) long += size;
      else short -= size;
    }
    return { long, short };
  }

  private grow(): void {
    const open = new Int32Array(2 * this.open.length);
    open.set(this.open);
    this.open = open;
    const doubled = (values: Float64Array) => {
      const grown = new Float64Array(2 * values.length);
      grown.set(values);
      return grown;
    };
    this.cash = doubled(this.cash);
    this.sizes = doubled(this.sizes);
    this.entries = doubled(this.entries);
  }
}
