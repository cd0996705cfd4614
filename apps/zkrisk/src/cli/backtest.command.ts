import { InvalidInputError } from '#lib/errors';
import { logReturns, readSeriesFile } from '#lib/price-file';
import { type BacktestModel, type BacktestRow, rollingBacktest } from '#lib/volatility';
import { UsageError } from '../usage-error.js';

export interface BacktestCommandOptions {
  readonly file: string;
  readonly kind: 'price' | 'return';
  readonly window: number;
  readonly steps: number;
  readonly horizons: readonly number[];
  readonly models: readonly BacktestModel[];
  readonly refitEvery: number;
}

/** `zkrisk backtest`: one row a model and horizon. */
export function backtestCommand({ file, kind, ...options }: BacktestCommandOptions): BacktestRow[] {
  const table = readSeriesFile(file, { kind });
  const returns = kind === 'price' ? logReturns(table.values) : table.values;
  let shown = 0;
  try {
    return rollingBacktest(returns, {
      ...options,
      onProgress: (model, done, steps) => {
        const now = Date.now();
        if (now - shown < 1000 && done !== steps) return;
        shown = now;
        process.stderr.write(`${model}: ${done}/${steps}\n`);
      },
    });
  } catch (error) {
    if (error instanceof InvalidInputError) throw new UsageError(`${file}: ${error.message}`);
    throw error;
  }
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
