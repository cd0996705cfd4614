/** One moment of a market: prices as exact decimal strings, undefined where a market has none at that time. */
export interface MarketRow {
  /** milliseconds */
  readonly time: number;
  readonly prices: readonly (string | undefined)[];
}

/** A market to replay: it gives the same rows every time, so that a replay can be resumed at any row. */
export interface MarketSource {
  /** identifies the replay's cursor and its messages; rows may be appended to a source, and it keeps its name */
  readonly id: string;
  readonly description: string;
  /** rows of the files that were passed over or are missing, for the screen and the report */
  readonly notes: readonly string[];
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
