import { writeFileSync } from 'node:fs';
import { InvalidInputError } from '#lib/errors';
import { commonWindow, type LeftOut, readSeriesFiles } from '#lib/price-file';
import { UsageError } from '#lib/terminal';
import {
  type BacktestModel,
  type BacktestRow,
  firstOriginOf,
  returnsNeeded,
  rollingBacktest,
  screenMarkets,
} from '#lib/volatility';
import { backtestPicture } from './backtest-picture.js';
import { note, progress } from './print.js';

export interface BacktestCommandOptions {
  readonly files: readonly string[];
  readonly kind: 'price' | 'return';
  readonly column?: string;
  readonly window: number;
  readonly steps: number;
  readonly horizons: readonly number[];
  readonly models: readonly BacktestModel[];
  readonly refitEvery: number;
  readonly from: 'first' | 'last';
  readonly against?: BacktestModel;
  /** file that a picture of the energy scores is written to */
  readonly picture?: string;
}

export interface BacktestOutcome {
  readonly markets: readonly string[];
  readonly excluded: readonly LeftOut[];
  /** a model and horizon each */
  readonly rows: readonly BacktestRow[];
}

/** `zkrisk backtest`: models side by side, on the markets that each can be fitted on. */
export function backtestCommand(options: BacktestCommandOptions): BacktestOutcome {
  const { files, kind, column, picture, ...backtest } = options;
  const name = files.join(', ');
  const table = readSeriesFiles(files, { kind, ...(column === undefined ? {} : { column }) });
  table.notes.forEach(note);
  const common = commonWindow(table, kind, returnsNeeded(backtest));
  if (common.droppedRows > 0) note(`${common.droppedRows} rows are dropped: a market has nothing in them`);
  try {
    const unusable = unusableMarkets(common.markets, common.returns, backtest);
    const excluded = [...common.leftOut, ...unusable];
    for (const { market, reason } of excluded) note(`${market} is left out: it ${reason}`);
    const used = common.markets
      .map((_, i) => i)
      .filter((i) => {
        return !unusable.some(({ market }) => market === common.markets[i]);
      });
    if (used.length === 0) throw new UsageError(`${name}: no market is left to score`);
    const rows = rollingBacktest(
      used.map((i) => common.returns[i]),
      {
        ...backtest,
        onProgress: (model, done, steps) => {
          progress(() => ({
            lines: [`${model}: ${done} of ${steps} origins`],
            record: { model, done, steps },
          }));
        },
      },
    );
    if (picture !== undefined) {
      const origin = firstOriginOf(common.times.length, backtest);
      const times = common.times.slice(origin, origin + backtest.steps);
      writeFileSync(picture, backtestPicture(rows, backtest.horizons, times));
    }
    return { markets: used.map((i) => common.markets[i]), excluded, rows };
  } catch (error) {
    if (error instanceof InvalidInputError) throw new UsageError(`${name}: ${error.message}`);
    throw error;
  }
}

/**
 * Markets that some fit of the backtest could not use: constant or collinear in its window. Scores compare models on the same
 * markets at every origin, so these are left out of all.
 */
function unusableMarkets(
  markets: readonly string[],
  returns: readonly Float64Array[],
  {
    window,
    steps,
    refitEvery,
    ...rest
  }: Pick<BacktestCommandOptions, 'window' | 'steps' | 'horizons' | 'refitEvery' | 'from'>,
): LeftOut[] {
  const firstOrigin = firstOriginOf(returns[0]?.length ?? 0, { window, steps, ...rest });
  const unusable = new Map<string, string>();
  for (let origin = firstOrigin; origin < firstOrigin + steps; origin += refitEvery) {
    if (origin < window) break;
    const left = markets.map((_, i) => i).filter((i) => !unusable.has(markets[i]));
    const { excluded } = screenMarkets(
      left.map((i) => markets[i]),
      left.map((i) => returns[i].subarray(origin - window, origin)),
      'independent',
    );
    for (const { market, reason } of excluded) unusable.set(market, reason);
  }
  return [...unusable].map(([market, reason]) => ({ market, reason }));
}

/** The rows as tables for reading: scores, then coverage. */
export function backtestTable(rows: readonly BacktestRow[]): string {
  const signed = (t: number | undefined) => (t === undefined ? '' : t.toFixed(2));
  const scores = rows.map((row) => [
    row.model,
    String(row.horizon),
    row.energyScore.toFixed(6),
    signed(row.dieboldMariano?.energyScore),
    row.qlike.toFixed(3),
    signed(row.dieboldMariano?.qlike),
    row.minimumVarianceDeviation.toExponential(3),
    row.seconds.toFixed(2),
  ]);
  const p = (test: { pValue: number } | null) => (test === null ? '–' : test.pValue.toFixed(3));
  const coverage = rows.flatMap((row) =>
    row.coverage.map(({ bound, level, equalWeight, randomBooks }) => [
      row.model,
      String(row.horizon),
      `${bound} ${level * 100} %`,
      `${equalWeight.violations}/${equalWeight.observations}`,
      p(equalWeight.kupiec),
      p(equalWeight.conditionalCoverage),
      p(equalWeight.dynamicQuantile),
      `${(100 * randomBooks).toFixed(3)} %`,
    ]),
  );
  const fallbacks = rows
    .filter(({ horizon }) => horizon === rows[0].horizon)
    .flatMap(({ model, fallbacks: used, origins }) =>
      Object.entries(used).map(
        ([what, times]) => `${model}: ${times} of at most ${origins} fits were ${what}`,
      ),
    );
  return [
    aligned(['model', 'horizon', 'energy score', 't', 'QLIKE', 't', 'min-variance', 'seconds'], scores),
    't: Diebold–Mariano against the compared model; positive is worse',
    '',
    aligned(
      ['model', 'horizon', 'bound', 'hits', 'Kupiec p', 'Christoffersen p', 'DQ p', 'random books'],
      coverage,
    ),
    ...fallbacks,
  ].join('\n');
}

function aligned(header: readonly string[], cells: readonly (readonly string[])[]): string {
  const widths = header.map((name, i) => Math.max(name.length, ...cells.map((row) => row[i].length)));
  return [header, ...cells]
    .map((row) =>
      row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join('  '),
    )
    .join('\n');
}
