/** A bar's forecast of the pool's shortfall over the horizon. */
export interface Forecasted {
  /** milliseconds */
  readonly at: number;
  /** of the shortfall's distribution, money */
  readonly mean: number;
  readonly volatility: number;
  readonly tailFactor: number;
}

/**
 * Bars from which the pool lost more over the horizon than the EVaR allowed: the shortfall's mean has risen by more than
 * κ √(−2 ln α) σ. Liquidity that came or went counts, since the mean is of the pool as it is.
 *
 * @param horizonMs over which the forecast is
 * @returns for each point: whether it was exceeded; undefined where the horizon has not ended yet
 */
export function exceedances(
  points: readonly Forecasted[],
  horizonMs: number,
  alpha: number,
): readonly (boolean | undefined)[] {
  const bound = Math.sqrt(-2 * Math.log(alpha));
  let end = 0;
  return points.map(({ at, mean, volatility, tailFactor }) => {
    while (end < points.length && points[end].at < at + horizonMs) end++;
    return end === points.length ? undefined : points[end].mean - mean > tailFactor * bound * volatility;
  });
}
