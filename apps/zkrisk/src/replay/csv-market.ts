import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { PriceFileError, readSeriesFiles } from '#lib/price-file';
import type { MarketSource } from './market-source.js';

/**
 * Prices from files, one row a bar. The bar's length is the most frequent distance of two rows.
 *
 * A file that has grown since is the same market: its markets and its first row identify it.
 *
 * @param column which price of files with one market's candles
 * @throws {PriceFileError} naming file, row and column of the text that cannot be read
 */
export function csvMarket(paths: readonly string[], column?: string): MarketSource {
  const { names, times, text, notes } = readSeriesFiles(paths, {
    kind: 'price',
    ...(column === undefined ? {} : { column }),
  });
  const files = paths.map((path) => basename(path)).join(', ');
  if (times.length < 3)
    throw new PriceFileError(files, {}, `has ${times.length} rows; a replay needs at least 3`);
  const distances = new Map<number, number>();
  for (let t = 1; t < times.length; t++) {
    const distance = times[t] - times[t - 1];
    distances.set(distance, (distances.get(distance) ?? 0) + 1);
  }
  const [barMs] = [...distances].reduce((a, b) => (b[1] > a[1] ? b : a));
  if (barMs % 1000 !== 0)
    throw new PriceFileError(files, {}, `rows are ${barMs} ms apart; bars must be whole seconds`);
  const first = JSON.stringify([names, times[0], text[0], barMs]);
  const digest = createHash('sha256').update(first).digest('hex').slice(0, 12);
  const iso = (time: number) => new Date(time).toISOString();
  return {
    id: `csv-${digest}`,
    description: `${files}: ${names.length} markets, ${times.length} bars of ${barMs / 1000} s, ${iso(times[0])} to ${iso(times[times.length - 1])}`,
    notes,
    simulated: false,
    markets: names,
    barSeconds: barMs / 1000,
    length: times.length,
    *rows(index) {
      for (let t = index; t < times.length; t++) yield { time: times[t], prices: text[t] };
    },
  };
}
