import { readFileSync } from 'node:fs';
import {
  type LabEvent,
  type LabReport,
  type MetricName,
  METRIC_NAMES,
  METRICS,
  panelRows,
  play,
  type ReportedRun,
  RULE_SETS,
  type RuleSet,
} from '#lib/lab';
import { loadSolvers } from '#lib/liquidation';
import { UsageError } from '#lib/terminal';
import { labInputs } from './lab-inputs.js';

export interface ExplainOptions {
  readonly report: string;
  /** files of prices, where they are elsewhere now */
  readonly prices?: readonly string[];
  readonly cache?: string;
}

export interface Explanation {
  readonly id: string;
  readonly says: string;
  readonly value: number;
  /** how a run's figure comes from its events' parts: their sum, mean, least, highest over lowest, or number of accounts */
  readonly fold?: (typeof METRICS)[MetricName]['fold'];
  /** events that the figure is folded from, with their numbers in the run and their shares */
  readonly events?: readonly { readonly number: number; readonly part: number; readonly event: LabEvent }[];
  /** of a mean over seeds: the figures it is the mean of */
  readonly figures?: readonly { readonly id: string; readonly value: number }[];
}

/**
 * `zkrisk lab explain ID`: the events behind a figure of a report. A mean over seeds, `window/rules/metric`, comes from its runs; the mean
 * difference of two rule sets, `window/zkrisk-linear/metric`, from the runs of either, seed by seed; a run's figure,
 * `window/rules/seed/metric`, from events, which the run is repeated for.
 *
 * @throws {UsageError} for an ID that the report does not have, or where the run repeated is not the one reported
 */
export async function explainCommand(id: string, options: ExplainOptions): Promise<Explanation> {
  const report = JSON.parse(readFileSync(options.report, 'utf8')) as LabReport;
  const parts = id.split('/');
  const metric = METRIC_NAMES.find((name) => name === parts.at(-1));
  if (metric === undefined)
    throw new UsageError(`${id}: the last part must be one of ${METRIC_NAMES.join(', ')}`);
  const [window, rules, seed] = parts;
  const runs = report.runs.filter((run) => run.window === window && run.rules === rules);
  const says = METRICS[metric].says;
  const compared = differenceOf(rules ?? '');
  if (parts.length === 3 && compared !== undefined) {
    const [of, less] = compared.map((each) =>
      report.runs.filter((run) => run.window === window && run.rules === each),
    );
    const pairs = of.flatMap((run) => {
      const other = less.find((each) => each.seed === run.seed);
      return other === undefined ? [] : [[run, other] as const];
    });
    if (pairs.length === 0)
      throw new UsageError(`${id}: ${options.report} has no seed that both were played with`);
    const figure = (run: ReportedRun) => ({
      id: `${window}/${run.rules}/${run.seed}/${metric}`,
      value: run.outcome.figures[metric],
    });
    const figures = pairs.flatMap(([run, other]) => [figure(run), figure(other)]);
    const value = pairs.reduce(
      (sum, [run, other]) =>
        sum + (run.outcome.figures[metric] - other.outcome.figures[metric]) / pairs.length,
      0,
    );
    return { id, says: `${says}: ${compared.join(' less ')}, mean over seeds`, value, figures };
  }
  if (parts.length === 3) {
    if (runs.length === 0) throw new UsageError(`${id}: ${options.report} has no such window and rules`);
    const figures = runs.map((run) => ({
      id: `${window}/${rules}/${run.seed}/${metric}`,
      value: run.outcome.figures[metric],
    }));
    const value = figures.reduce((sum, figure) => sum + figure.value, 0) / figures.length;
    return { id, says: `${says}: mean over seeds`, value, figures };
  }
  const run = runs.find((each) => String(each.seed) === seed);
  if (run === undefined) throw new UsageError(`${id}: ${options.report} has no such run`);
  const events: { number: number; part: number; event: LabEvent }[] = [];
  await again(report, run, options, (event, number) => {
    const part = METRICS[metric].of(event);
    if (part !== undefined) events.push({ number, part, event });
  });
  return { id, says, value: run.outcome.figures[metric], fold: METRICS[metric].fold, events };
}

/** The two rule sets of a difference, `zkrisk-oi-based`; undefined for anything else. */
function differenceOf(text: string): readonly [RuleSet, RuleSet] | undefined {
  for (const of of RULE_SETS) for (const less of RULE_SETS) if (text === `${of}-${less}`) return [of, less];
  return undefined;
}

async function again(
  report: LabReport,
  run: ReportedRun,
  { prices = report.prices, cache }: ExplainOptions,
  observe: (event: LabEvent, number: number) => void,
): Promise<void> {
  const { column, bars } = report;
  const inputs = await labInputs(
    {
      prices,
      ...(column === undefined ? {} : { column }),
      ...(bars === undefined ? {} : { bars }),
      ...(cache === undefined ? {} : { cache }),
    },
    report.parameters,
  );
  if (inputs.digest !== report.digest)
    throw new UsageError(`the prices are not those of the report: ${inputs.digest} and not ${report.digest}`);
  const { from, to } = report.windows.find(({ name }) => name === run.window)!;
  const request = { rules: run.rules, seed: run.seed, parameters: report.parameters };
  const panel = panelRows(inputs.panel, from, to);
  const forecasts = inputs.forecasts.slice(from, to);
  const { outcome } = play({ request, panel, forecasts }, await loadSolvers(), observe);
  if (outcome.digest !== run.outcome.digest)
    throw new UsageError(
      `the run comes to other events (${outcome.digest}) than the report’s (${run.outcome.digest}): another version of zkrisk?`,
    );
}
