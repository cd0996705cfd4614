import { readFileSync, writeFileSync } from 'node:fs';
import { wholeText } from '#lib/amounts';
import {
  flowOfCsv,
  flowOfJournal,
  type LabEvent,
  labParameters,
  METRIC_NAMES,
  METRICS,
  RecordedFlow,
  type RuleSet,
  type RunOutcome,
  runRequest,
} from '#lib/lab';
import { loadSolvers } from '#lib/liquidation';
import { barsPlayed, type InputOptions, labInputs } from './lab-inputs.js';

export interface LabRunOptions extends InputOptions {
  readonly rules: RuleSet;
  readonly seed: number;
  readonly set: Readonly<Record<string, unknown>>;
  /** recorded commands: a CSV, or a journal of book events as lines of JSON */
  readonly flow?: string;
  /** file that events are written to, a line each */
  readonly events?: string;
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
  const [{ panel, forecasts }, solvers] = await Promise.all([labInputs(options, parameters), loadSolvers()]);
  const lines: string[] = [];
  const observe = (event: LabEvent, number: number) => {
    lines.push(JSON.stringify({ number, ...event }));
  };
  const started = process.cpuUsage();
  const outcome = runRequest({ rules, seed, parameters }, panel, forecasts, solvers, {
    ...(options.events === undefined ? {} : { observe }),
    progress: barsPlayed(`${rules}, seed ${seed}`, panel.times),
    ...(options.flow === undefined ? {} : { flow: recorded(options.flow, panel.markets, panel.times) }),
  });
  const { user, system } = process.cpuUsage(started);
  if (options.events !== undefined) writeFileSync(options.events, lines.map((line) => `${line}\n`).join(''));
  const cpuSeconds = (user + system) / 1e6;
  return {
    ...{ rules, seed, markets: panel.markets.length, accounts: parameters.accounts },
    ...{ ...outcome, cpuSeconds, barsPerSecond: outcome.bars / cpuSeconds },
  };
}

function recorded(file: string, markets: readonly string[], times: readonly number[]): RecordedFlow {
  const lines = readFileSync(file, 'utf8').split('\n');
  const commands = lines[0].startsWith('{') ? flowOfJournal(lines) : flowOfCsv(lines);
  return new RecordedFlow(commands, markets, times);
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
