import { ZkriskError } from '#lib/errors';
import type { ModelPayload } from '#lib/messages';
import { CLUSTER_SIZE, type CovarianceInput } from '#lib/proofs';
import { type ForecastModel, forecastVariance, type MarketModel } from '#lib/volatility';

/** Most circuits of eight assets that one pricing proof brings together. */
const LARGEST_GROUPS = 4;

/** A model that the circuits have no room for. */
export class ModelNotProvableError extends ZkriskError {
  readonly code = 'model-not-provable';
}

/** What a covariance circuit is told of its model: everything but a bar's state, returns and exposures. */
export type DeclaredParameters = Pick<
  CovarianceInput,
  'loadings' | 'mean' | 'alpha' | 'beta' | 'slope' | 'marginal' | 'horizon'
>;

/** Clusters that share a circuit: block by block, at most eight assets. */
export interface DeclaredGroup extends DeclaredParameters {
  readonly markets: readonly string[];
  /** place of each factor among all of the model's */
  readonly factors: readonly number[];
  /** σ̄² of each factor: what its h is divided by */
  readonly longRun: readonly number[];
}

/** A forecaster's model as the statements declare it. Percent, and factors of long-run variance one. */
export interface DeclaredModel {
  readonly version: number;
  readonly barMs: number;
  readonly groups: readonly DeclaredGroup[];
  /** R̃, eight places a group, by rows */
  readonly correlation: readonly (readonly number[])[];
}

/**
 * Puts clusters into circuits, largest first into the first that has room. Within a circuit, clusters are blocks of the loadings;
 * correlations between them are the pricing proof's, like those between circuits.
 *
 * @throws {ModelNotProvableError} where there are too many markets, or factors were left out
 */
export function declaredModel({ version, barMs, horizonBars, model: given }: ModelPayload): DeclaredModel {
  const model = given as unknown as ForecastModel;
  if (model.kind !== 'gogarch')
    throw new ModelNotProvableError(`the circuits state gogarch models, this one is ${model.kind}`);
  let offset = 0;
  const placed = model.clusters.map((cluster) => {
    const first = offset;
    offset += cluster.goGarch.factors;
    return { ...cluster, first };
  });
  const bins: (typeof placed)[] = [];
  for (const cluster of placed.toSorted((a, b) => b.members.length - a.members.length)) {
    const names = cluster.members.map((member) => model.markets[member]).join(', ');
    if (cluster.goGarch.factors !== cluster.members.length)
      throw new ModelNotProvableError(`the cluster of ${names} leaves factors out; FACTORS=all keeps them`);
    if (cluster.members.length > CLUSTER_SIZE)
      throw new ModelNotProvableError(`the cluster of ${names} has more than ${CLUSTER_SIZE} markets`);
    const used = (bin: typeof placed) => bin.reduce((sum, { members }) => sum + members.length, 0);
    const bin = bins.find((candidate) => used(candidate) + cluster.members.length <= CLUSTER_SIZE);
    if (bin === undefined) bins.push([cluster]);
    else bin.push(cluster);
  }
  if (bins.length > LARGEST_GROUPS)
    throw new ModelNotProvableError(
      `${model.markets.length} markets need ${bins.length} circuits of ${CLUSTER_SIZE}, ${LARGEST_GROUPS} can be priced together`,
    );
  const groups = bins.map((bin) => groupOf(model, bin, horizonBars));
  const size = groups.length * CLUSTER_SIZE;
  const factorAt = (place: number) =>
    groups[Math.floor(place / CLUSTER_SIZE)].factors.at(place % CLUSTER_SIZE);
  const correlation = Array.from({ length: size }, (_, i) =>
    Array.from({ length: size }, (__, j) => {
      const [a, b] = [factorAt(i), factorAt(j)];
      if (a === undefined || b === undefined) return Number(i === j);
      return model.factorCorrelation[a * model.factors + b];
    }),
  );
  return { version, barMs, groups, correlation };
}

function groupOf(
  model: MarketModel,
  bin: readonly (MarketModel['clusters'][number] & { first: number })[],
  horizon: number,
): DeclaredGroup {
  const size = bin.reduce((sum, { members }) => sum + members.length, 0);
  const loadings = Array.from({ length: size }, () => new Array<number>(size).fill(0));
  const group = {
    markets: [] as string[],
    factors: [] as number[],
    longRun: [] as number[],
    mean: [] as number[],
    alpha: [] as number[],
    beta: [] as number[],
    slope: [] as number[],
    marginal: [] as number[],
  };
  for (const { members, goGarch, first } of bin) {
    const { factors, mixing, mean, garch } = goGarch;
    const at = group.markets.length;
    garch.forEach(({ parameters }, k) => {
      const { omega, alpha, beta } = parameters;
      const longRun = omega / (1 - alpha - beta);
      // Both are affine in h: their values at the long-run mean and one above it tell slope and intercept.
      const [atMean, above] = [longRun, 2 * longRun].map((h) => forecastVariance(parameters, h, horizon));
      group.factors.push(first + k);
      group.longRun.push(longRun);
      group.alpha.push(alpha);
      group.beta.push(beta);
      group.slope.push((above.cumulative - atMean.cumulative) / longRun);
      group.marginal.push((above.marginal - atMean.marginal) / longRun);
      members.forEach((_, i) => {
        loadings[at + i][at + k] = 100 * mixing[i * factors + k] * Math.sqrt(longRun);
      });
    });
    members.forEach((member, i) => {
      group.markets.push(model.markets[member]);
      group.mean.push(100 * mean[i]);
    });
  }
  return { ...group, loadings, horizon };
}
