import { writeFileSync } from 'node:fs';
import { wholeText } from '#lib/amounts';
import {
  type LabEvent,
  labParameters,
  METRIC_NAMES,
  METRICS,
  type RuleSet,
  type RunOutcome,
  runRequest,
} from '#lib/lab';
import { loadSolvers } from '#lib/liquidation';
import type { RunReport } from './explain-runs.js';
import { barsPlayed, type InputOptions, labInputs } from './lab-inputs.js';
import { recordedFlow } from './recorded-flow.js';
import { reportInputs, writeReport } from './report-inputs.js';

export interface LabRunOptions extends InputOptions {
  readonly rules: RuleSet;
  readonly seed: number;
  readonly set: Readonly<Record<string, unknown>>;
  /** recorded commands: a CSV, or a journal of book events as lines of JSON */
  readonly flow?: string;
  /** file that events are written to, a line each */
  readonly events?: string;
  /** file that figures and inputs are written to, for `lab explain` */
  readonly report?: string;
}

export interface LabRunReport extends RunOutcome {
  readonly rules: RuleSet;
  readonly seed: number;
  readonly markets: number;
  readonly accounts: number;
  /** of the run alone, without reading prices and forecasts */
  readonly cpuSeconds: number;
  readonly barsPerSecond: number;
}

/** `zkrisk lab run`: one rule set, one seed, and the result. */
export async function labRunCommand(options: LabRunOptions): Promise<LabRunReport> {
  const { rules, seed, set } = options;
  const parameters = labParameters(set);
  const [{ panel, forecasts, digest }, solvers] = await Promise.all([
    labInputs(options, parameters),
    loadSolvers(),
  ]);
  const recorded = options.flow === undefined ? undefined : recordedFlow(options.flow, panel);
  const lines: string[] = [];
  const observe = (event: LabEvent, number: number) => {
    lines.push(JSON.stringify({ number, ...event }));
  };
  const started = process.cpuUsage();
  const outcome = runRequest({ rules, seed, parameters }, panel, forecasts, solvers, {
    ...(options.events === undefined ? {} : { observe }),
    progress: barsPlayed(`${rules}, seed ${seed}`, panel.times),
    ...(recorded === undefined ? {} : { flow: recorded.flow }),
  });
  const { user, system } = process.cpuUsage(started);
  if (options.events !== undefined) writeFileSync(options.events, lines.map((line) => `${line}\n`).join(''));
  if (options.report !== undefined) {
    const report: RunReport = {
      ...{ kind: 'run', ...reportInputs(options, digest, parameters), rules, seed, outcome },
      ...(recorded === undefined ? {} : { flow: { file: options.flow!, digest: recorded.digest } }),
    };
    writeReport(options.report, report);
  }
  const cpuSeconds = (user + system) / 1e6;
  return {
    ...{ rules, seed, markets: panel.markets.length, accounts: parameters.accounts },
    ...{ ...outcome, cpuSeconds, barsPerSecond: outcome.bars / cpuSeconds },
  };
}

/** The report for the screen. */
export function labRunTable(report: LabRunReport): string {
  const { rules, seed, bars, markets, accounts, cpuSeconds, barsPerSecond, events, digest } = report;
  return [
    `${rules}, seed ${seed}: ${bars} bars, ${markets} markets, ${accounts} accounts, ${events} events (${digest})`,
    `${cpuSeconds.toFixed(2)} s of CPU, ${barsPerSecond.toFixed(0)} bars/s`,
    ...METRIC_NAMES.map((name) => {
      const value = report.figures[name];
      const text = Math.abs(value) >= 1000 ? wholeText(value) : String(+value.toPrecision(4));
      return `${name.padEnd(20)} ${text.padStart(16)}  ${METRICS[name].says}`;
    }),
  ].join('\n');
}
