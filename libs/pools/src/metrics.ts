import { InvalidInputError } from '#lib/errors';
import { type PoolRun, valuesOf } from './pool-run.js';
import type { PricePath } from './prices.js';

/** How a pool has done. */
export interface PoolMetrics {
  /** V(T)/V(0) − 1 */
  readonly return: number;
  /** V(T)/H(T) − 1, H the value of the reserves of row 0 had nobody touched them */
  readonly returnOverHodl: number;
  /** mean over deviation of log returns by row, a year's; 0 where nothing moves */
  readonly sharpe: number;
  /** largest fall from a height before, share of that height */
  readonly drawdown: number;
  /**
   * ln of the wealth by rebalancing to the pool's weights in each row at the market's prices, over the pool's wealth:
   * loss-versus-rebalancing, less fees.
   *
   * @see Milionis, Moallemi, Roughgarden & Zhang, "Automated Market Making and Loss-Versus-Rebalancing", arXiv 2208.06046
   */
  readonly lossVersusRebalancing: number;
  /** paid by traders, quote currency */
  readonly fees: number;
  /** rows in which arbitrage has moved the reserves */
  readonly arbitrages: number;
}

/**
 * Metrics of a set of a run.
 *
 * @param prices of the rows that were acted on
 * @param rowHours of a row
 * @throws {InvalidInputError} for prices of other rows
 */
export function poolMetrics(run: PoolRun, prices: PricePath, rowHours: number, set = 0): PoolMetrics {
  const { rows, assets: n, reserves } = run;
  if (prices.rows !== rows || prices.assets !== n)
    throw new InvalidInputError('prices', `has ${prices.rows} rows, the run has ${rows}`);
  const own = reserves.subarray(set * rows * n, (set + 1) * rows * n);
  const values = valuesOf(run, prices, set);
  const last = rows - 1;
  let held = 0;
  for (let i = 0; i < n; i++) held += own[i] * prices.values[last * n + i];
  let height = values[0];
  let drawdown = 0;
  let sum = 0;
  let squares = 0;
  let rebalanced = 0;
  for (let t = 1; t < rows; t++) {
    const growth = Math.log(values[t] / values[t - 1]);
    sum += growth;
    squares += growth * growth;
    height = Math.max(height, values[t]);
    drawdown = Math.max(drawdown, 1 - values[t] / height);
    let grown = 0;
    for (let i = 0; i < n; i++) grown += own[(t - 1) * n + i] * prices.values[t * n + i];
    rebalanced += Math.log(grown / values[t - 1]);
  }
  const count = Math.max(1, last);
  const mean = sum / count;
  const deviation = Math.sqrt(Math.max(0, squares / count - mean * mean));
  return {
    return: values[last] / values[0] - 1,
    returnOverHodl: values[last] / held - 1,
    sharpe: deviation === 0 ? 0 : (mean / deviation) * Math.sqrt((365 * 24) / rowHours),
    drawdown,
    lossVersusRebalancing: rebalanced - Math.log(values[last] / values[0]),
    fees: run.fees[set],
    arbitrages: run.arbitrages[set],
  };
}
