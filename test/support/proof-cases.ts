import {
  covarianceRows,
  type CovarianceInput,
  CORRELATION_STEP,
  dequantise,
  type PricedBook,
  type PricedCluster,
  type PricingInput,
  quantise,
} from '#lib/proofs';
import { randomStream } from '#lib/runtime';

type Random = ReturnType<typeof randomStream>;

/** A cluster of n assets whose factors are neither degenerate nor out of all proportion. */
export function randomCluster(seed: number, n: number): CovarianceInput {
  const random = randomStream(seed);
  const between = (low: number, high: number) =>
    Array.from({ length: n }, () => low + (high - low) * random.uniform());
  const alpha = between(0, 0.3);
  return {
    loadings: Array.from({ length: n }, (_, i) =>
      between(-0.5, 0.5).map((value, k) => (i === k ? 1.5 + value : value)),
    ),
    mean: between(-0.05, 0.05),
    alpha,
    beta: alpha.map((value) => (1 - value) * (0.5 + 0.45 * random.uniform())),
    slope: between(1, 24),
    marginal: between(0, 1),
    horizon: 24,
    variances: between(0.2, 4),
    returns: between(-4, 4),
    exposures: between(-0.2, 0.2),
    salts: { model: 1.5, state: 2.5, nextState: 3.5, risk: seed % 1000, drift: 5.5 },
  };
}

/** R̃ of clusters with eight places each: the identity within a cluster, weak correlations in steps between. */
export function randomCorrelation(random: Random, clusters: number): number[][] {
  const n = 8 * clusters;
  const matrix = Array.from({ length: n }, (_, i) => Array.from({ length: n }, (__, j) => Number(i === j)));
  for (let i = 0; i < n; i++)
    for (let j = (Math.floor(i / 8) + 1) * 8; j < n; j++) {
      const value = Math.round((0.04 * (random.uniform() - 0.5)) / CORRELATION_STEP) * CORRELATION_STEP;
      matrix[i][j] = value;
      matrix[j][i] = value;
    }
  return matrix;
}

/** Exposures before and after a trade of clusters, and the pricing input that goes with them. */
export function randomPricing(
  seed: number,
  capital: number,
): { clusters: CovarianceInput[]; after: CovarianceInput[]; input: PricingInput } {
  const random = randomStream(seed);
  const count = 1 + Math.floor(4 * random.uniform());
  const clusters = Array.from({ length: count }, (_, c) => randomCluster(seed * 7 + c, 1 + ((seed + c) % 8)));
  const after = clusters.map((cluster) => ({
    ...cluster,
    exposures: cluster.exposures.map((x) => x * (1 + 0.2 * (random.uniform() - 0.5))),
    salts: { ...cluster.salts, risk: cluster.salts.risk + 0.5 },
  }));
  const numbers = (row: readonly bigint[]) => row.slice(0, 8).map(dequantise);
  const priced: PricedCluster[] = clusters.map((cluster, c) => {
    const [rows, rowsAfter] = [covarianceRows(cluster), covarianceRows(after[c])];
    return {
      risk: numbers(rows.risk),
      drift: numbers(rows.drift),
      riskSalt: cluster.salts.risk,
      driftSalt: cluster.salts.drift,
      riskAfter: numbers(rowsAfter.risk),
      riskAfterSalt: after[c].salts.risk,
    };
  });
  const net = (all: readonly CovarianceInput[]) =>
    dequantise(all.flatMap(({ exposures }) => exposures).reduce((sum, x) => sum + quantise(x, 'x'), 0n));
  const book = (all: readonly CovarianceInput[], entry: number): PricedBook => ({
    net: net(all),
    entry,
    capital: 0.3 * capital,
    liquidity: 0.7 * capital,
    pending: 0.01,
  });
  const entry = net(clusters) + 0.05 * (random.uniform() - 0.5);
  return {
    clusters,
    after,
    input: {
      clusters: priced,
      correlation: randomCorrelation(random, count),
      correlationSalt: 77.25,
      before: book(clusters, entry),
      after: book(after, entry + net(after) - net(clusters)),
      alpha: 0.01,
    },
  };
}
