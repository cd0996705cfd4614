import type { Figures, MetricName } from '../run/metrics.js';
import { METRIC_NAMES } from '../run/metrics.js';

/** Mean over seeds with a 95 % confidence interval. */
export interface Estimate {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
  readonly seeds: number;
}

/** 97.5 % quantiles of Student's t with 1 … 30 degrees of freedom. */
const T_QUANTILES = [
  12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145, 2.131,
  2.12, 2.11, 2.101, 2.093, 2.086, 2.08, 2.074, 2.069, 2.064, 2.06, 2.056, 2.052, 2.048, 2.045, 2.042,
];

/** Student's interval; a single value has none, and is its own. */
export function estimate(values: readonly number[]): Estimate {
  const n = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  if (n < 2) return { mean, low: mean, high: mean, seeds: n };
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1);
  const half = (T_QUANTILES[n - 2] ?? 1.96) * Math.sqrt(variance / n);
  return { mean, low: mean - half, high: mean + half, seeds: n };
}

/** A run's figures by window, rules and seed. */
export interface RunFigures {
  readonly window: string;
  readonly rules: string;
  readonly seed: number;
  readonly figures: Figures;
}

export interface WindowSummary {
  readonly window: string;
  readonly rules: string;
  readonly metrics: Readonly<Record<MetricName, Estimate>>;
  /** ours less theirs, seed by seed: the traders are the same */
  readonly against: Readonly<Record<MetricName, Estimate>> | null;
}

const OURS = 'zkrisk';

/** Every metric of every window and rule set over the seeds, and the paired difference to ours. */
export function summarise(runs: readonly RunFigures[]): WindowSummary[] {
  const groups = new Map<string, RunFigures[]>();
  for (const run of runs) {
    const key = JSON.stringify([run.window, run.rules]);
    groups.set(key, [...(groups.get(key) ?? []), run]);
  }
  const over = (of: (name: MetricName) => number[]) =>
    Object.fromEntries(METRIC_NAMES.map((name) => [name, estimate(of(name))])) as WindowSummary['metrics'];
  return [...groups.values()].map((group) => {
    const [{ window, rules }] = group;
    const ours = groups.get(JSON.stringify([window, OURS])) ?? [];
    const pairs = group.flatMap((theirs) => {
      const own = ours.find(({ seed }) => seed === theirs.seed);
      return own === undefined ? [] : [[own.figures, theirs.figures] as const];
    });
    return {
      ...{ window, rules },
      metrics: over((name) => group.map(({ figures }) => figures[name])),
      against:
        rules === OURS || pairs.length === 0
          ? null
          : over((name) => pairs.map(([own, theirs]) => own[name] - theirs[name])),
    };
  });
}

/** The aims of ours in a window, and whether the seeds show them. */
export interface Verdict {
  readonly window: string;
  readonly metric: MetricName;
  readonly against: string;
  /** ours less theirs */
  readonly difference: Estimate;
  /** less: the whole interval is below 0; more: above; open: neither */
  readonly shown: 'less' | 'more' | 'open';
}

/** Metrics that ours should have less of, and against whom: everybody, or one rule set. */
const HELD_TO: readonly (readonly [MetricName, string | undefined])[] = [
  ['badDebt', 'linear'],
  ['closedNotional', undefined],
];

/** Ours against the others in every window, metric by metric. */
export function verdicts(summary: readonly WindowSummary[]): Verdict[] {
  return HELD_TO.flatMap(([metric, only]) =>
    summary.flatMap(({ window, rules, against }): Verdict[] => {
      if (against === null || (only !== undefined && rules !== only)) return [];
      const difference = against[metric];
      const { low, high } = difference;
      const shown = high < 0 ? 'less' : low > 0 ? 'more' : 'open';
      return [{ window, metric, against: rules, difference, shown }];
    }),
  );
}
