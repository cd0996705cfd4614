import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import {
  type CrashWindow,
  crashWindows,
  labParameters,
  labReport,
  type LabReport,
  METRIC_NAMES,
  namedWindow,
  panelRows,
  type PlayRequest,
  type PricePanel,
  type ReportedRun,
  reportPage,
  type RuleSet,
  type RunRequest,
  WINDOW_RULE,
} from '#lib/lab';
import { wholeText } from '#lib/amounts';
import { WorkerPool } from '#lib/runtime';
import type { Progress } from '#lib/terminal';
import { note, progress } from '../print.js';
import { codeDigest } from './code-digest.js';
import { type InputOptions, labInputs } from './lab-inputs.js';

export interface TournamentOptions extends InputOptions {
  readonly rules: readonly RuleSet[];
  readonly seeds: number;
  /** windows by drawdown, and by breakdown of correlation */
  readonly drawdowns: number;
  readonly breakdowns: number;
  /** `name=from/to` */
  readonly window: readonly string[];
  readonly threads?: number;
  /** folder of the results and the report */
  readonly out: string;
  readonly set: Readonly<Record<string, unknown>>;
}

/**
 * `zkrisk lab tournament`: every rule set on every window with every seed, in threads. Finished runs are in `runs.ndjson` and are not repeated
 * by the same version of the code.
 */
export async function tournamentCommand(options: TournamentOptions): Promise<LabReport> {
  const { rules, seeds, out, prices, column, bars, threads = availableParallelism() } = options;
  const parameters = labParameters(options.set);
  const { panel, forecasts, digest } = await labInputs(options, parameters);
  const { drawdowns, breakdowns } = options;
  const windows = [
    ...options.window.map((text) => namedWindow(panel, text)),
    ...crashWindows(panel, { ...WINDOW_RULE, drawdowns, breakdowns }),
  ];
  mkdirSync(out, { recursive: true });
  const runsFile = join(out, 'runs.ndjson');
  const code = codeDigest(['lab']);
  const done = readDone(runsFile);
  const pool = new WorkerPool<PlayRequest, Pick<ReportedRun, 'outcome' | 'series'>>(
    new URL('./play.worker.js', import.meta.url),
    threads,
  );
  const jobs = windows.flatMap((window) =>
    rules.flatMap((rule) => Array.from({ length: seeds }, (_, i) => ({ window, rules: rule, seed: i + 1 }))),
  );
  const started = performance.now();
  let [finished, kept] = [0, 0];
  const shown = () =>
    progress(() =>
      runsDone({ finished, kept, of: jobs.length, seconds: (performance.now() - started) / 1000 }),
    );
  try {
    const runs = await Promise.all(
      jobs.map(async ({ window, rules: rule, seed }): Promise<ReportedRun> => {
        const request = { rules: rule, seed, parameters };
        const key = runKey({ code, digest, request, window });
        const known = done.get(key);
        if (known === undefined) {
          const sent = {
            ...{ request, panel: panelRows(panel, window.from, window.to) },
            forecasts: forecasts.slice(window.from, window.to),
          };
          const { outcome, series } = await pool.run(sent);
          const run = { window: window.name, rules: rule, seed, outcome, series };
          appendFileSync(runsFile, `${JSON.stringify({ key, run })}\n`);
          finished++;
          shown();
          return run;
        }
        [finished, kept] = [finished + 1, kept + 1];
        shown();
        return known;
      }),
    );
    const report = labReport({
      ...{ prices, ...(column === undefined ? {} : { column }), ...(bars === undefined ? {} : { bars }) },
      ...{ digest, parameters, runs },
      windows: windows.map((window) => ({ ...window, ...pictured(panel, window) })),
    });
    writeFileSync(join(out, 'report.json'), `${JSON.stringify(report)}\n`);
    writeFileSync(join(out, 'report.html'), reportPage(report));
    note(`${join(out, 'report.json')} and report.html are written`);
    return report;
  } finally {
    await pool.close();
  }
}

/**
 * Key of a kept run. The code's digest is part of it: a tournament that is continued by another version of the code runs all windows again
 * and does not mix the results of two versions.
 *
 * @param code of {@link codeDigest}
 * @param digest of prices and forecast settings
 */
export function runKey(run: {
  readonly code: string;
  readonly digest: string;
  readonly request: RunRequest;
  readonly window: CrashWindow;
}): string {
  const { code, digest, request, window } = run;
  return createHash('sha256')
    .update(JSON.stringify([METRIC_NAMES, code, digest, request, window]))
    .digest('hex');
}

/** Runs of an earlier call, by key; a last line that was cut off is run again. */
function readDone(file: string): Map<string, ReportedRun> {
  const done = new Map<string, ReportedRun>();
  if (!existsSync(file)) return done;
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    if (!line.endsWith('}}')) continue;
    const { key, run } = JSON.parse(line) as { key: string; run: ReportedRun };
    done.set(key, run);
  }
  return done;
}

/** How many runs are done, and how long the others take. */
function runsDone({
  finished,
  kept,
  of,
  seconds,
}: Readonly<Record<'finished' | 'kept' | 'of' | 'seconds', number>>): Progress {
  const played = finished - kept;
  const left = played === 0 ? null : Math.round((seconds * (of - finished)) / played);
  return {
    lines: [
      `${finished} of ${of} runs, ${kept} kept from before` +
        (left === null ? '' : `, ${wholeText(seconds)} s, ${wholeText(left)} s to go`),
    ],
    record: { finished, kept, of, seconds: Math.round(seconds), left },
  };
}

/** Times of a window and the mean of its markets' prices, from 100. */
function pictured(panel: PricePanel, { from, to }: CrashWindow): { times: number[]; index: number[] } {
  const n = panel.markets.length;
  const base = panel.values.subarray(from * n, (from + 1) * n);
  const index: number[] = [];
  for (let t = from; t < to; t++) {
    let [sum, count] = [0, 0];
    for (let i = 0; i < n; i++) {
      const ratio = panel.values[t * n + i] / base[i];
      if (Number.isFinite(ratio)) [sum, count] = [sum + ratio, count + 1];
    }
    index.push((100 * sum) / count);
  }
  return { times: panel.times.slice(from, to), index };
}

/** The summary for the screen. */
export function tournamentTable({ summary, verdicts }: LabReport): string {
  const shown = [
    'badDebt',
    'closedNotional',
    'liquidatedAccounts',
    'healthyTouched',
    'liquidityResult',
  ] as const;
  const cell = (text: string, width: number) => text.padStart(width);
  const head = [cell('window', 24), cell('rules', 10), ...shown.map((name) => cell(name, 34))].join('');
  const rows = summary.map(({ window, rules, metrics }) =>
    [
      cell(window, 24),
      cell(rules, 10),
      ...shown.map((name) => {
        const { mean, low, high } = metrics[name];
        const [a, b, c] = [mean, low, high].map((value) => wholeText(value));
        return cell(`${a} [${b}, ${c}]`, 34);
      }),
    ].join(''),
  );
  const said = verdicts.map(
    ({ window, metric, against, shown }) =>
      `${window}: ${metric} ${shown === 'open' ? 'is not shown to differ from' : `is ${shown} than under`} ${against}`,
  );
  return [head, ...rows, ...said].join('\n');
}
