import { InvalidInputError, messageOf } from '#lib/errors';
import {
  type Cluster,
  clusterByCointegration,
  type ClusterOptions,
  describeCluster,
  type PairTest,
} from '../cointegration/index.js';
import { multiplyTransposed } from '../dense.js';
import {
  fitGoGarch,
  type GoGarchDiagnostics,
  type GoGarchModel,
  type GoGarchOptions,
} from '../gogarch/index.js';
import { type CrossCorrelation, dependentSeries, factorCorrelation } from './factor-correlation.js';

/** Where clusters come from: tests on the data, everything together, or every market alone. */
export type ClusterMode = 'cointegration' | 'single' | 'none';

export interface MarketModelOptions {
  readonly clusters?: ClusterMode;
  readonly clustering?: ClusterOptions;
  readonly goGarch?: GoGarchOptions;
  /** between clusters; default `constant` */
  readonly crossCorrelation?: CrossCorrelation;
  /** fewest observations of a usable market, default 100 */
  readonly minimumObservations?: number;
}

/** Fitted model of all markets, plain data. */
export interface MarketModel {
  readonly markets: readonly string[];
  readonly clusters: readonly {
    /** indices into `markets` */
    readonly members: readonly number[];
    readonly cointegration: Cluster['cointegration'];
    readonly goGarch: GoGarchModel;
  }[];
  /** R̃, K×K row-major over the factors of all clusters in order */
  readonly factorCorrelation: readonly number[];
  /** K */
  readonly factors: number;
  readonly observations: number;
}

/** A market that no model was made for, and why. */
export interface ExcludedMarket {
  readonly market: string;
  readonly reason: string;
}

export interface MarketModelFit {
  readonly model: MarketModel;
  readonly excluded: readonly ExcludedMarket[];
  readonly pairs: readonly PairTest[];
  readonly diagnostics: readonly Omit<GoGarchDiagnostics, 'standardisedFactors'>[];
}

/**
 * Clusters the markets, fits GO-GARCH in each cluster and the correlation between clusters. Constant and collinear
 * markets are left out by name; the others are modelled all the same.
 *
 * @param markets n names
 * @param returns n series of T log returns
 * @throws {InvalidInputError} where no market is usable or a return is not finite
 */
export function fitMarketModel(
  markets: readonly string[],
  returns: readonly Float64Array[],
  options: MarketModelOptions = {},
): MarketModelFit {
  const { clusters: mode = 'cointegration', minimumObservations = 100 } = options;
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
  const { usable, excluded } = screenMarkets(markets, returns);
  if (usable.length === 0) {
    throw new InvalidInputError(
      'returns',
      `no usable market: ${excluded.map(({ market, reason }) => `${market} ${reason}`).join('; ')}`,
    );
  }
  const series = usable.map((i) => returns[i]);
  const logPrices = series.map(cumulated);
  const { clusters, pairs } = clustersOf(mode, logPrices, options.clustering);
  const fits = clusters.map((cluster) => {
    try {
      return fitGoGarch(
        cluster.members.map((member) => series[member]),
        { withoutConvergence: 'principal-components', ...options.goGarch },
      );
    } catch (error) {
      const names = cluster.members.map((member) => markets[usable[member]]).join(', ');
      if (error instanceof InvalidInputError)
        throw new InvalidInputError(`cluster ${names}`, messageOf(error));
      throw error;
    }
  });
  const blocks = fits.map(({ diagnostics }) => diagnostics.standardisedFactors);
  return {
    model: {
      markets: usable.map((i) => markets[i]),
      clusters: clusters.map((cluster, c) => ({ ...cluster, goGarch: fits[c].model })),
      factorCorrelation: Array.from(factorCorrelation(blocks, options.crossCorrelation ?? 'constant')),
      factors: blocks.reduce((sum, block) => sum + block.length, 0),
      observations,
    },
    excluded,
    pairs,
    diagnostics: fits.map(({ diagnostics: { standardisedFactors: _, ...rest } }) => rest),
  };
}

function clustersOf(
  mode: ClusterMode,
  logPrices: readonly Float64Array[],
  options: ClusterOptions | undefined,
): { clusters: readonly Cluster[]; pairs: readonly PairTest[] } {
  const all = logPrices.map((_, i) => i);
  if (mode === 'cointegration') return clusterByCointegration(logPrices, options);
  if (mode === 'single') return { clusters: [describeCluster(all, logPrices)], pairs: [] };
  return { clusters: all.map((i) => ({ members: [i], cointegration: null })), pairs: [] };
}

/** Log prices up to a constant, which no test here depends on. */
function cumulated(returns: Float64Array): Float64Array {
  const result = new Float64Array(returns.length + 1);
  for (let t = 0; t < returns.length; t++) result[t + 1] = result[t] + returns[t];
  return result;
}

/**
 * Markets that a model can be fitted to, as indices: those that move and do not repeat what the ones before them say.
 *
 * @param returns n series of T log returns, finite
 */
export function screenMarkets(
  markets: readonly string[],
  returns: readonly Float64Array[],
): { usable: number[]; excluded: ExcludedMarket[] } {
  const excluded: ExcludedMarket[] = [];
  const moving: number[] = [];
  const standardised = returns.map((series) => {
    const mean = series.reduce((sum, value) => sum + value, 0) / series.length;
    const deviation = Math.sqrt(series.reduce((sum, value) => sum + (value - mean) ** 2, 0));
    return deviation > 1e-12 ? series.map((value) => (value - mean) / deviation) : null;
  });
  standardised.forEach((series, i) => {
    if (series === null) excluded.push({ market: markets[i], reason: 'is constant: its price did not move' });
    else moving.push(i);
  });
  const n = moving.length;
  const length = returns[0].length;
  const stacked = new Float64Array(n * length);
  moving.forEach((i, row) => stacked.set(standardised[i]!, row * length));
  const correlation = multiplyTransposed(stacked, stacked, new Float64Array(n * n), n, length, n);
  const dependent = new Set(dependentSeries(correlation, n));
  const usable = moving.filter((i, row) => {
    if (dependent.has(row)) {
      excluded.push({ market: markets[i], reason: 'is collinear with the markets before it' });
      return false;
    }
    return true;
  });
  return { usable, excluded };
}
