import { type FactorForecast } from '#lib/risk';
import { InvalidInputError } from '#lib/errors';
import type { Cluster, PairTest } from '../cointegration/index.js';
import type { FactorCount, GoGarchDiagnostics } from '../gogarch/index.js';
import { advanceLmGo, fitLmGo, initialLmGoState, type LmGoModel, lmGoForecast } from '../lm-go/index.js';
import {
  advanceFilter,
  clusterMarkets,
  type ClusterMode,
  fitMarketModel,
  goGarchForecast,
  initialFilterState,
  type MarketModel,
} from '../market/index.js';
import { type ExcludedMarket, requireWindow, screenMarkets } from './screen.js';

/** A fitted model of either kind, plain data. */
export type ForecastModel = LmGoModel | MarketModel;
export type ForecastModelKind = ForecastModel['kind'];

export interface ForecastModelOptions {
  /** default `lm-go` */
  readonly model?: ForecastModelKind;
  /** common factors (lm-go: `all` and `marchenko-pastur` both leave the number to the data), or factors of each cluster (gogarch) */
  readonly factors?: FactorCount;
  /** how gogarch clusters markets, and how groups are described */
  readonly clusters?: ClusterMode;
  /** describe groups of markets with LM-GO too: tests of all pairs, which a fit itself does not need; default false */
  readonly describe?: boolean;
  /** fewest observations of a usable market, default 100 */
  readonly minimumObservations?: number;
}

/** Markets that move together, as cointegration has it: a description, which no forecast depends on with LM-GO. */
export interface MarketGroup {
  readonly markets: readonly string[];
  /** Johansen's, of two and more */
  readonly cointegrationRank: number | null;
  /** why a group has no rank, where it could not be tested */
  readonly undescribed?: string;
}

export interface ForecastModelFit {
  readonly model: ForecastModel;
  /** markets that no model was made for */
  readonly excluded: readonly ExcludedMarket[];
  /** null where they were not asked for */
  readonly groups: readonly MarketGroup[] | null;
  /** tests of cointegration, where clusters came from tests */
  readonly pairs: readonly PairTest[];
  /** of each cluster's GO-GARCH; LM-GO has no optimiser to tell of */
  readonly diagnostics: readonly Omit<GoGarchDiagnostics, 'standardisedFactors'>[];
}

/**
 * Fits a model to a window. Markets that cannot be described are left out by name, and the others are modelled.
 *
 * @param markets n names
 * @param returns n series of T log returns
 * @throws {InvalidInputError} where no market is usable or a return is not finite
 */
export function fitForecastModel(
  markets: readonly string[],
  returns: readonly Float64Array[],
  options: ForecastModelOptions = {},
): ForecastModelFit {
  const { model: kind = 'lm-go', factors = 'all', clusters, minimumObservations = 100 } = options;
  if (kind === 'gogarch') {
    const fit = fitMarketModel(markets, returns, { clusters, goGarch: { factors }, minimumObservations });
    return { ...fit, groups: groupsOf(fit.model.markets, fit.model.clusters) };
  }
  requireWindow(markets, returns, minimumObservations);
  const { usable, excluded } = screenMarkets(markets, returns, 'distinct');
  if (typeof factors === 'number' && !(Number.isInteger(factors) && factors >= 1))
    throw new InvalidInputError('factors', `must be a whole number of at least 1, got ${factors}`);
  const model = fitLmGo(
    usable.map((i) => markets[i]),
    usable.map((i) => returns[i]),
    typeof factors === 'number' ? { factors } : {},
  );
  const described =
    options.describe === true
      ? clusterMarkets(
          clusters ?? 'linkage',
          usable.map((i) => returns[i]),
        )
      : null;
  return {
    model,
    excluded,
    groups: described && groupsOf(model.markets, described.clusters),
    pairs: described?.pairs ?? [],
    diagnostics: [],
  };
}

function groupsOf(
  markets: readonly string[],
  clusters: readonly Pick<Cluster, 'members' | 'cointegration' | 'undescribed'>[],
): MarketGroup[] {
  return clusters.map(({ members, cointegration, undescribed }) => ({
    markets: members.map((member) => markets[member]),
    cointegrationRank: cointegration?.rank ?? null,
    ...(undescribed === undefined ? {} : { undescribed }),
  }));
}

/** State of the filter right after a fit. */
export function initialState(model: ForecastModel): Float64Array {
  return model.kind === 'lm-go' ? initialLmGoState(model) : initialFilterState(model);
}

/** One bar of the filter; null for a market without a fresh price. */
export function advanceState(
  model: ForecastModel,
  state: Float64Array,
  returns: readonly (number | null)[],
): Float64Array {
  return model.kind === 'lm-go' ? advanceLmGo(model, state, returns) : advanceFilter(model, state, returns);
}

/**
 * Σ over the horizon and its rate, in factor form; rates are per bar.
 *
 * @param horizon H > 0 in bars, not necessarily whole
 * @param varianceRatioFloor of LM-GO, see {@link lmGoForecast}
 */
export function factorForecast(
  model: ForecastModel,
  state: Float64Array,
  horizon: number,
  varianceRatioFloor = 0,
): FactorForecast {
  return model.kind === 'lm-go'
    ? lmGoForecast(model, state, horizon, varianceRatioFloor)
    : goGarchForecast(model, state, horizon);
}
