import { type PricePath, pricePath } from '#lib/pools';
import { readSeriesFiles, type SeriesTable } from '#lib/price-file';
import { UsageError } from '#lib/terminal';
import { note } from './print.js';
import type { PriceFileOptions } from './programs/prices.js';

export interface PooledPricesOptions extends PriceFileOptions {
  readonly assets?: readonly string[];
}

/** Prices of a pool's assets in the rows in which all have one. */
export interface PooledPrices {
  readonly assets: readonly string[];
  /** milliseconds since 1970 */
  readonly times: readonly number[];
  readonly path: PricePath;
}

/** @throws {UsageError} naming the file, the option or the asset that is wrong */
export function pooledPrices({ prices, column, assets: wanted }: PooledPricesOptions): PooledPrices {
  const table = readSeriesFiles(prices, { kind: 'price', ...(column === undefined ? {} : { column }) });
  table.notes.forEach(note);
  const assets = wanted ?? table.names;
  const columns = assets.map((name) => {
    const at = table.names.indexOf(name);
    if (at < 0)
      throw new UsageError(`--assets: ${prices.join(', ')} has no column ${name}: ${table.names.join(', ')}`);
    return table.values[at];
  });
  const { from, to } = listedTogether(table, assets, columns);
  return {
    assets,
    times: table.times.slice(from, to),
    path: pricePath(columns.map((values) => values.subarray(from, to))),
  };
}

/**
 * The rows in which all assets have a price: a pool begins when the last is listed and ends when the first is delisted.
 *
 * @throws {UsageError} naming an asset without a price in between, or assets that were never listed together
 */
function listedTogether(
  table: SeriesTable,
  assets: readonly string[],
  columns: readonly Float64Array[],
): { from: number; to: number } {
  const listed = (value: number) => !Number.isNaN(value);
  const from = Math.max(...columns.map((values) => values.findIndex(listed)));
  const to = Math.min(...columns.map((values) => values.findLastIndex(listed))) + 1;
  if (to - from < 2) throw new UsageError(`--assets: ${assets.join(', ')} have no two rows in common`);
  columns.forEach((values, i) => {
    const hole = values.subarray(from, to).findIndex((value) => !listed(value));
    if (hole < 0) return;
    const at = new Date(table.times[from + hole]).toISOString();
    throw new UsageError(`--assets: ${assets[i]} has no price at ${at}; leave it out, or begin after it`);
  });
  if (from > 0 || to < table.times.length)
    note(`${to - from} of ${table.times.length} rows are used, in which all assets have a price`);
  return { from, to };
}
