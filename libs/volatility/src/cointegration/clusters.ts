import { benjaminiHochberg } from './benjamini-hochberg.js';
import { engleGranger } from './engle-granger.js';
import { johansen } from './johansen.js';

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
  const n = logPrices.length;
  const tests: Omit<PairTest, 'cointegrated'>[] = [];
  for (let first = 0; first < n; first++) {
    for (let second = first + 1; second < n; second++) {
      const forward = engleGranger(logPrices[first], logPrices[second], { maximumLag });
      const backward = engleGranger(logPrices[second], logPrices[first], { maximumLag });
      const pValue = Math.min(forward.pValue, backward.pValue);
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
  const clusters = connectedComponents(n, pairs)
    .flatMap((component) =>
      component.length <= maximumSize ? [component] : averageLinkage(component, distance, maximumSize),
    )
    .sort((a, b) => a[0] - b[0])
    .map((members) => describeCluster(members, logPrices));
  return { clusters, pairs };
}

/** A cluster with its cointegration rank, where it has one. */
export function describeCluster(members: readonly number[], logPrices: readonly Float64Array[]): Cluster {
  if (members.length < 2) return { members, cointegration: null };
  const result = johansen(members.map((member) => logPrices[member]));
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

/** Agglomerates singletons by average distance, never past the maximum size, until nothing more fits together. */
function averageLinkage(
  members: readonly number[],
  distance: (a: number, b: number) => number,
  maximumSize: number,
): number[][] {
  let groups = members.map((member) => [member]);
  for (;;) {
    let best: { a: number; b: number; average: number } | undefined;
    for (let a = 0; a < groups.length; a++) {
      for (let b = a + 1; b < groups.length; b++) {
        if (groups[a].length + groups[b].length > maximumSize) continue;
        let sum = 0;
        for (const i of groups[a]) for (const j of groups[b]) sum += distance(i, j);
        const average = sum / (groups[a].length * groups[b].length);
        if (best === undefined || average < best.average) best = { a, b, average };
      }
    }
    if (best === undefined) return groups;
    const { a, b } = best;
    const merged = [...groups[a], ...groups[b]].sort((x, y) => x - y);
    groups = groups.map((group, i) => (i === a ? merged : group)).filter((_, i) => i !== b);
  }
}
