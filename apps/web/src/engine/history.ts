import { marketNow } from './clock.js';
import { useAnswer } from './resource.js';

interface Table {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly unknown[])[];
}

/** A row of a series over time; `at` is the beginning of its step, milliseconds. */
export interface Past {
  readonly at: number;
  readonly [column: string]: unknown;
}

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;
/** Thirty days, milliseconds. */
export const MONTH_MS = 30 * DAY_MS;

const EVERY_MS = 30_000;

/**
 * A series up to now, by hours unless a step is given.
 *
 * @param series such as `risk`, see docs/reference/openapi.json; undefined: nothing is asked
 * @returns undefined while it is not known, and where no historian runs in this process
 */
export function useHistory(
  series: string | undefined,
  spanMs: number,
  { market, step }: { readonly market?: string; readonly step?: '1m' | '1h' | '1d' } = {},
): readonly Past[] | undefined {
  const now = marketNow.value;
  // The same question for an hour, so that its answer is shared.
  const to = now === undefined ? 0 : (Math.floor(now / HOUR_MS) + 1) * HOUR_MS;
  const query = new URLSearchParams({ from: String(to - spanMs), to: String(to) });
  if (market !== undefined) query.set('market', market);
  if (step !== undefined) query.set('step', step);
  const { data } = useAnswer<Table | null>(
    now === undefined || series === undefined ? '' : `v1/history/${series}?${query.toString()}`,
    EVERY_MS,
  ).value;
  return data == null
    ? undefined
    : data.rows.map(
        (row) => Object.fromEntries(data.columns.map((column, i) => [column, row[i]])) as unknown as Past,
      );
}

/** Sum of a column over rows. Money is added as doubles: sums are for the eye, and the rows stay exact. */
export function sumOf(rows: readonly Past[] | undefined, column: string): number {
  return (rows ?? []).reduce((sum, row) => sum + Number(row[column]), 0);
}
