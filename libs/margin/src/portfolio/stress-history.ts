import { InvalidInputError } from '#lib/errors';

/** Moves that a market's history has shown, as scenarios are built from them. */
export interface StressHistory {
  /** largest move of each market within a bar, positive */
  readonly worstHours: Readonly<Record<string, number>>;
  /** relative changes of all markets in the bars that were worst for many at once, the worst first */
  readonly jointHours: readonly Readonly<Record<string, number>>[];
}

const SIGNIFICANT = 6;

/**
 * The worst bars of a history: of each market alone, and of all together. A bar counts by the mean of |r|/σ over its markets: by
 * money, two bars of the wildest market would hide every crash of all.
 *
 * @param markets n names
 * @param returns n series of T relative price changes; NaN where a market has none
 * @param joint bars that are kept, default 24
 * @throws {InvalidInputError} for a market without a return, or one at or below −1
 */
export function stressHistory(
  markets: readonly string[],
  returns: readonly ArrayLike<number>[],
  joint = 24,
): StressHistory {
  const deviations = markets.map((market, i) => deviationOf(market, returns[i]));
  const length = Math.max(0, ...returns.map((series) => series.length));
  const bars = Array.from({ length }, (_, t) => {
    const moves = markets.map((_, i) => returns[i][t]);
    const shares = moves.flatMap((move, i) => (Number.isNaN(move) ? [] : [Math.abs(move) / deviations[i]]));
    // A bar in which half of the markets are missing is no joint one.
    const sum = shares.reduce((total, share) => total + share, 0);
    return { moves, size: 2 * shares.length > markets.length ? sum / shares.length : 0 };
  });
  return {
    worstHours: Object.fromEntries(
      markets.map((market, i) => {
        const worst = Array.from(returns[i]).reduce(
          (most, r) => (Math.abs(r) > most ? Math.abs(r) : most),
          0,
        );
        return [market, rounded(Math.min(worst, 1))];
      }),
    ),
    jointHours: bars
      .filter(({ size }) => size > 0)
      .sort((a, b) => b.size - a.size)
      .slice(0, joint)
      .map(({ moves }) =>
        Object.fromEntries(
          markets.flatMap((market, i) =>
            Number.isNaN(moves[i]) ? [] : [[market, rounded(moves[i])] as const],
          ),
        ),
      ),
  };
}

function deviationOf(market: string, series: ArrayLike<number>): number {
  let [sum, count] = [0, 0];
  for (let t = 0; t < series.length; t++) {
    const r = series[t];
    if (Number.isNaN(r)) continue;
    if (!(r > -1 && r < Infinity))
      throw new InvalidInputError(`returns.${market}[${t}]`, `must be above −1, got ${r}`);
    sum += r * r;
    count++;
  }
  if (sum === 0) throw new InvalidInputError(`returns.${market}`, 'has no price that moves');
  return Math.sqrt(sum / count);
}

function rounded(value: number): number {
  return Number(value.toPrecision(SIGNIFICANT));
}
