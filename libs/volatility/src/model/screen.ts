import { InvalidInputError } from '#lib/errors';
import { gram } from '../dense.js';
import { dependentSeries } from '../market/dependent-series.js';

/** A market that no model was made for, and why. */
export interface ExcludedMarket {
  readonly market: string;
  readonly reason: string;
}

/** @throws {InvalidInputError} for too few observations, and naming the first return that is not finite */
export function requireWindow(
  markets: readonly string[],
  returns: readonly Float64Array[],
  minimumObservations: number,
): void {
  const observations = returns[0]?.length ?? 0;
  if (observations < minimumObservations) {
    throw new InvalidInputError(
      'returns',
      `too few: ${observations} observations, at least ${minimumObservations} are needed`,
    );
  }
  returns.forEach((series, i) => {
    const bad = series.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0)
      throw new InvalidInputError(
        `returns.${markets[i]}[${bad}]`,
        `must be a finite number, got ${series[bad]}`,
      );
  });
}

/**
 * Leaves out, by name, markets that did not move and those that only repeat others: `independent` asks that no market is a linear
 * combination of earlier ones (maximum likelihood needs that), `distinct` that none is a multiple of one before it.
 *
 * @returns indices of the usable markets
 * @throws {InvalidInputError} where none is usable
 */
export function screenMarkets(
  markets: readonly string[],
  returns: readonly Float64Array[],
  rule: 'independent' | 'distinct',
): { usable: number[]; excluded: ExcludedMarket[] } {
  const excluded: ExcludedMarket[] = [];
  const moving: number[] = [];
  const standardised: Float64Array[] = [];
  returns.forEach((series, i) => {
    const mean = series.reduce((sum, value) => sum + value, 0) / series.length;
    const deviation = Math.sqrt(series.reduce((sum, value) => sum + (value - mean) ** 2, 0));
    if (!(deviation > 1e-12)) {
      excluded.push({ market: markets[i], reason: 'is constant: its price did not move' });
      return;
    }
    moving.push(i);
    standardised.push(series.map((value) => (value - mean) / deviation));
  });
  const repeats = rule === 'independent' ? dependent(standardised) : multiples(standardised);
  const usable = moving.filter((i, row) => {
    const of = repeats.get(row);
    if (of === undefined) return true;
    excluded.push({
      market: markets[i],
      reason:
        of === null ? 'is collinear with the markets before it' : `moves as ${markets[moving[of]]} does`,
    });
    return false;
  });
  if (usable.length === 0) {
    throw new InvalidInputError(
      'returns',
      `no usable market: ${excluded.map(({ market, reason }) => `${market} ${reason}`).join('; ')}`,
    );
  }
  return { usable, excluded };
}

/** Series that are linear combinations of earlier ones. */
function dependent(standardised: readonly Float64Array[]): Map<number, null> {
  const n = standardised.length;
  const length = standardised[0]?.length ?? 0;
  const stacked = new Float64Array(n * length);
  standardised.forEach((series, row) => stacked.set(series, row * length));
  const correlation = gram(stacked, n, length);
  return new Map(dependentSeries(correlation, n).map((row) => [row, null]));
}

/**
 * Series that are ± an earlier one, up to 1e-10 of correlation. Only series with the same projection on a fixed direction are compared,
 * so that the search costs O(nT).
 *
 * @returns by series, the earlier one
 */
function multiples(standardised: readonly Float64Array[]): Map<number, number> {
  const projected = standardised.map((series) =>
    Math.abs(series.reduce((sum, value, t) => sum + value * Math.sin(t * t + 1), 0)),
  );
  const order = projected.map((_, row) => row).sort((a, b) => projected[a] - projected[b]);
  const result = new Map<number, number>();
  order.forEach((row, at) => {
    for (let next = at + 1; next < order.length; next++) {
      const other = order[next];
      if (projected[other] - projected[row] > 1e-4) break;
      const product = standardised[row].reduce((sum, value, t) => sum + value * standardised[other][t], 0);
      if (Math.abs(product) < 1 - 1e-10) continue;
      const [earlier, later] = row < other ? [row, other] : [other, row];
      result.set(later, Math.min(result.get(later) ?? earlier, earlier));
    }
  });
  return result;
}
