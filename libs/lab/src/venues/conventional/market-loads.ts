import type { AccountTable } from './account-table.js';
import type { MarketLoad } from './rules.js';

/** Prices of the markets, and their traders' positions at them, summed when they are first read after a change. */
export class MarketLoads {
  /** NaN before the first */
  readonly prices: Float64Array;
  private readonly loads: (MarketLoad | undefined)[];
  /** sizes, which trades change and prices do not */
  private readonly interests: ({ readonly long: number; readonly short: number } | undefined)[];

  constructor(private readonly table: AccountTable) {
    this.prices = new Float64Array(table.markets).fill(NaN);
    this.loads = new Array<undefined>(table.markets).fill(undefined);
    this.interests = new Array<undefined>(table.markets).fill(undefined);
  }

  /** @param values NaN where there is no price: the last one stays */
  price(values: Float64Array): void {
    for (let i = 0; i < values.length; i++) if (values[i] > 0) this.prices[i] = values[i];
    this.loads.fill(undefined);
  }

  /** A position in a market has changed. */
  traded(market: number): void {
    this.loads[market] = undefined;
    this.interests[market] = undefined;
  }

  readonly of = (market: number): MarketLoad => {
    const known = this.loads[market];
    if (known !== undefined) return known;
    const { long, short } = (this.interests[market] ??= this.table.interest(market));
    const price = this.prices[market];
    return (this.loads[market] = {
      openInterest: Math.max(long, short) * price || 0,
      skew: (long - short) * price || 0,
    });
  };
}
