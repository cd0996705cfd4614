import { InvalidInputError, messageOf } from '#lib/errors';
import {
  type Cluster,
  clusterByCointegration,
  type ClusterOptions,
  describeCluster,
  type PairTest,
} from '../cointegration/index.js';
import {
  fitGoGarch,
  type GoGarchDiagnostics,
  type GoGarchModel,
  type GoGarchOptions,
} from '../gogarch/index.js';
import { type ExcludedMarket, requireWindow, screenMarkets } from '../model/screen.js';
import { type CrossCorrelation, factorCorrelation } from './factor-correlation.js';

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
  readonly kind: 'gogarch';
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
  requireWindow(markets, returns, minimumObservations);
  const { usable, excluded } = screenMarkets(markets, returns, 'independent');
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
      kind: 'gogarch',
      markets: usable.map((i) => markets[i]),
      clusters: clusters.map((cluster, c) => ({ ...cluster, goGarch: fits[c].model })),
      factorCorrelation: Array.from(factorCorrelation(blocks, options.crossCorrelation ?? 'constant')),
      factors: blocks.reduce((sum, block) => sum + block.length, 0),
      observations: returns[0].length,
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
