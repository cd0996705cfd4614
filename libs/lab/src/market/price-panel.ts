import { InvalidInputError } from '#lib/errors';

/** Prices of n markets at T times: exact text for the machines, floats for the traders. */
export interface PricePanel {
  readonly markets: readonly string[];
  /** milliseconds, increasing */
  readonly times: readonly number[];
  /** most frequent distance of two rows, milliseconds */
  readonly barMs: number;
  /** by row, then market; undefined where a market has no price */
  readonly text: readonly (readonly (string | undefined)[])[];
  /** T×n row-major; NaN where there is no price */
  readonly values: Float64Array;
}

/**
 * @param text by row, then market
 * @throws {InvalidInputError} for fewer than two rows or two markets of one name
 */
export function pricePanel(
  markets: readonly string[],
  times: readonly number[],
  text: PricePanel['text'],
): PricePanel {
  if (times.length < 2) throw new InvalidInputError('prices', `needs two rows at least, got ${times.length}`);
  if (new Set(markets).size !== markets.length)
    throw new InvalidInputError('prices', 'must not have a market twice');
  const distances = new Map<number, number>();
  for (let t = 1; t < times.length; t++) {
    const distance = times[t] - times[t - 1];
    distances.set(distance, (distances.get(distance) ?? 0) + 1);
  }
  const [barMs] = [...distances].reduce((a, b) => (b[1] > a[1] ? b : a));
  const n = markets.length;
  const values = new Float64Array(times.length * n).fill(NaN);
  text.forEach((row, t) => {
    row.forEach((price, i) => {
      if (price !== undefined) values[t * n + i] = Number(price);
    });
  });
  return { markets, times, barMs, text, values };
}

/** Rows from `from` up to, not including, `to`. */
export function panelRows(panel: PricePanel, from: number, to: number): PricePanel {
  const n = panel.markets.length;
  return {
    ...panel,
    times: panel.times.slice(from, to),
    text: panel.text.slice(from, to),
    values: panel.values.slice(from * n, to * n),
  };
}
