import {
  type LabEvent,
  type MetricName,
  METRIC_NAMES,
  METRICS,
  panelRows,
  type RunOutcome,
  type RunRequest,
  runRequest,
} from '#lib/lab';
import { loadSolvers } from '#lib/liquidation';
import { UsageError } from '#lib/terminal';
import type { LabInputs } from './lab-inputs.js';
import { inputsAgain, type InputsNow, type ReportInputs } from './report-inputs.js';
import { type FlowFile, recordedFlow } from './recorded-flow.js';

/** A figure of a run, and the events that it is computed from, each with its number in the run and its part of the figure. */
export interface RunExplanation {
  readonly id: string;
  readonly says: string;
  readonly value: number;
  /** how the figure comes from the parts: their sum, mean, least, highest over lowest, or number of accounts */
  readonly fold: (typeof METRICS)[MetricName]['fold'];
  readonly events: readonly { readonly number: number; readonly part: number; readonly event: LabEvent }[];
}

/** A run of a report, and its inputs except prices. */
export interface StatedRun {
  readonly request: RunRequest;
  readonly outcome: RunOutcome;
  /** rows of the prices that were played; default: all */
  readonly window?: { readonly from: number; readonly to: number };
  readonly flow?: FlowFile;
}

/** `lab run --report`: the run, and its inputs. */
export interface RunReport extends ReportInputs, Pick<RunRequest, 'rules' | 'seed'> {
  readonly kind: 'run';
  readonly outcome: RunOutcome;
  readonly flow?: FlowFile;
}

/** `lab sweep --report`: each point with its inputs. */
export interface SweepReportFile {
  readonly kind: 'sweep';
  readonly points: readonly (ReportInputs &
    Pick<RunRequest, 'rules' | 'seed'> & { readonly point: number; readonly outcome: RunOutcome })[];
}

/** @throws {UsageError} for a text that does not end with a metric */
export function metricOf(id: string): MetricName {
  const metric = METRIC_NAMES.find((name) => name === id.split('/').at(-1));
  if (metric === undefined)
    throw new UsageError(`${id}: the last part must be one of ${METRIC_NAMES.join(', ')}`);
  return metric;
}

/** Explains a figure of `lab run`, `metric`. */
export async function explainRun(id: string, report: RunReport, now: InputsNow): Promise<RunExplanation> {
  const metric = metricOf(id);
  if (id !== metric) throw new UsageError(`${id}: of a run a figure is its name alone, ${metric}`);
  const { rules, seed, parameters, outcome, flow } = report;
  const stated = { request: { rules, seed, parameters }, outcome, ...(flow === undefined ? {} : { flow }) };
  return explainFigure(id, metric, stated, await inputsAgain(report, now));
}

/** Explains a figure of a sweep, `point/metric`. */
export async function explainSweep(
  id: string,
  { points }: SweepReportFile,
  now: InputsNow,
): Promise<RunExplanation> {
  const metric = metricOf(id);
  const [number] = id.split('/');
  const point = points.find((each) => `${each.point}/${metric}` === id);
  if (point === undefined) throw new UsageError(`${id}: the report has no point ${number}`);
  const { rules, seed, parameters, outcome } = point;
  return explainFigure(
    id,
    metric,
    { request: { rules, seed, parameters }, outcome },
    await inputsAgain(point, now),
  );
}

/** Repeats a run and collects the events of one of its figures. @throws {UsageError} where its events are not those of the report */
export async function explainFigure(
  id: string,
  metric: MetricName,
  { request, outcome, window, flow }: StatedRun,
  { panel, forecasts }: LabInputs,
): Promise<RunExplanation> {
  const { from, to } = window ?? { from: 0, to: panel.times.length };
  const played = panelRows(panel, from, to);
  const events: { number: number; part: number; event: LabEvent }[] = [];
  const again = runRequest(request, played, forecasts.slice(from, to), await loadSolvers(), {
    observe: (event, number) => {
      const part = METRICS[metric].of(event);
      if (part !== undefined) events.push({ number, part, event });
    },
    ...(flow === undefined ? {} : { flow: recordedFlow(flow.file, played, flow.digest).flow }),
  });
  if (again.digest !== outcome.digest)
    throw new UsageError(
      `the run comes to other events (${again.digest}) than the report’s (${outcome.digest}): another version of zkrisk?`,
    );
  return {
    id,
    says: METRICS[metric].says,
    value: outcome.figures[metric],
    fold: METRICS[metric].fold,
    events,
  };
}
