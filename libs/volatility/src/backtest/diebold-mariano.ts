/**
 * Diebold–Mariano t of two models' losses: mean difference by its standard error, autocorrelation up to the horizon's overlap taken into
 * account (Bartlett weights). Positive where the first loses more; NaN where the losses are the same.
 *
 * Source: Diebold & Mariano, J. Business & Economic Statistics 13 (1995), equation 6; Newey & West (1987) for the weights.
 *
 * @param overlap bars by which outcomes of neighbouring origins overlap, horizon − 1
 */
export function dieboldMariano(first: readonly number[], second: readonly number[], overlap: number): number {
  const n = first.length;
  const differences = first.map((loss, t) => loss - second[t]);
  const mean = differences.reduce((sum, value) => sum + value, 0) / n;
  const centred = differences.map((value) => value - mean);
  let variance = 0;
  for (let lag = 0; lag <= Math.min(overlap, n - 1); lag++) {
    let covariance = 0;
    for (let t = lag; t < n; t++) covariance += (centred[t] * centred[t - lag]) / n;
    variance += (lag === 0 ? 1 : 2 * (1 - lag / (overlap + 1))) * covariance;
  }
  return mean / Math.sqrt(variance / n);
}
