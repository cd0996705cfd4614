import { benjaminiHochberg } from './benjamini-hochberg.js';
import { ZkriskError } from '#lib/errors';
import { johansen, type JohansenResult } from './johansen.js';
import { TRACE_CRITICAL_VALUES } from './johansen-tables.js';
import { PairMoments } from './pair-moments.js';

export interface ClusterOptions {
  /** false-discovery rate over all pairs; default 0.05 */
  readonly level?: number;
  /** largest cluster, default 8 */
  readonly maximumSize?: number;
  /** lags of the pairwise tests, passed on to the Dickey–Fuller regression */
  readonly maximumLag?: number;
}

export interface PairTest {
  readonly first: number;
  readonly second: number;
  /** the smaller p-value of the two directions */
  readonly pValue: number;
  /** twice it, at most 1: the better of two tests must pay for having had two tries */
  readonly adjustedPValue: number;
  readonly cointegrated: boolean;
}

/** A set of assets forecast together. */
export interface Cluster {
  /** indices into the series given, ascending */
  readonly members: readonly number[];
  /** Johansen's trace test, for clusters of two and more */
  readonly cointegration: {
    readonly rank: number;
    readonly eigenvalues: readonly number[];
    readonly trace: readonly number[];
    /** at 5 %; null where no table exists */
    readonly criticalValues: readonly (number | null)[];
  } | null;
  /** why a cluster of two and more could not be described, where it could not */
  readonly undescribed?: string;
}

export interface Clustering {
  readonly clusters: readonly Cluster[];
  readonly pairs: readonly PairTest[];
}

/**
 * Clusters of cointegrated assets: Engle–Granger both ways on each pair of log prices, edges where the
 * hypothesis of no cointegration falls at the Benjamini–Hochberg level, clusters the connected components.
 * A component above the maximum size is cut by average linkage on the p-value (1 − (1 − p)), the closest pairs
 * staying together. Deterministic: ties go to the lower index.
 *
 * @param logPrices n series of T log prices
 * @throws {InvalidInputError} for constant series or too few observations
 */
export function clusterByCointegration(
  logPrices: readonly Float64Array[],
  { level = 0.05, maximumSize = 8, maximumLag }: ClusterOptions = {},
): Clustering {
  const { pairs, distance } = pairTests(logPrices, level, maximumLag);
  const clusters = connectedComponents(logPrices.length, pairs)
    .flatMap((component) =>
      component.length <= maximumSize ? [component] : averageLinkage(component, distance, maximumSize),
    )
    .sort((a, b) => a[0] - b[0])
    .map((members) => describeCluster(members, logPrices));
  return { clusters, pairs };
}

/**
 * Clusters by average linkage on the Engle–Granger p-values, cut at the maximum size: every asset has its nearest ones as company,
 * significant or not. Significance is shown by the pairs and by each cluster's Johansen rank; it is not required.
 *
 * @param logPrices n series of T log prices
 * @throws {InvalidInputError} for constant series or too few observations
 */
export function clusterByLinkage(
  logPrices: readonly Float64Array[],
  { level = 0.05, maximumSize = 8, maximumLag }: ClusterOptions = {},
): Clustering {
  const { pairs, distance } = pairTests(logPrices, level, maximumLag);
  const all = logPrices.map((_, i) => i);
  const clusters = averageLinkage(all, distance, maximumSize)
    .sort((a, b) => a[0] - b[0])
    .map((members) => describeCluster(members, logPrices));
  return { clusters, pairs };
}

/** Engle–Granger both ways on every pair, and the smaller p-value as a distance. */
function pairTests(
  logPrices: readonly Float64Array[],
  level: number,
  maximumLag: number | undefined,
): { pairs: PairTest[]; distance: (a: number, b: number) => number } {
  const n = logPrices.length;
  const tests: Omit<PairTest, 'cointegrated'>[] = [];
  const moments = n < 2 ? undefined : new PairMoments(logPrices, maximumLag);
  for (let first = 0; first < n; first++) {
    for (let second = first + 1; second < n; second++) {
      const pValue = Math.min(moments!.test(first, second).pValue, moments!.test(second, first).pValue);
      tests.push({ first, second, pValue, adjustedPValue: Math.min(1, 2 * pValue) });
    }
  }
  const rejected = benjaminiHochberg(
    tests.map(({ adjustedPValue }) => adjustedPValue),
    level,
  );
  const pairs = tests.map((test, i) => ({ ...test, cointegrated: rejected[i] }));
  const distance = (a: number, b: number) => {
    const [first, second] = a < b ? [a, b] : [b, a];
    return pairs[first * n - (first * (first + 1)) / 2 + second - first - 1].pValue;
  };
  return { pairs, distance };
}

/** Series that Johansen's test has critical values for. */
const MOST_TABULATED = TRACE_CRITICAL_VALUES[0].length;

/** A cluster with its cointegration rank, where it has one; one that cannot be described stays a cluster and says why. */
export function describeCluster(members: readonly number[], logPrices: readonly Float64Array[]): Cluster {
  if (members.length < 2) return { members, cointegration: null };
  if (members.length > MOST_TABULATED) {
    const undescribed = `has ${members.length} markets: critical values of Johansen’s test are tabulated for at most ${MOST_TABULATED}`;
    return { members, cointegration: null, undescribed };
  }
  let result: JohansenResult;
  try {
    result = johansen(members.map((member) => logPrices[member]));
  } catch (error) {
    // A lagged copy of another market is cointegrated with that market beyond the range of the test.
    if (error instanceof ZkriskError) return { members, cointegration: null, undescribed: error.message };
    throw error;
  }
  return {
    members,
    cointegration: {
      rank: result.rank,
      eigenvalues: Array.from(result.eigenvalues),
      trace: Array.from(result.trace),
      criticalValues: result.traceCriticalValues.map((values) => values?.[1] ?? null),
    },
  };
}

function connectedComponents(n: number, pairs: readonly PairTest[]): number[][] {
  const root = Array.from({ length: n }, (_, i) => i);
  const find = (i: number): number => (root[i] === i ? i : (root[i] = find(root[i])));
  for (const { first, second, cointegrated } of pairs) {
    if (!cointegrated) continue;
    const [low, high] = [find(first), find(second)].sort((a, b) => a - b);
    root[high] = low;
  }
  const components = new Map<number, number[]>();
  for (let i = 0; i < n; i++) {
    const component = components.get(find(i));
    if (component) component.push(i);
    else components.set(find(i), [i]);
  }
  return [...components.values()];
}

/**
 * Agglomerates singletons by average distance, never past the maximum size, until nothing more fits together. Sums of distances between
 * groups add up when groups merge, so that a merger costs O(n).
 */
function averageLinkage(
  members: readonly number[],
  distance: (a: number, b: number) => number,
  maximumSize: number,
): number[][] {
  const groups: (number[] | null)[] = members.map((member) => [member]);
  const sums = members.map((a, i) => Float64Array.from(members, (b, j) => (i === j ? 0 : distance(a, b))));
  for (;;) {
    let best: { a: number; b: number; average: number } | undefined;
    for (let a = 0; a < groups.length; a++) {
      const left = groups[a];
      if (left === null || left.length >= maximumSize) continue;
      for (let b = a + 1; b < groups.length; b++) {
        const right = groups[b];
        if (right === null || left.length + right.length > maximumSize) continue;
        const average = sums[a][b] / (left.length * right.length);
        if (best === undefined || average < best.average) best = { a, b, average };
      }
    }
    if (best === undefined) return groups.filter((group) => group !== null);
    const { a, b } = best;
    groups[a] = [...groups[a]!, ...groups[b]!].sort((x, y) => x - y);
    groups[b] = null;
    sums.forEach((row, c) => {
      row[a] += row[b];
      sums[a][c] = row[a];
    });
  }
}
