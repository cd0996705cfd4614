import { InvalidInputError, messageOf } from '#lib/errors';
import {
  type Cluster,
  clusterByCointegration,
  clusterByLinkage,
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

/** Where clusters come from: tests on the data, linked or only where significant; everything together; or every market alone. */
export type ClusterMode = 'linkage' | 'cointegration' | 'single' | 'none';

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
    /** why a cluster of two and more is not described, where it is not */
    readonly undescribed?: string;
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
  const { clusters: mode = 'linkage', minimumObservations = 100 } = options;
  requireWindow(markets, returns, minimumObservations);
  const { usable, excluded } = screenMarkets(markets, returns, 'independent');
  const series = usable.map((i) => returns[i]);
  const { clusters: found, pairs } = clusterMarkets(mode, series, options.clustering);
  const fitted = found.flatMap((cluster) => fitCluster(cluster, series, options.goGarch));
  const refused = fitted.find((one) => 'refusal' in one);
  if (refused !== undefined) {
    // A market that no model can be made for must not keep the others from theirs.
    const out = usable[refused.cluster.members[0]];
    const others = markets.map((_, i) => i).filter((i) => i !== out);
    if (others.length === 0) throw new InvalidInputError(`returns.${markets[out]}`, refused.refusal);
    const rest = fitMarketModel(
      others.map((i) => markets[i]),
      others.map((i) => returns[i]),
      options,
    );
    return { ...rest, excluded: [...rest.excluded, { market: markets[out], reason: refused.refusal }] };
  }
  const ready = fitted.filter((one) => 'fit' in one);
  const clusters = ready.map(({ cluster }) => cluster);
  const fits = ready.map(({ fit }) => fit);
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

/** A cluster with its GO-GARCH; or, of one market alone, why there is none. */
type FittedCluster =
  | { readonly cluster: Cluster; readonly fit: ReturnType<typeof fitGoGarch> }
  | { readonly cluster: Cluster; readonly refusal: string };

/** A cluster that cannot be fitted as one falls apart into its markets, each of which says why it is alone. */
function fitCluster(
  cluster: Cluster,
  series: readonly Float64Array[],
  options: GoGarchOptions | undefined,
): FittedCluster[] {
  try {
    const fit = fitGoGarch(
      cluster.members.map((member) => series[member]),
      { withoutConvergence: 'principal-components', ...options },
    );
    return [{ cluster, fit }];
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error;
    const reason = messageOf(error);
    if (cluster.members.length === 1) return [{ cluster, refusal: `cannot be fitted: ${reason}` }];
    return cluster.members.flatMap((member) =>
      fitCluster(
        { members: [member], cointegration: null, undescribed: `its group cannot be fitted: ${reason}` },
        series,
        options,
      ),
    );
  }
}

/**
 * Clusters of a mode, as indices into the series, with the tests they come from.
 *
 * @param returns n series of T log returns
 */
export function clusterMarkets(
  mode: ClusterMode,
  returns: readonly Float64Array[],
  options?: ClusterOptions,
): { clusters: readonly Cluster[]; pairs: readonly PairTest[] } {
  const logPrices = returns.map(cumulated);
  const all = returns.map((_, i) => i);
  if (mode === 'linkage') return clusterByLinkage(logPrices, options);
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
