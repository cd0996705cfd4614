import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { parse } from 'yaml';
import {
  type PlayRequest,
  type RunOutcome,
  sweepGrid,
  type SweepPoint,
  sweepPoints,
  sweepRow,
} from '#lib/lab';
import { WorkerPool } from '#lib/runtime';
import { UsageError } from '#lib/terminal';
import { progress } from '../print.js';
import type { SweepReportFile } from './explain-runs.js';
import { type InputOptions, type LabInputs, labInputs } from './lab-inputs.js';
import { reportInputs, writeReport } from './report-inputs.js';

export interface SweepOptions extends InputOptions {
  readonly grid: string;
  readonly out: string;
  readonly threads?: number;
  /** `k/n`: every n-th point from the k-th on, counted from 0, for sweeps over several machines */
  readonly shard?: string;
  /** file that points and their inputs are written to, for `lab explain` */
  readonly report?: string;
  readonly set: Readonly<Record<string, unknown>>;
}

export interface SweepReport {
  readonly points: number;
  readonly of: number;
  readonly out: string;
  readonly seconds: number;
}

/** `zkrisk lab sweep`: every point of a grid, or of one shard, in threads; a row a point as Parquet. */
export async function sweepCommand(options: SweepOptions): Promise<SweepReport> {
  const { grid: file, out, threads = availableParallelism(), shard = '0/1' } = options;
  const all = sweepPoints(sweepGrid(parse(readFileSync(file, 'utf8'))), options.set);
  const points = shardOf(all, shard);
  const started = performance.now();
  const inputs = new Map<string, Promise<LabInputs>>();
  const inputsFor = ({ parameters }: SweepPoint) => {
    // Forecasts depend on few of the parameters: points that share them share their inputs.
    const { windowBars, minimumBars, refitEveryBars, horizonBars } = parameters;
    const key = JSON.stringify([windowBars, minimumBars, refitEveryBars, horizonBars]);
    const known = inputs.get(key) ?? labInputs(options, parameters);
    inputs.set(key, known);
    return known;
  };
  const pool = new WorkerPool<PlayRequest, { outcome: RunOutcome }>(
    new URL('./play.worker.js', import.meta.url),
    threads,
  );
  let finished = 0;
  try {
    const done = await Promise.all(
      points.map(async (point) => {
        const { panel, forecasts, digest } = await inputsFor(point);
        const { index, rules, seed, parameters } = point;
        const { outcome } = await pool.run({ request: { rules, seed, parameters }, panel, forecasts });
        finished++;
        progress(() => ({
          lines: [`${finished} of ${points.length} points`],
          record: { finished, of: points.length },
        }));
        const stated = { point: index, rules, seed, outcome, ...reportInputs(options, digest, parameters) };
        return { row: sweepRow(point, outcome), stated };
      }),
    );
    writeParquet(
      out,
      done.map(({ row }) => row),
    );
    if (options.report !== undefined) {
      const report: SweepReportFile = { kind: 'sweep', points: done.map(({ stated }) => stated) };
      writeReport(options.report, report);
    }
  } finally {
    await pool.close();
  }
  return { points: points.length, of: all.length, out, seconds: (performance.now() - started) / 1000 };
}

function shardOf(points: readonly SweepPoint[], shard: string): SweepPoint[] {
  const match = /^(\d+)\/(\d+)$/.exec(shard);
  const [k, n] = [Number(match?.[1]), Number(match?.[2])];
  if (match === null || n === 0 || k >= n)
    throw new UsageError(`--shard must be k/n with k from 0 to n − 1, got "${shard}"`);
  return points.filter(({ index }) => index % n === k);
}

/** Rows of the same columns as a Parquet file: text as strings, numbers as doubles. */
function writeParquet(file: string, rows: readonly Record<string, string | number>[]): void {
  if (rows.length === 0) throw new UsageError('the shard has no points');
  const columnData = Object.keys(rows[0]).map((name) => {
    const data = rows.map((row) => row[name]);
    const text = data.some((value) => typeof value === 'string');
    return { name, data, type: text ? ('STRING' as const) : ('DOUBLE' as const) };
  });
  writeFileSync(file, Buffer.from(parquetWriteBuffer({ columnData })));
}
