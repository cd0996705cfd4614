import type { PricePanel } from '#lib/lab';

/** Relative moves of all markets from each row of prices to the next; 0 where a price is missing. */
export function pastMoves({ markets, times, values }: PricePanel): Float64Array[] {
  const n = markets.length;
  return times.slice(1).map((_, t) => {
    const [before, after] = [t * n, (t + 1) * n];
    return Float64Array.from({ length: n }, (__, i) => values[after + i] / values[before + i] - 1 || 0);
  });
}
