import { wholeText } from '#lib/amounts';
import { escape, stackedCharts } from '#lib/charts';
import type { LabParameters } from '../run/lab-parameters.js';
import { type MetricName, METRICS } from '../run/metrics.js';
import type { RuleSet } from '../run/run-request.js';
import type { RunOutcome } from '../run/lab-run.js';
import { type Estimate, summarise, type Verdict, verdicts, type WindowSummary } from './summary.js';
import type { CrashWindow } from './windows.js';

/** Values bar by bar, cumulated where they are sums. */
export interface RunSeries {
  readonly badDebt: readonly number[];
  readonly closedNotional: readonly number[];
  readonly capital: readonly number[];
}

/** One run of a report; with its request it can be run again. */
export interface ReportedRun {
  readonly window: string;
  readonly rules: RuleSet;
  readonly seed: number;
  readonly outcome: RunOutcome;
  readonly series: RunSeries;
}

/** Everything in a report, and the settings to run it again. Plain JSON. */
export interface LabReport {
  readonly version: 1;
  /** files that prices were read from */
  readonly prices: readonly string[];
  readonly column?: string;
  readonly bars?: number;
  /** of prices and forecast settings */
  readonly digest: string;
  readonly parameters: LabParameters;
  readonly windows: readonly (CrashWindow & {
    readonly times: readonly number[];
    readonly index: readonly number[];
  })[];
  readonly runs: readonly ReportedRun[];
  readonly summary: readonly WindowSummary[];
  /** the aims of ours, and whether they hold */
  readonly verdicts: readonly Verdict[];
}

const SHOWN: readonly MetricName[] = [
  'badDebt',
  'closedNotional',
  'liquidatedAccounts',
  'liquidationLoss',
  'healthyTouched',
  'deleveragingCut',
  'uncovered',
  'liquidityResult',
  'exchangeResult',
  'worstBar',
  'undercapitalised',
  'procyclicality',
  'meanGross',
  'tradedNotional',
  'tradingCost',
];

const COLOURS: Readonly<Record<string, string>> = {
  zkrisk: '#0b6e4f',
  linear: '#c1292e',
  tiered: '#f0a202',
  'oi-based': '#235789',
  skew: '#7d4e9e',
  portfolio: '#6b7280',
};

/** The report as one HTML file that needs nothing else. */
export function reportPage(report: LabReport): string {
  const { windows, parameters, digest, prices } = report;
  return [
    '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">',
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">`,
    '<title>zkrisk lab: rule sets side by side</title><style>',
    'body{font:15px/1.5 system-ui,sans-serif;max-width:1100px;margin:2rem auto;padding:0 1rem;color:#222}',
    'table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:13px;display:block;overflow-x:auto}',
    'td,th{padding:.25rem .6rem;border-bottom:1px solid #ddd;text-align:right;white-space:nowrap}',
    'th:first-child,td:first-child{text-align:left}small{color:#666}svg{width:100%;height:auto}</style>',
    '<h1>Rule sets side by side</h1>',
    `<p>${windows.length} windows of ${escape(prices.join(', '))}; ${parameters.accounts} traders, pool or maker with ${money(parameters.liquidity)}. `,
    'Means over seeds with 95 % intervals (Student). The second line of a cell is ours less theirs, seed by seed. ',
    '<code>zkrisk lab explain</code> has the runs of a mean by <code>window/rules/metric</code>, of a difference by <code>window/zkrisk-rules/metric</code>, ',
    'and the events of a run’s figure by <code>window/rules/seed/metric</code>.</p>',
    `<p><small>Inputs ${digest}</small></p>`,
    ...windows.map((window) => windowSection(report, window)),
    '<h2>What the figures are</h2><dl>',
    ...SHOWN.map((name) => `<dt><code>${name}</code></dt><dd>${escape(METRICS[name].says)}</dd>`),
    '</dl></html>',
  ].join('\n');
}

function windowSection(report: LabReport, window: LabReport['windows'][number]): string {
  const rows = report.summary.filter((row) => row.window === window.name);
  const header = rows.map(({ rules }) => `<th>${escape(rules)}</th>`).join('');
  const cells = SHOWN.map((name) => {
    const cell = ({ metrics, against }: WindowSummary) =>
      `<td>${interval(metrics[name])}${against === null ? '' : `<br><small>${interval(against[name])}</small>`}</td>`;
    return `<tr><td title="${escape(METRICS[name].says)}"><code>${name}</code></td>${rows.map(cell).join('')}</tr>`;
  });
  return [
    `<h2 id="${escape(window.name)}">${escape(window.name)}</h2><p>${escape(window.why)}</p>`,
    `<table><tr><th></th>${header}</tr>${cells.join('')}</table>`,
    `<ul>${report.verdicts
      .filter((each) => each.window === window.name)
      .map(verdictLine)
      .join('')}</ul>`,
    openShare(rows),
    pictures(report, window),
  ].join('\n');
}

const SHOWS: Readonly<Record<Verdict['shown'], string>> = {
  less: 'less under ours',
  more: 'MORE under ours',
  open: 'not shown either way: the interval has 0 in it',
};

function verdictLine({ metric, against, difference, shown }: Verdict): string {
  return `<li><code>${metric}</code> against ${escape(against)}: ${SHOWS[shown]} (${interval(difference)})</li>`;
}

/** Rule sets that admit more risk have more to close: closed notional beside held notional. */
function openShare(rows: readonly WindowSummary[]): string {
  const shares = rows.map(({ rules, metrics }) => {
    const share = (100 * metrics.closedNotional.mean) / metrics.meanGross.mean;
    return `${escape(rules)} ${share.toFixed(1)} %`;
  });
  return `<p>Closed by liquidations, of the notional held on average: ${shares.join(', ')}. Ours restores the initial margin and leaves the rest open: where a fall goes on, the rest is liquidated again.</p>`;
}

function pictures(report: LabReport, { name, times, index }: LabReport['windows'][number]): string {
  const runs = report.runs.filter(({ window }) => window === name);
  const rules = [...new Set(runs.map((run) => run.rules))];
  const series = (of: (series: RunSeries) => readonly number[]) =>
    rules.map((rule) => {
      const own = runs.filter((run) => run.rules === rule).map((run) => of(run.series));
      const values = times.map((_, bar) => own.reduce((sum, each) => sum + (each[bar] ?? 0), 0) / own.length);
      return { name: rule, colour: COLOURS[rule] ?? '#000', values };
    });
  return stackedCharts([
    {
      ...{ title: 'mean price, start 100', times, unit: 'first bar = 100', scale: 'linear' },
      series: [{ name: 'index', colour: '#444', values: index }],
    },
    {
      title: 'bad debt so far',
      times,
      unit: 'quote currency',
      scale: 'linear',
      series: series(({ badDebt }) => badDebt),
    },
    {
      ...{ title: 'notional closed by liquidations so far', times, unit: 'quote currency', scale: 'linear' },
      series: series(({ closedNotional }) => closedNotional),
    },
    {
      ...{
        title: 'capital of exchange and liquidity, change',
        times,
        unit: 'quote currency',
        scale: 'linear',
      },
      series: series(({ capital }) => capital),
    },
  ]);
}

function interval({ mean, low, high }: Estimate): string {
  if (low === high) return money(mean);
  return `${money(mean)} <small>[${money(low)}, ${money(high)}]</small>`;
}

function money(value: number): string {
  if (Math.abs(value) >= 100) return wholeText(value);
  return String(Number(value.toPrecision(3)));
}

/** A report of runs. */
export function labReport(given: Omit<LabReport, 'version' | 'summary' | 'verdicts'>): LabReport {
  const figures = given.runs.map(({ window, rules, seed, outcome }) => ({
    ...{ window, rules, seed, figures: outcome.figures },
  }));
  const summary = summarise(figures);
  return { version: 1, ...given, summary, verdicts: verdicts(summary) };
}
