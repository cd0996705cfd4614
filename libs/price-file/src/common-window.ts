import type { SeriesTable } from './joined.js';

/** A market that is left out, and why. */
export interface LeftOut {
  readonly market: string;
  readonly reason: string;
}

/** Log returns of several markets between the same times. */
export interface CommonWindow {
  readonly markets: readonly string[];
  /** n series of T log returns */
  readonly returns: readonly Float64Array[];
  readonly leftOut: readonly LeftOut[];
  /** rows of the window in which a market that is used has nothing */
  readonly droppedRows: number;
}

/** Share of a window's rows that a market may lack before it is left out, as in the engine's fits. */
const BLANK_SHARE = 0.1;

/**
 * The last returns of a table that its markets have in common. A market that lacks more than a tenth of the rows is left out by
 * name; rows in which one of the others has nothing are dropped.
 *
 * @param length returns, T at most
 */
export function commonWindow(table: SeriesTable, kind: 'price' | 'return', length: number): CommonWindow {
  const rows = kind === 'price' ? length + 1 : length;
  const first = Math.max(0, table.times.length - rows);
  const series = table.values.map((values) => values.subarray(first));
  const size = table.times.length - first;
  const leftOut: LeftOut[] = [];
  const used = series.flatMap((values, i) => {
    const blank = values.reduce((count, value) => count + (Number.isNaN(value) ? 1 : 0), 0);
    if (blank <= BLANK_SHARE * size) return [i];
    leftOut.push({ market: table.names[i], reason: `has nothing in ${blank} of ${size} rows` });
    return [];
  });
  const complete = Array.from({ length: size }, (_, t) => t).filter((t) =>
    used.every((i) => !Number.isNaN(series[i][t])),
  );
  const values = used.map((i) => Float64Array.from(complete, (t) => series[i][t]));
  return {
    markets: used.map((i) => table.names[i]),
    returns: kind === 'price' ? logReturns(values) : values,
    leftOut,
    droppedRows: size - complete.length,
  };
}

/** Log returns of each series of prices, T−1 values. */
export function logReturns(prices: readonly Float64Array[]): Float64Array[] {
  return prices.map((series) =>
    Float64Array.from({ length: Math.max(0, series.length - 1) }, (_, t) =>
      Math.log(series[t + 1] / series[t]),
    ),
  );
}
