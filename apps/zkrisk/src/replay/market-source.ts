/** One moment of a market: every market's price as an exact decimal string. */
export interface MarketRow {
  /** milliseconds */
  readonly time: number;
  readonly prices: readonly string[];
}

/** A market to replay: the same rows whenever it is asked, so that a replay can be resumed at any row. */
export interface MarketSource {
  /** identifies the replay's cursor; another name starts another replay */
  readonly id: string;
  readonly description: string;
  readonly simulated: boolean;
  readonly markets: readonly string[];
  readonly barSeconds: number;
  /** undefined where it never ends */
  readonly length: number | undefined;
  /** Rows from `index` on. */
  rows(index: number): Iterable<MarketRow>;
}

/** The first bars of a source. */
export function shortened(source: MarketSource, bars: number): MarketSource {
  const length = Math.min(bars, source.length ?? bars);
  return {
    ...source,
    length,
    *rows(index) {
      let at = index;
      for (const row of source.rows(index)) {
        if (at++ >= length) return;
        yield row;
      }
    },
  };
}
