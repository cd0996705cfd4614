/** Positions of an account at prices: the first `count` entries, by ascending market. */
export interface Holdings {
  count: number;
  readonly markets: Uint16Array;
  /** signed size × price, money */
  readonly notionals: Float64Array;
}

const FIRST_ACCOUNTS = 64;

/**
 * Accounts of a conventional exchange in columns: cash after every trade at its price, and signed sizes by market. Every sum runs over
 * open positions by ascending market, or over accounts in their order of joining.
 */
export class AccountTable {
  readonly names: string[] = [];
  cash = new Float64Array(FIRST_ACCOUNTS);
  /** by account, then market */
  private sizes: Float64Array;
  /** Σ size × price of the open size, for the profit that deleveraging ranks by */
  private entries: Float64Array;
  /** how many positions of an account are open, and in which markets: the first ones of its row, ascending */
  private open = new Uint16Array(FIRST_ACCOUNTS);
  private held: Uint16Array;
  /** sizes once more, by market, then account: open interest is summed over all accounts */
  private columns: Float64Array[];
  /** accounts whose cash or positions have changed since they were last {@link seen} */
  private changed = new Uint8Array(FIRST_ACCOUNTS);
  private readonly index = new Map<string, number>();
  private readonly reading: Holdings;

  constructor(readonly markets: number) {
    this.sizes = new Float64Array(FIRST_ACCOUNTS * markets);
    this.entries = new Float64Array(FIRST_ACCOUNTS * markets);
    this.held = new Uint16Array(FIRST_ACCOUNTS * markets);
    this.columns = Array.from({ length: markets }, () => new Float64Array(FIRST_ACCOUNTS));
    this.reading = { count: 0, markets: new Uint16Array(markets), notionals: new Float64Array(markets) };
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

  entry(account: number, market: number): number {
    return this.entries[account * this.markets + market];
  }

  /** Signed sizes by market. */
  sizesOf(account: number): Float64Array {
    return this.sizes.slice(account * this.markets, (account + 1) * this.markets);
  }

  isFlat(account: number): boolean {
    return this.open[account] === 0;
  }

  /** Whether cash or positions of an account have changed since this was asked last, funding apart. */
  seen(account: number): boolean {
    const changed = this.changed[account] === 1;
    this.changed[account] = 0;
    return changed;
  }

  /** @param amount money; negative where the account pays */
  pay(account: number, amount: number): void {
    this.cash[account] += amount;
    this.changed[account] = 1;
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
    const kept = Math.abs(next) <= 1e-12 * Math.abs(held) ? 0 : next;
    this.sizes[at] = kept;
    this.columns[market][account] = kept;
    if (kept === 0) this.entries[at] = 0;
    if (held === 0 && kept !== 0) this.opened(account, market);
    else if (held !== 0 && kept === 0) this.closed(account, market);
    this.cash[account] -= size * price;
    this.changed[account] = 1;
  }

  /** An account's positions at prices, until this is asked again. */
  holdings(account: number, prices: Float64Array): Holdings {
    const { reading, held, sizes } = this;
    const first = account * this.markets;
    reading.count = this.open[account];
    for (let j = 0; j < reading.count; j++) {
      const market = held[first + j];
      reading.markets[j] = market;
      reading.notionals[j] = sizes[first + market] * prices[market];
    }
    return reading;
  }

  /** Σ|size × price|. */
  gross(account: number, prices: Float64Array): number {
    const { held, sizes } = this;
    const first = account * this.markets;
    let gross = 0;
    for (let j = first; j < first + this.open[account]; j++)
      gross += Math.abs(sizes[first + held[j]] * prices[held[j]]);
    return gross;
  }

  equity(account: number, prices: Float64Array): number {
    const { held, sizes } = this;
    const first = account * this.markets;
    let equity = this.cash[account];
    for (let j = first; j < first + this.open[account]; j++)
      equity += sizes[first + held[j]] * prices[held[j]];
    return equity;
  }

  /** Cash at the entry prices of open positions. */
  collateral(account: number): number {
    let collateral = this.cash[account];
    const first = account * this.markets;
    for (let j = first; j < first + this.open[account]; j++) collateral += this.entries[first + this.held[j]];
    return collateral;
  }

  /**
   * Every account pays for its positions.
   *
   * @param due of a unit of size, money by market
   * @param paid by market, added up
   */
  accrue(due: Float64Array, paid: Float64Array): void {
    const { held, sizes, cash, open, markets } = this;
    for (let account = 0; account < this.count; account++) {
      const first = account * markets;
      for (let j = first; j < first + open[account]; j++) {
        const owed = sizes[first + held[j]] * due[held[j]];
        cash[account] -= owed;
        paid[held[j]] += owed;
      }
    }
  }

  /** Σ of longs and of shorts in a market. */
  interest(market: number): { readonly long: number; readonly short: number } {
    const column = this.columns[market];
    let long = 0;
    let short = 0;
    for (let account = 0; account < this.count; account++) {
      const size = column[account];
      if (size > 0) long += size;
      else short -= size;
    }
    return { long, short };
  }

  private opened(account: number, market: number): void {
    const first = account * this.markets;
    let at = first + this.open[account]++;
    for (; at > first && this.held[at - 1] > market; at--) this.held[at] = this.held[at - 1];
    this.held[at] = market;
  }

  private closed(account: number, market: number): void {
    const first = account * this.markets;
    const last = first + --this.open[account];
    for (let at = this.held.indexOf(market, first); at < last; at++) this.held[at] = this.held[at + 1];
  }

  private grow(): void {
    const doubled = <Column extends Float64Array | Uint16Array | Uint8Array>(values: Column): Column => {
      const grown = new (values.constructor as new (length: number) => Column)(2 * values.length);
      grown.set(values);
      return grown;
    };
    this.cash = doubled(this.cash);
    this.open = doubled(this.open);
    this.changed = doubled(this.changed);
    this.sizes = doubled(this.sizes);
    this.entries = doubled(this.entries);
    this.held = doubled(this.held);
    this.columns = this.columns.map(doubled);
  }
}
