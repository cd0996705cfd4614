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
}

/** Share of a window's bars in which a market may have been stale before it is left out of a fit. */
const STALE_SHARE = 0.1;
/** Share of a window's bars that may be lost because some market was stale; beyond it the stalest markets are left out. */
const LOST_SHARE = 0.25;

/** The rolling window of closed bars. */
export class EstimationWindow {
  private readonly rows: Row[] = [];

  constructor(
    readonly size: number,
    readonly minimumBars: number,
  ) {}

  add(bar: Bar): void {
    this.rows.push(bar);
    // One more than the window: T returns need T+1 prices; the activation lag needs the bars after a fit's last.
    if (this.rows.length > this.size + 65) this.rows.shift();
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
  private history(end: number): { rows: Row[]; bars: Map<string, number> } {
    const rows = this.rows.filter((row) => row.end <= end).slice(-(this.size + 1));
    const bars = new Map<string, number>();
    for (const { prices } of rows)
      for (const market of prices.keys()) bars.set(market, (bars.get(market) ?? 0) + 1);
    return { rows, bars };
  }

  /**
   * A market joins a fit once it has the minimum and at least half the bars of the oldest: fits use one
   * common window, and a newcomer must not cut everybody's short.
   */
  private needed(bars: ReadonlyMap<string, number>): number {
    return Math.max(this.minimumBars + 1, Math.floor(Math.max(0, ...bars.values()) / 2));
  }

  /** Returns that each market has, and those that a fit needs of it. */
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
      .map(([market, count]) => ({ market, bars: count - 1, needed: needed - 1 }));
  }

  /** The panel a fit at `end` uses; null while nothing is ready. Bars in which a used market was stale are dropped. */
  panel(end: number): EstimationPanel | null {
    const { rows, bars } = this.history(end);
    const needed = this.needed(bars);
    const ready = [...bars].filter(([, count]) => count >= needed).map(([market]) => market);
    const { markets, paused } = withoutPaused(ready, rows);
    if (markets.length === 0) return null;
    const complete = rows.filter(({ prices }) => markets.every((market) => prices.has(market)));
    const usable: [Row, Row][] = [];
    for (let t = 1; t < complete.length; t++) {
      const pair: [Row, Row] = [complete[t - 1], complete[t]];
      if (pair.every(({ stale }) => !markets.some((market) => stale.has(market)))) usable.push(pair);
    }
    if (usable.length < this.minimumBars) return null;
    const returns = markets.map((market) =>
      Float64Array.from(usable, ([before, after]) =>
        Math.log(after.prices.get(market)! / before.prices.get(market)!),
      ),
    );
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
  const staleBars = new Map(
    ready.map((market) => [market, rows.filter(({ stale }) => stale.has(market)).length] as const),
  );
  const kept = ready.toSorted((a, b) => staleBars.get(a)! - staleBars.get(b)! || (a < b ? -1 : 1));
  const paused: PausedMarket[] = [];
  for (;;) {
    const stalest = kept.at(-1);
    if (stalest === undefined) break;
    const bars = staleBars.get(stalest)!;
    const inUse = new Set(kept);
    const lost = rows.filter(({ stale }) => [...stale].some((market) => inUse.has(market))).length;
    if (bars <= STALE_SHARE * rows.length && lost <= LOST_SHARE * rows.length) break;
    kept.pop();
    paused.push({ market: stalest, reason: `was silent in ${bars} of the last ${rows.length} bars` });
  }
  return { markets: kept.sort(), paused };
}
