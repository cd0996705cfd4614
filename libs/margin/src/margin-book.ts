import { InvalidInputError } from '#lib/errors';
import { AccountColumns, type IndexedPosition } from './account-columns.js';
import type { MarginSchedule } from './margin-rates.js';

/** An account below its maintenance margin. */
export interface UnderMargined {
  readonly account: string;
  readonly equity: number;
  readonly maintenanceMargin: number;
}

/** The account that needs it most comes first: by equity over margin, then by name. */
export function byNeed(a: UnderMargined, b: UnderMargined): number {
  return a.equity / a.maintenanceMargin - b.equity / b.maintenanceMargin || (a.account < b.account ? -1 : 1);
}

/**
 * Every account's margin in columns, marked to market in one pass. A slot's size is multiplied with a coefficient of its
 * market and side. With I the market's funding index,
 *
 *     equity − maintenance margin = base + Σ size·(S − sign·r·S − I),
 *     base = cash + Σ (size·I₀ − entry notional),
 *
 * so a price tick changes two coefficients a market, and the pass over all accounts is one multiply-add a position
 * through memory in order.
 */
export class MarginBook {
  private readonly columns: AccountColumns;
  private readonly marks: number[] = [];
  private readonly maintenance: number[] = [];
  private readonly indices: number[] = [];
  private coefficients = new Float64Array(0);

  constructor(rates: MarginSchedule) {
    this.columns = new AccountColumns((market) => {
      this.marks.push(NaN);
      this.indices.push(0);
      this.maintenance.push(rates.of(market).maintenance);
      const grown = new Float64Array(2 * this.marks.length).fill(NaN);
      grown.set(this.coefficients);
      this.coefficients = grown;
    });
  }

  get accounts(): number {
    return this.columns.count;
  }

  /** Replaces an account's state. */
  set(account: string, cash: number, positions: readonly IndexedPosition[]): void {
    this.columns.set(account, cash, positions);
  }

  /** Replaces the cash of an account whose positions are as they were. */
  setCash(account: string, cash: number): void {
    this.columns.setCash(account, cash);
  }

  /** @throws {InvalidInputError} for a price that is not one */
  setMark(market: string, price: number): void {
    requirePrice(market, price);
    const index = this.columns.marketOf(market);
    this.marks[index] = price;
    this.refresh(index);
  }

  /** @param fundingIndex cumulative, money per unit of size */
  setFundingIndex(market: string, fundingIndex: number): void {
    const index = this.columns.marketOf(market);
    this.indices[index] = fundingIndex;
    this.refresh(index);
  }

  /**
   * Every account whose equity is below its maintenance margin, the most under-margined first (by equity over margin).
   * Accounts with a position in a market without a mark are left out: their value is unknown.
   */
  underMargined(): UnderMargined[] {
    const found: UnderMargined[] = [];
    const { coefficients } = this;
    const { base, start, length, sizes, codes, count } = this.columns;
    for (let account = 0; account < count; account++) {
      let excess = base[account];
      const first = start[account];
      const end = first + length[account];
      for (let slot = first; slot < end; slot++) excess += sizes[slot] * coefficients[codes[slot]];
      if (excess < 0 && end > first) found.push(this.detail(account));
    }
    return found.sort(byNeed);
  }

  private detail(account: number): UnderMargined {
    const { base, start, length, sizes, codes, names } = this.columns;
    let equity = base[account];
    let maintenanceMargin = 0;
    for (let slot = start[account]; slot < start[account] + length[account]; slot++) {
      const market = codes[slot] >> 1;
      const value = sizes[slot] * this.marks[market];
      equity += value - sizes[slot] * this.indices[market];
      maintenanceMargin += this.maintenance[market] * Math.abs(value);
    }
    return { account: names[account], equity, maintenanceMargin };
  }

  private refresh(index: number): void {
    const mark = this.marks[index];
    const margin = this.maintenance[index] * mark;
    this.coefficients[2 * index] = mark - margin - this.indices[index];
    this.coefficients[2 * index + 1] = mark + margin - this.indices[index];
  }
}

/** @throws {InvalidInputError} for a price that is not one */
export function requirePrice(market: string, price: number): void {
  if (!(price > 0 && price < Infinity))
    throw new InvalidInputError(`${market}.price`, `must be positive, got ${price}`);
}
