import { InvalidInputError } from '#lib/errors';
import type { MarginSchedule } from './margin-rates.js';

/** A position with the funding index at which it was last settled. */
export interface IndexedPosition {
  readonly market: string;
  readonly size: number;
  readonly entryNotional: number;
  /** cumulative funding, money per unit of size */
  readonly fundingIndex: number;
}

/** An account below its maintenance margin. */
export interface UnderMargined {
  readonly account: string;
  readonly equity: number;
  readonly maintenanceMargin: number;
}

const INITIAL_ACCOUNTS = 1024;
const INITIAL_SLOTS = 4096;

/**
 * Every account's margin in columns, marked to market in one pass. An account is a run of slots; a slot is a signed size
 * and the column of coefficients it is multiplied with. With I the market's funding index,
 *
 *     equity − maintenance margin = base + Σ size·(S − sign·r·S − I),
 *     base = cash + Σ (size·I₀ − entry notional),
 *
 * so a price tick changes two coefficients a market, and the pass over all accounts is one multiply-add a position
 * through memory in order.
 */
export class MarginBook {
  private readonly indexOf = new Map<string, number>();
  private readonly names: string[] = [];
  private base = new Float64Array(INITIAL_ACCOUNTS);
  private start = new Int32Array(INITIAL_ACCOUNTS);
  private length = new Int32Array(INITIAL_ACCOUNTS);
  private capacity = new Int32Array(INITIAL_ACCOUNTS);
  private sizes = new Float64Array(INITIAL_SLOTS);
  /** 2·market for a long, 2·market + 1 for a short */
  private columns = new Uint16Array(INITIAL_SLOTS);
  private used = 0;
  private readonly marketIndex = new Map<string, number>();
  private readonly marks: number[] = [];
  private readonly maintenance: number[] = [];
  private readonly indices: number[] = [];
  private coefficients = new Float64Array(0);

  constructor(private readonly rates: MarginSchedule) {}

  get accounts(): number {
    return this.names.length;
  }

  /** Replaces an account's state. */
  set(account: string, cash: number, positions: readonly IndexedPosition[]): void {
    const index = this.indexOf.get(account) ?? this.add(account);
    this.reserve(index, positions.length);
    let base = cash;
    const first = this.start[index];
    positions.forEach(({ market, size, entryNotional, fundingIndex }, i) => {
      base += size * fundingIndex - entryNotional;
      this.sizes[first + i] = size;
      this.columns[first + i] = 2 * this.marketOf(market) + (size < 0 ? 1 : 0);
    });
    this.base[index] = base;
    this.length[index] = positions.length;
  }

  /** @throws {InvalidInputError} for a price that is not one */
  setMark(market: string, price: number): void {
    if (!(price > 0 && price < Infinity))
      throw new InvalidInputError(`${market}.price`, `must be positive, got ${price}`);
    const index = this.marketOf(market);
    this.marks[index] = price;
    this.refresh(index);
  }

  /** @param fundingIndex cumulative, money per unit of size */
  setFundingIndex(market: string, fundingIndex: number): void {
    const index = this.marketOf(market);
    this.indices[index] = fundingIndex;
    this.refresh(index);
  }

  /**
   * Every account whose equity is below its maintenance margin, the most under-margined first (by equity over margin).
   * Accounts with a position in a market without a mark are left out: nothing can be said of them.
   */
  underMargined(): UnderMargined[] {
    const found: UnderMargined[] = [];
    const { base, start, length, sizes, columns, coefficients } = this;
    const count = this.names.length;
    for (let account = 0; account < count; account++) {
      let excess = base[account];
      const first = start[account];
      const end = first + length[account];
      for (let slot = first; slot < end; slot++) excess += sizes[slot] * coefficients[columns[slot]];
      if (excess < 0 && end > first) found.push(this.detail(account));
    }
    return found.sort(
      (a, b) =>
        a.equity / a.maintenanceMargin - b.equity / b.maintenanceMargin || (a.account < b.account ? -1 : 1),
    );
  }

  private detail(account: number): UnderMargined {
    let equity = this.base[account];
    let maintenanceMargin = 0;
    for (let slot = this.start[account]; slot < this.start[account] + this.length[account]; slot++) {
      const market = this.columns[slot] >> 1;
      const value = this.sizes[slot] * this.marks[market];
      equity += value - this.sizes[slot] * this.indices[market];
      maintenanceMargin += this.maintenance[market] * Math.abs(value);
    }
    return { account: this.names[account], equity, maintenanceMargin };
  }

  private marketOf(market: string): number {
    let index = this.marketIndex.get(market);
    if (index === undefined) {
      index = this.marks.length;
      if (index > 32_767) throw new InvalidInputError('market', 'the book holds at most 32768 markets');
      this.marketIndex.set(market, index);
      this.marks.push(NaN);
      this.indices.push(0);
      this.maintenance.push(this.rates.of(market).maintenance);
      const grown = new Float64Array(2 * this.marks.length).fill(NaN);
      grown.set(this.coefficients);
      this.coefficients = grown;
    }
    return index;
  }

  private refresh(index: number): void {
    const mark = this.marks[index];
    const margin = this.maintenance[index] * mark;
    this.coefficients[2 * index] = mark - margin - this.indices[index];
    this.coefficients[2 * index + 1] = mark + margin - this.indices[index];
  }

  private add(account: string): number {
    const index = this.names.length;
    this.names.push(account);
    this.indexOf.set(account, index);
    if (index >= this.base.length) {
      const grow = <A extends Float64Array | Int32Array>(old: A): A => {
        const grown = new (old.constructor as new (length: number) => A)(2 * old.length);
        grown.set(old);
        return grown;
      };
      this.base = grow(this.base);
      this.start = grow(this.start);
      this.length = grow(this.length);
      this.capacity = grow(this.capacity);
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
    const columns = new Uint16Array(sizes.length);
    let at = 0;
    for (let account = 0; account < this.names.length; account++) {
      const first = this.start[account];
      const end = first + this.length[account];
      sizes.set(this.sizes.subarray(first, end), at);
      columns.set(this.columns.subarray(first, end), at);
      this.start[account] = at;
      at += this.capacity[account];
    }
    this.sizes = sizes;
    this.columns = columns;
    this.used = at;
  }
}
