import {
  engleGranger,
  fitGarch,
  garchLogLikelihood,
  independentComponents,
  johansen,
  principalComponents,
} from '#lib/volatility';
import { benchData } from './data.js';
import { askPeers } from './harness.js';

/** The largest difference seen between our numbers and a peer's, and the tolerance. */
export interface Agreement {
  readonly what: string;
  readonly worst: number;
  readonly tolerance: number;
}

interface Answer {
  garch: { logLikelihood: number; backcast: number; parameters: [number, number, number] }[];
  cointegration: {
    pairs: { statistic: number; pValue: number }[];
    trace: number[];
    maximumEigenvalue: number[];
  };
  fastIca: { unmixing: number[][] };
  markPound: { returns: number[] };
}

const relative = (a: number, b: number) => Math.abs(a - b) / Math.abs(b);

/** Our estimates beside the peers' on the same 24 series and the DEM/GBP benchmark; null where they are absent. */
export function comparePeers(): Agreement[] | null {
  const { returns, logPrices } = benchData(2000);
  const scale = 100;
  const prices = logPrices.map((series) => series.subarray(0, 865));
  const pairs: [number, number][] = [];
  for (let i = 0; i < 24; i++)
    for (let j = 0; j < 24; j++) if (i !== j && (i + j) % 7 === 0) pairs.push([i, j]);
  const peers = askPeers<Answer>({
    garch: { series: returns.map((series) => Array.from(series)), scale, repeats: 1 },
    cointegration: { logPrices: prices.map((series) => Array.from(series)), pairs, johansen: 6 },
    fastIca: { series: returns.map((series) => Array.from(series)), tolerance: 1e-10 },
    markPound: {},
  });
  if (peers === null) return null;
  const worst = (differences: number[]) => differences.reduce((a, b) => Math.max(a, b), 0);

  const likelihoods = peers.garch.map(({ logLikelihood, backcast, parameters: [omega, alpha, beta] }, i) => {
    const scaled = returns[i].map((value) => value * scale);
    return relative(
      garchLogLikelihood(scaled, { mu: 0, omega, alpha, beta }, { backcast }, new Float64Array(4)),
      logLikelihood,
    );
  });
  // Ours may be higher: an optimiser that stops early is no reference. Only a shortfall of ours counts.
  const maxima = peers.garch.map(({ logLikelihood, backcast }, i) => {
    const fit = fitGarch(
      returns[i].map((value) => value * scale),
      { startUp: { backcast }, requireArchEffect: false },
    );
    return Math.max(0, (logLikelihood - fit.logLikelihood) / Math.abs(logLikelihood));
  });
  const tests = pairs.map(([i, j]) => engleGranger(prices[i], prices[j]));
  const statistics = tests.map(({ statistic }, p) =>
    relative(statistic, peers.cointegration.pairs[p].statistic),
  );
  const pValues = tests.map(({ pValue }, p) => Math.abs(pValue - peers.cointegration.pairs[p].pValue));
  const rank = johansen(prices.slice(0, 6));
  const johansenDifferences = [
    ...peers.cointegration.trace.map((value, r) => relative(rank.trace[r], value)),
    ...peers.cointegration.maximumEigenvalue.map((value, r) => relative(rank.maximumEigenvalue[r], value)),
  ];
  const { mu, omega, alpha, beta } = fitGarch(Float64Array.from(peers.markPound.returns), {
    mean: 'constant',
    startUp: 'one-step',
  }).parameters;
  const published = [
    relative(mu, -0.00619041),
    relative(omega, 0.0107613),
    relative(alpha, 0.153134),
    relative(beta, 0.805974),
  ];
  return [
    {
      what: 'GARCH: arch’s log-likelihood at arch’s parameters, 24 series, relative',
      worst: worst(likelihoods),
      tolerance: 1e-6,
    },
    { what: 'GARCH: our maximum below arch’s, 24 series, relative', worst: worst(maxima), tolerance: 1e-6 },
    {
      what: 'GARCH: DEM/GBP benchmark (published FCP estimates), relative',
      worst: worst(published),
      tolerance: 1e-4,
    },
    {
      what: `Engle–Granger: statsmodels’ statistics, ${pairs.length} pairs, relative`,
      worst: worst(statistics),
      tolerance: 1e-6,
    },
    { what: 'Engle–Granger: statsmodels’ p-values, absolute', worst: worst(pValues), tolerance: 1e-4 },
    {
      what: 'Johansen: statsmodels’ trace and maximum eigenvalue, 6 series, relative',
      worst: worst(johansenDifferences),
      tolerance: 1e-6,
    },
    {
      what: 'ICA: scikit-learn’s FastICA sources from ours, Amari distance, 24 sources',
      worst: icaDistance(returns, peers.fastIca.unmixing),
      tolerance: 1e-3,
    },
  ];
}

/** Amari distance between our unmixing and a peer's on the same data: 0 where one is a scaled permutation of the other. */
function icaDistance(returns: readonly Float64Array[], peer: readonly number[][]): number {
  const n = returns.length;
  const { whitened, dewhitening } = principalComponents(returns);
  // Several optima exist; the peer found one, so it is sought among ours.
  const distances = independentComponents(whitened, n, { starts: 12, tolerance: 1e-10 }).map(
    ({ rotation }) => {
      // P = W_peer · A with A = dewhitening · Uᵀ
      const product = peer.map((row) =>
        Array.from({ length: n }, (_, j) => {
          let sum = 0;
          for (let i = 0; i < n; i++)
            for (let k = 0; k < n; k++) sum += row[i] * dewhitening[i * n + k] * rotation[j * n + k];
          return Math.abs(sum);
        }),
      );
      let total = 0;
      for (let i = 0; i < n; i++) {
        const row = product[i];
        const column = product.map((entries) => entries[i]);
        for (const entries of [row, column])
          total += entries.reduce((sum, value) => sum + value, 0) / Math.max(...entries) - 1;
      }
      return total / (2 * n * (n - 1));
    },
  );
  return Math.min(...distances);
}
