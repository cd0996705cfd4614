import type { Bar } from '#lib/volatility';

/** A market that was silent too often to be in a fit. */
export interface PausedMarket {
  readonly market: string;
  readonly reason: string;
}

/** The input of a fit: ready markets and their aligned returns. */
export interface EstimationPanel {
  readonly paused: readonly PausedMarket[];
  readonly markets: string[];
  /** n series of T log returns */
  readonly returns: Float64Array[];
}

export interface WarmingUp {
  readonly market: string;
  readonly bars: number;
  readonly needed: number;
}

interface Row {
  readonly end: number;
  readonly prices: ReadonlyMap<string, number>;
  readonly stale: ReadonlySet<string>;
  /** log return of each market since the row before, by the market's column; NaN where a price is missing */
  readonly moves: Float64Array;
}

/** The rows of a window, and the bars in which each market has a price. */
interface History {
  readonly rows: readonly Row[];
  readonly bars: ReadonlyMap<string, number>;
}

/** Share of a window's bars in which a market may have been stale before it is left out of a fit. */
const STALE_SHARE = 0.1;
/** Share of a window's bars that may be lost because some market was stale; beyond it the stalest markets are left out. */
const LOST_SHARE = 0.25;

/** The rolling window of closed bars. */
export class EstimationWindow {
  private readonly rows: Row[] = [];
  /** column of each market that ever had a price */
  private readonly columns = new Map<string, number>();
  /** the history up to the last bar, which each bar needs several times */
  private known: { readonly end: number; readonly history: History } | undefined;

  constructor(
    private size: number,
    private minimumBars: number,
  ) {}

  add({ end, prices, stale }: Bar): void {
    const before = this.rows.at(-1);
    for (const market of prices.keys())
      if (!this.columns.has(market)) this.columns.set(market, this.columns.size);
    const moves = new Float64Array(this.columns.size).fill(NaN);
    for (const [market, price] of prices) {
      const from = before?.prices.get(market);
      if (from !== undefined) moves[this.columns.get(market)!] = Math.log(price / from);
    }
    this.rows.push({ end, prices, stale, moves });
    this.known = undefined;
    this.drop();
  }

  /** Takes another length from now on; a longer one fills as bars come. */
  resize(size: number, minimumBars: number): void {
    this.size = size;
    this.minimumBars = minimumBars;
    this.known = undefined;
    this.drop();
  }

  private drop(): void {
    // One more than the window: T returns need T+1 prices; the activation lag needs the bars after a fit's last.
    this.rows.splice(0, Math.max(0, this.rows.length - (this.size + 65)));
  }

  get length(): number {
    return this.rows.length;
  }

  /** The oldest bar that is still needed. */
  get oldest(): number | undefined {
    return this.rows[0]?.end;
  }

  /** A market's prices in another unit, in every bar. */
  rescale(market: string, factor: number): void {
    this.change(market, (price) => price * factor);
  }

  /** A market that is gone, from every bar. */
  forget(market: string): void {
    this.change(market, () => undefined);
  }

  private change(market: string, change: (price: number) => number | undefined): void {
    this.known = undefined;
    for (const [i, row] of this.rows.entries()) {
      const before = row.prices.get(market);
      if (before === undefined) continue;
      const prices = new Map(row.prices);
      const after = change(before);
      if (after === undefined) prices.delete(market);
      else prices.set(market, after);
      this.rows[i] = { ...row, prices };
    }
  }

  /** Bars after `end`, oldest first. */
  after(end: number): readonly Row[] {
    return this.rows.filter((row) => row.end > end);
  }

  latest(): Row | undefined {
    return this.rows.at(-1);
  }

  /** Bars in which each market has had a price, up to `end`. */
  private history(end: number): History {
    if (this.known?.end !== end) this.known = { end, history: this.counted(end) };
    return this.known.history;
  }

  private counted(end: number): History {
    const rows = this.rows.filter((row) => row.end <= end).slice(-(this.size + 1));
    const counts = new Uint32Array(this.columns.size);
    const names = [...this.columns.keys()];
    rows.forEach(({ prices, moves }, t) => {
      // A move says that there is a price; without one the price is looked up.
      for (let column = 0; column < counts.length; column++) {
        const priced = t > 0 && moves[column] > -Infinity;
        if (priced || prices.has(names[column])) counts[column]++;
      }
    });
    const bars = new Map<string, number>();
    names.forEach((market, column) => {
      if (counts[column] > 0) bars.set(market, counts[column]);
    });
    return { rows, bars };
  }

  /**
   * A market joins a fit once it has the minimum and at least half the bars of the oldest: fits use one
   * common window, and a newcomer must not cut everybody's short.
   */
  private needed(bars: ReadonlyMap<string, number>): number {
    return Math.max(this.minimumBars + 1, Math.floor(Math.max(0, ...bars.values()) / 2));
  }

  /** Returns that each market has, and the number that a fit needs. */
  returnsSoFar(): WarmingUp[] {
    const latest = this.latest();
    if (latest === undefined) return [];
    const { bars } = this.history(latest.end);
    const needed = this.needed(bars) - 1;
    return [...bars].map(([market, count]) => ({ market, bars: Math.min(count - 1, needed), needed }));
  }

  warmingUp(): WarmingUp[] {
    const latest = this.latest();
    if (latest === undefined) return [];
    const { bars } = this.history(latest.end);
    const needed = this.needed(bars);
    return [...bars]
      .filter(([, count]) => count < needed)
      .map(([market, count]) => ({ market, bars: count - 1, needed: needed - 1 }))
      .sort((a, b) => (a.market < b.market ? -1 : 1));
  }

  /** The panel a fit at `end` uses; null while nothing is ready. Bars in which a used market was stale are dropped. */
  panel(end: number): EstimationPanel | null {
    const { rows, bars } = this.history(end);
    const needed = this.needed(bars);
    const ready = [...bars].filter(([, count]) => count >= needed).map(([market]) => market);
    const { markets, paused } = withoutPaused(ready, rows);
    if (markets.length === 0) return null;
    const columns = markets.map((market) => this.columns.get(market)!);
    const fresh = ({ stale }: Row) => stale.size === 0 || !markets.some((market) => stale.has(market));
    const usable: (readonly [before: Row, after: Row, adjacent: boolean])[] = [];
    let before: Row | undefined;
    let beforeAt = -1;
    rows.forEach((row, t) => {
      const adjacent = before !== undefined && beforeAt === t - 1;
      const moved = adjacent && columns.every((column) => row.moves[column] > -Infinity);
      if (!moved && !markets.every((market) => row.prices.has(market))) return;
      if (before !== undefined && fresh(before) && fresh(row)) usable.push([before, row, adjacent]);
      [before, beforeAt] = [row, t];
    });
    if (usable.length < this.minimumBars) return null;
    const returns = markets.map(() => new Float64Array(usable.length));
    usable.forEach(([from, to, adjacent], t) => {
      for (let i = 0; i < markets.length; i++)
        returns[i][t] = adjacent
          ? to.moves[columns[i]]
          : Math.log(to.prices.get(markets[i])! / from.prices.get(markets[i])!);
    });
    return { markets, returns, paused };
  }
}

/**
 * Leaves out markets that were stale in more than a tenth of the bars and, while together they would cost more than a quarter of the
 * bars, the stalest of the rest: a few silent markets must not take the window from all others.
 */
function withoutPaused(
  ready: readonly string[],
  rows: readonly Row[],
): { markets: string[]; paused: PausedMarket[] } {
  const silent = rows.filter(({ stale }) => stale.size > 0);
  const staleBars = new Map(
    ready.map((market) => [market, silent.filter(({ stale }) => stale.has(market)).length] as const),
  );
  const kept = ready.toSorted((a, b) => staleBars.get(a)! - staleBars.get(b)! || (a < b ? -1 : 1));
  const paused: PausedMarket[] = [];
  for (;;) {
    const stalest = kept.at(-1);
    if (stalest === undefined) break;
    const bars = staleBars.get(stalest)!;
    const inUse = new Set(kept);
    const lost = silent.filter(({ stale }) => [...stale].some((market) => inUse.has(market))).length;
    if (bars <= STALE_SHARE * rows.length && lost <= LOST_SHARE * rows.length) break;
    kept.pop();
    paused.push({ market: stalest, reason: `was silent in ${bars} of the last ${rows.length} bars` });
  }
  return { markets: kept.sort(), paused };
}
