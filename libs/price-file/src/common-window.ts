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
  /** T ends of the returns, milliseconds */
  readonly times: readonly number[];
  readonly leftOut: readonly LeftOut[];
  /** rows of the window in which a market that is used has nothing */
  readonly droppedRows: number;
}

/** Share of a window's rows that a market may lack before it is left out, as in the engine's fits. */
const BLANK_SHARE = 0.1;

/**
 * The last returns of a table that its markets have in common. A market that lacks more than a tenth of the window's rows is left
 * out by name. Rows in which one of the others has nothing are dropped, and the window reaches so much further back; where
 * the table does not, the market that lacks the most is left out too.
 *
 * @param length returns
 * @returns fewer returns only where the table has fewer rows
 */
export function commonWindow(
  { names, times, values }: SeriesTable,
  kind: 'price' | 'return',
  length: number,
): CommonWindow {
  const rows = Math.min(times.length, kind === 'price' ? length + 1 : length);
  const first = times.length - rows;
  const blanks = values.map((series) => {
    return series.subarray(first).reduce((count, value) => count + (Number.isNaN(value) ? 1 : 0), 0);
  });
  // The most complete first, in the order of the file where they are alike.
  const used = values.map((_, i) => i).filter((i) => blanks[i] <= BLANK_SHARE * rows);
  used.sort((a, b) => blanks[a] - blanks[b]);
  const completeRows = () =>
    times.map((_, t) => t).filter((t) => used.every((i) => !Number.isNaN(values[i][t])));
  let complete = completeRows();
  while (complete.length < rows && used.length > 1 && blanks[used[used.length - 1]] > 0) {
    used.pop();
    complete = completeRows();
  }
  used.sort((a, b) => a - b);
  const window = complete.slice(-rows);
  const series = used.map((i) => Float64Array.from(window, (t) => values[i][t]));
  return {
    markets: used.map((i) => names[i]),
    returns: kind === 'price' ? logReturns(series) : series,
    times: (kind === 'price' ? window.slice(1) : window).map((t) => times[t]),
    leftOut: names.flatMap((market, i) =>
      used.includes(i) ? [] : [{ market, reason: `has nothing in ${blanks[i]} of the last ${rows} rows` }],
    ),
    droppedRows: window.length === 0 ? 0 : times.length - window[0] - window.length,
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
