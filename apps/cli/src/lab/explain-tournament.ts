import {
  type LabReport,
  type MetricName,
  METRICS,
  type ReportedRun,
  RULE_SETS,
  type RuleSet,
} from '#lib/lab';
import { UsageError } from '#lib/terminal';
import { explainFigure, metricOf, type RunExplanation } from './explain-runs.js';
import { inputsAgain, type InputsNow } from './report-inputs.js';

/** A mean over seeds, and the figures of the runs that it averages. */
export interface MeanExplanation {
  readonly id: string;
  readonly says: string;
  readonly value: number;
  readonly figures: readonly { readonly id: string; readonly value: number }[];
}

/**
 * Explains a figure of a tournament. A mean over seeds, `window/rules/metric`, is traced to its runs; the mean difference of two rule
 * sets, `window/zkrisk-linear/metric`, to the runs of both, seed by seed; a run's figure, `window/rules/seed/metric`, to its events, for
 * which the run is repeated.
 *
 * @throws {UsageError} for an ID that the report does not have, or where the run repeated is not the one reported
 */
export async function explainTournament(
  id: string,
  report: LabReport,
  now: InputsNow,
): Promise<MeanExplanation | RunExplanation> {
  const metric = metricOf(id);
  const parts = id.split('/');
  const [window, rules, seed] = parts;
  const of = (name: string) => report.runs.filter((run) => run.window === window && run.rules === name);
  const runs = of(rules ?? '');
  const says = METRICS[metric].says;
  const compared = differenceOf(rules ?? '');
  if (parts.length === 3 && compared !== undefined) {
    const less = of(compared[1]);
    const pairs = of(compared[0]).flatMap((run) => {
      const other = less.find((each) => each.seed === run.seed);
      return other === undefined ? [] : [[run, other] as const];
    });
    if (pairs.length === 0) throw new UsageError(`${id}: the report has no seed that both were played with`);
    const value = pairs.reduce(
      (sum, [run, other]) =>
        sum + (run.outcome.figures[metric] - other.outcome.figures[metric]) / pairs.length,
      0,
    );
    const figures = pairs.flatMap((pair) => pair.map((run) => figureOf(run, metric)));
    return { id, says: `${says}: ${compared.join(' less ')}, mean over seeds`, value, figures };
  }
  if (parts.length === 3) {
    if (runs.length === 0) throw new UsageError(`${id}: the report has no such window and rules`);
    const figures = runs.map((run) => figureOf(run, metric));
    const value = figures.reduce((sum, figure) => sum + figure.value, 0) / figures.length;
    return { id, says: `${says}: mean over seeds`, value, figures };
  }
  const run = runs.find((each) => String(each.seed) === seed);
  if (run === undefined) throw new UsageError(`${id}: the report has no such run`);
  const request = { rules: run.rules, seed: run.seed, parameters: report.parameters };
  const played = report.windows.find(({ name }) => name === run.window)!;
  const stated = { request, outcome: run.outcome, window: played };
  return explainFigure(id, metric, stated, await inputsAgain(report, now));
}

function figureOf({ window, rules, seed, outcome }: ReportedRun, metric: MetricName) {
  return { id: `${window}/${rules}/${seed}/${metric}`, value: outcome.figures[metric] };
}

/** The two rule sets of a difference, `zkrisk-oi-based`; undefined for anything else. */
function differenceOf(text: string): readonly [RuleSet, RuleSet] | undefined {
  for (const of of RULE_SETS) for (const less of RULE_SETS) if (text === `${of}-${less}`) return [of, less];
  return undefined;
}
