import type { PricePath } from '../prices.js';

/**
 * Variances of returns, exponentially weighted about their own moving average.
 *
 * m += (1−λ)d, v = λ(v + d²) with d = r − m; the variance is (1−λ)v.
 *
 * @param decays λ of each asset, in (0, 1)
 * @returns (T − 1) × n, one row a return; the first is 0: one return has no variance
 */
export function returnVariances(
  { rows, assets, values }: PricePath,
  decays: ArrayLike<number>,
): Float64Array {
  const variances = new Float64Array(Math.max(0, rows - 1) * assets);
  for (let i = 0; i < assets; i++) {
    const decay = decays[i];
    let mean = 0;
    let running = 0;
    for (let t = 1; t < rows; t++) {
      const change = values[t * assets + i] / values[(t - 1) * assets + i] - 1;
      if (t === 1) mean = change;
      const deviation = change - mean;
      mean += (1 - decay) * deviation;
      running = decay * (running + deviation * deviation);
      variances[(t - 1) * assets + i] = (1 - decay) * running;
    }
  }
  return variances;
}

/**
 * Covariances of returns, exponentially weighted: {@link returnVariances} with every pair. Decays that differ are joined by
 * their geometric mean, which keeps every matrix positive semidefinite.
 *
 * @returns (T − 1) matrices of n × n, one after the other
 */
export function returnCovariances(
  { rows, assets: n, values }: PricePath,
  decays: ArrayLike<number>,
): Float64Array {
  const covariances = new Float64Array(Math.max(0, rows - 1) * n * n);
  const mean = new Float64Array(n);
  const deviation = new Float64Array(n);
  const running = new Float64Array(n * n);
  for (let t = 1; t < rows; t++) {
    for (let i = 0; i < n; i++) {
      const change = values[t * n + i] / values[(t - 1) * n + i] - 1;
      if (t === 1) mean[i] = change;
      deviation[i] = change - mean[i];
      mean[i] += (1 - decays[i]) * deviation[i];
    }
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        const at = i * n + j;
        running[at] = Math.sqrt(decays[i] * decays[j]) * (running[at] + deviation[i] * deviation[j]);
        covariances[(t - 1) * n * n + at] = Math.sqrt((1 - decays[i]) * (1 - decays[j])) * running[at];
      }
    }
  }
  return covariances;
}
