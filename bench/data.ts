import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { logReturns, readSeriesFiles } from '#lib/price-file';
import { randomStream } from '#lib/runtime';

/** 24 hourly series: real prices where they lie beside the checkout, otherwise simulated factors with GARCH. */
export interface BenchData {
  readonly source: string;
  readonly names: readonly string[];
  readonly logPrices: readonly Float64Array[];
  readonly returns: readonly Float64Array[];
}

export function benchData(length: number): BenchData {
  const file = join(import.meta.dirname, '..', '..', '..', 'shared', 'data', 'hourly_close_24.csv');
  if (existsSync(file)) {
    const { names, values } = readSeriesFiles([file], { kind: 'price' });
    const prices = values.map((series) => series.subarray(0, length + 1));
    return {
      source: 'hourly prices of 24 crypto markets',
      names,
      logPrices: prices.map((series) => series.map(Math.log)),
      returns: logReturns(prices),
    };
  }
  const random = randomStream(1);
  const n = 24;
  const variances = new Float64Array(n).fill(1);
  const mixing = Array.from({ length: n }, () => Array.from({ length: n }, () => random.normal()));
  const returns = Array.from({ length: n }, () => new Float64Array(length));
  for (let t = 0; t < length; t++) {
    // Heavy tails, as returns have: factors that were nearly normal could not be told apart, and FastICA would not converge.
    const factors = Array.from(
      variances,
      (variance) => Math.sqrt(variance) * random.normal() * Math.exp(0.6 * random.normal() - 0.36),
    );
    for (let k = 0; k < n; k++) variances[k] = 0.03 + 0.07 * factors[k] ** 2 + 0.9 * variances[k];
    for (let i = 0; i < n; i++)
      returns[i][t] = 0.002 * mixing[i].reduce((sum, weight, k) => sum + weight * factors[k], 0);
  }
  const logPrices = returns.map((series) => {
    const cumulated = new Float64Array(length + 1);
    for (let t = 0; t < length; t++) cumulated[t + 1] = cumulated[t] + series[t];
    return cumulated;
  });
  return { source: 'simulated factors', names: returns.map((_, i) => `S${i}`), logPrices, returns };
}
