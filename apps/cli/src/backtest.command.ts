import { InvalidInputError } from '#lib/errors';
import { commonWindow, type LeftOut, readSeriesFiles } from '#lib/price-file';
import { UsageError } from '#lib/terminal';
import { type BacktestModel, type BacktestRow, rollingBacktest, screenMarkets } from '#lib/volatility';
import { note } from './print.js';

export interface BacktestCommandOptions {
  readonly files: readonly string[];
  readonly kind: 'price' | 'return';
  readonly column?: string;
  readonly window: number;
  readonly steps: number;
  readonly horizons: readonly number[];
  readonly models: readonly BacktestModel[];
  readonly refitEvery: number;
}

export interface BacktestOutcome {
  readonly markets: readonly string[];
  readonly excluded: readonly LeftOut[];
  /** a model and horizon each */
  readonly rows: readonly BacktestRow[];
}

/** `zkrisk backtest`: models side by side, on the markets that each of them can be fitted to. */
export function backtestCommand(options: BacktestCommandOptions): BacktestOutcome {
  const { files, kind, column, ...backtest } = options;
  const name = files.join(', ');
  const table = readSeriesFiles(files, { kind, ...(column === undefined ? {} : { column }) });
  table.notes.forEach(note);
  const needed = backtest.window + backtest.steps - 1 + Math.max(...backtest.horizons);
  const common = commonWindow(table, kind, needed);
  if (common.droppedRows > 0) note(`${common.droppedRows} rows are dropped: a market has nothing in them`);
  let shown = 0;
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
          const now = Date.now();
          if (now - shown < 1000 && done !== steps) return;
          shown = now;
          note(`${model}: ${done}/${steps}`);
        },
      },
    );
    return { markets: used.map((i) => common.markets[i]), excluded, rows };
  } catch (error) {
    if (error instanceof InvalidInputError) throw new UsageError(`${name}: ${error.message}`);
    throw error;
  }
}

/**
 * Markets that some fit of the backtest could not use: constant or collinear in its window. Scores compare models on the same
 * markets at every origin, so these are left out of all of it.
 */
function unusableMarkets(
  markets: readonly string[],
  returns: readonly Float64Array[],
  {
    window,
    steps,
    horizons,
    refitEvery,
  }: Pick<BacktestCommandOptions, 'window' | 'steps' | 'horizons' | 'refitEvery'>,
): LeftOut[] {
  const length = returns[0]?.length ?? 0;
  const firstOrigin = length - Math.max(...horizons) - steps + 1;
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

/** The rows as a table for reading. */
export function backtestTable(rows: readonly BacktestRow[]): string {
  const header = [
    'model',
    'horizon',
    'energy score',
    'QLIKE',
    'VaR hits',
    'Kupiec p',
    'Christoffersen p',
    'seconds',
  ];
  const cells = rows.map((row) => [
    row.model,
    String(row.horizon),
    row.energyScore.toFixed(6),
    row.qlike.toFixed(3),
    `${row.coverage.violations}/${row.coverage.observations}`,
    row.coverage.kupiec.pValue.toFixed(3),
    row.coverage.conditionalCoverage.pValue.toFixed(3),
    row.seconds.toFixed(2),
  ]);
  const widths = header.map((name, i) => Math.max(name.length, ...cells.map((row) => row[i].length)));
  return [header, ...cells]
    .map((row) =>
      row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join('  '),
    )
    .join('\n');
}
