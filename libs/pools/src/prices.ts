import { InvalidInputError } from '#lib/errors';

/** Prices of n assets at T times. */
export interface PricePath {
  readonly rows: number;
  readonly assets: number;
  /** T × n, a row after the other, quote currency */
  readonly values: Float64Array;
}

/** Assets a pool may hold: two at least, as many as the contract takes at most. */
export const ASSETS = { least: 2, most: 8 } as const;

/**
 * Checked prices in the form the simulators read.
 *
 * @param series n series of T prices, quote currency
 * @throws {InvalidInputError} for fewer than 2 or more than 8 series, unequal lengths, none or a price that is not positive
 */
export function pricePath(series: readonly ArrayLike<number>[]): PricePath {
  const assets = series.length;
  if (assets < ASSETS.least || assets > ASSETS.most)
    throw new InvalidInputError(
      'prices',
      `a pool holds ${ASSETS.least} to ${ASSETS.most} assets, not ${assets}`,
    );
  const rows = series[0].length;
  if (rows === 0) throw new InvalidInputError('prices', 'there are none');
  const values = new Float64Array(new SharedArrayBuffer(rows * assets * 8));
  series.forEach((prices, i) => {
    if (prices.length !== rows)
      throw new InvalidInputError(`prices[${i}]`, `has ${prices.length} rows, the first series has ${rows}`);
    for (let t = 0; t < rows; t++) {
      if (!(prices[t] > 0 && Number.isFinite(prices[t])))
        throw new InvalidInputError(`prices[${i}][${t}]`, `must be a positive number, got ${prices[t]}`);
      values[t * assets + i] = prices[t];
    }
  });
  return { rows, assets, values };
}

/** Every `every`-th row, from the first. */
export function thinned(prices: PricePath, every: number): PricePath {
  if (every === 1) return prices;
  const { assets, values } = prices;
  const rows = Math.ceil(prices.rows / every);
  const kept = new Float64Array(rows * assets);
  // One by one: a view of a row takes longer to make than the row to copy.
  for (let t = 0, at = 0; t < rows; t++)
    for (let i = 0; i < assets; i++, at++) kept[at] = values[t * every * assets + i];
  return { rows, assets, values: kept };
}
