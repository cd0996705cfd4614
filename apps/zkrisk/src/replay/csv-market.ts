import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { parseTimes, PriceFileError, readSeriesFile } from '#lib/price-file';
import type { MarketSource } from './market-source.js';

/** A CSV of prices, one row a bar. The bar's length is the most frequent distance of two rows. */
export function csvMarket(path: string): MarketSource {
  const table = readSeriesFile(path, { kind: 'price' });
  const times = parseTimes(path, table.times);
  if (times.length < 3)
    throw new PriceFileError(`${path}: has ${times.length} rows; a replay needs at least 3`, { file: path });
  const distances = new Map<number, number>();
  for (let t = 1; t < times.length; t++) {
    const distance = times[t] - times[t - 1];
    distances.set(distance, (distances.get(distance) ?? 0) + 1);
  }
  const [barMs] = [...distances].reduce((a, b) => (b[1] > a[1] ? b : a));
  if (barMs % 1000 !== 0) {
    throw new PriceFileError(`${path}: rows are ${barMs} ms apart; bars must be whole seconds`, {
      file: path,
    });
  }
  const digest = createHash('sha256').update(readFileSync(path)).digest('hex').slice(0, 12);
  return {
    id: `csv-${digest}`,
    description: `${basename(path)}: ${table.names.length} markets, ${times.length} bars of ${barMs / 1000} s, ${table.times[0]} to ${table.times.at(-1)}`,
    simulated: false,
    markets: table.names,
    barSeconds: barMs / 1000,
    length: times.length,
    *rows(index) {
      for (let t = index; t < times.length; t++) yield { time: times[t], prices: table.text[t] };
    },
  };
}
