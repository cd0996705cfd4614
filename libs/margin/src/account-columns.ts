import { InvalidInputError } from '#lib/errors';

/** A position with the funding index at which it was last settled. */
export interface IndexedPosition {
  readonly market: string;
  readonly size: number;
  readonly entryNotional: number;
  /** cumulative funding, money per unit of size */
  readonly fundingIndex: number;
}

const INITIAL_ACCOUNTS = 1024;
const INITIAL_SLOTS = 4096;
const MOST_MARKETS = 32_768;

/**
 * Accounts in columns: an account is a run of slots, a slot a signed size and a market's code. A pass over all goes
 * through memory in order and creates no objects.
 */
export class AccountColumns {
  private readonly indexOf = new Map<string, number>();
  private readonly marketIndex = new Map<string, number>();
  private capacity = new Int32Array(INITIAL_ACCOUNTS);
  private used = 0;
  readonly names: string[] = [];
  /** cash + Σ (size·I₀ − entry notional), by account */
  base = new Float64Array(INITIAL_ACCOUNTS);
  start = new Int32Array(INITIAL_ACCOUNTS);
  length = new Int32Array(INITIAL_ACCOUNTS);
  sizes = new Float64Array(INITIAL_SLOTS);
  /** size·I₀ − entry notional, by slot */
  private terms = new Float64Array(INITIAL_SLOTS);
  /** 2·market for a long, 2·market + 1 for a short */
  codes = new Uint16Array(INITIAL_SLOTS);

  /** @param onMarket told of each market once, in the order of their numbers */
  constructor(private readonly onMarket: (market: string, index: number) => void) {}

  get count(): number {
    return this.names.length;
  }

  /** Replaces an account's state. @returns the account's number */
  set(account: string, cash: number, positions: readonly IndexedPosition[]): number {
    const index = this.indexOf.get(account) ?? this.add(account);
    this.reserve(index, positions.length);
    let base = cash;
    const first = this.start[index];
    positions.forEach(({ market, size, entryNotional, fundingIndex }, i) => {
      const term = size * fundingIndex - entryNotional;
      base += term;
      this.terms[first + i] = term;
      this.sizes[first + i] = size;
      this.codes[first + i] = 2 * this.marketOf(market) + (size < 0 ? 1 : 0);
    });
    this.base[index] = base;
    this.length[index] = positions.length;
    return index;
  }

  /**
   * {@link set} of an account whose positions are as they were, the same to the bit.
   *
   * @returns the account's number
   * @throws {InvalidInputError} for one that was never set
   */
  setCash(account: string, cash: number): number {
    const index = this.indexOf.get(account);
    if (index === undefined) throw new InvalidInputError('account', `is not in the book: ${account}`);
    const first = this.start[index];
    const end = first + this.length[index];
    let base = cash;
    for (let slot = first; slot < end; slot++) base += this.terms[slot];
    this.base[index] = base;
    return index;
  }

  /** The number of a market, given at its first mention. @throws {InvalidInputError} past 32,768 markets */
  marketOf(market: string): number {
    let index = this.marketIndex.get(market);
    if (index === undefined) {
      index = this.marketIndex.size;
      if (index >= MOST_MARKETS)
        throw new InvalidInputError('market', `the book holds at most ${MOST_MARKETS} markets`);
      this.onMarket(market, index);
      this.marketIndex.set(market, index);
    }
    return index;
  }

  private add(account: string): number {
    const index = this.names.length;
    this.names.push(account);
    this.indexOf.set(account, index);
    if (index >= this.base.length) {
      this.base = grown(this.base, index);
      this.start = grown(this.start, index);
      this.length = grown(this.length, index);
      this.capacity = grown(this.capacity, index);
    }
    return index;
  }

  /** Room for `needed` slots: in place, or a longer run at the end. Runs left behind are dropped when they are half of all. */
  private reserve(index: number, needed: number): void {
    if (needed <= this.capacity[index]) return;
    const room = Math.max(needed, 2 * this.capacity[index]);
    if (this.used + room > this.sizes.length) this.compact(room);
    this.start[index] = this.used;
    this.capacity[index] = room;
    this.used += room;
  }

  private compact(extra: number): void {
    let live = 0;
    for (let account = 0; account < this.names.length; account++) live += this.capacity[account];
    const sizes = new Float64Array(2 * (live + extra));
    const codes = new Uint16Array(sizes.length);
    const terms = new Float64Array(sizes.length);
    let at = 0;
    for (let account = 0; account < this.names.length; account++) {
      const first = this.start[account];
      const end = first + this.length[account];
      sizes.set(this.sizes.subarray(first, end), at);
      codes.set(this.codes.subarray(first, end), at);
      terms.set(this.terms.subarray(first, end), at);
      this.start[account] = at;
      at += this.capacity[account];
    }
    this.sizes = sizes;
    this.codes = codes;
    this.terms = terms;
    this.used = at;
  }
}

/** A copy of a column with room for an index, and for as many again; new places are 0. */
export function grown<A extends Float64Array | Int32Array | Uint8Array>(column: A, index: number): A {
  const longer = new (column.constructor as new (length: number) => A)(2 * (index + 1));
  longer.set(column);
  return longer;
}
