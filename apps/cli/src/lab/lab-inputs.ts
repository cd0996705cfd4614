import { createHash } from 'node:crypto';
import { createReadStream, existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { wholeText } from '#lib/amounts';
import {
  type Figures,
  forecastRun,
  forecastSettings,
  type LabParameters,
  type PricePanel,
  pricePanel,
} from '#lib/lab';
import type { CovariancePayload } from '#lib/messages';
import { readSeriesFiles } from '#lib/price-file';
import type { Progress } from '#lib/terminal';
import { note, progress } from '../print.js';
import type { PriceFileOptions } from '../programs/prices.js';
import { codeDigest } from './code-digest.js';

/** Prices with a forecast a row. */
export interface LabInputs {
  readonly panel: PricePanel;
  readonly forecasts: readonly (CovariancePayload | undefined)[];
  /** SHA-256 of prices and forecast settings */
  readonly digest: string;
}

export interface InputOptions extends PriceFileOptions {
  /** folder that forecasts are kept in */
  readonly cache?: string;
  /** first rows that are taken */
  readonly bars?: number;
}

/** Prices from files as every command reads them. @throws {PriceFileError} */
export function readPanel({ prices, column, bars }: InputOptions): PricePanel {
  const table = readSeriesFiles(prices, { kind: 'price', ...(column === undefined ? {} : { column }) });
  table.notes.forEach(note);
  const rows = Math.min(bars ?? Infinity, table.times.length);
  return pricePanel(table.names, table.times.slice(0, rows), table.text.slice(0, rows));
}

/**
 * Prices and their forecasts. Forecasts depend on prices, forecast settings and the code alone: they are computed once and kept in a file
 * whose name is the digest of all three.
 */
export async function labInputs(options: InputOptions, parameters: LabParameters): Promise<LabInputs> {
  const panel = readPanel(options);
  const settings = forecastSettings(parameters, panel.barMs);
  const digest = createHash('sha256')
    .update(JSON.stringify([panel.markets, panel.times, panel.text, settings]))
    .digest('hex');
  const folder = options.cache ?? join(tmpdir(), 'zkrisk-lab');
  // Another version of the code may forecast differently. The report's digest leaves the version out.
  const kept = createHash('sha256')
    .update(digest)
    .update(codeDigest(['forecasting']))
    .digest('hex');
  const file = join(folder, `forecasts-${kept.slice(0, 24)}.ndjson`);
  if (existsSync(file)) return { panel, forecasts: await readForecasts(file), digest };
  note(`${panel.times.length} bars are forecast once and kept in ${file}`);
  const started = performance.now();
  const lines: string[] = [];
  const forecasts: (CovariancePayload | undefined)[] = [];
  for await (const made of forecastRun(panel, settings)) {
    const forecast = made.at(-1);
    forecasts.push(forecast);
    lines.push(JSON.stringify(forecast ?? null));
    progress(() => pace('forecast', lines.length, panel.times.length, started));
  }
  mkdirSync(folder, { recursive: true });
  // Another process may be writing the same: each writes its own, and the last one stays.
  const own = `${file}.${process.pid}`;
  writeFileSync(own, `${lines.join('\n')}\n`);
  renameSync(own, file);
  return { panel, forecasts, digest };
}

/** Shows the progress of a run and its figures so far. */
export function barsPlayed(
  what: string,
  times: readonly number[],
): (bar: number, figures: () => Figures) => void {
  const started = performance.now();
  return (bar, figures) => {
    progress(() => {
      const { badDebt, closedNotional, trades } = figures();
      const { lines, record } = pace(what, bar, times.length, started);
      const day = new Date(times[bar - 1]).toISOString().slice(0, 10);
      const amounts = `${wholeText(trades)} trades  liquidations ${wholeText(closedNotional)}  bad debt ${wholeText(badDebt)}`;
      return {
        lines: [`${lines[0]}, ${day}`, amounts],
        record: { ...record, day, trades, closedNotional, badDebt },
      };
    });
  };
}

/** Bars done, bars a second, and the seconds left. */
function pace(what: string, done: number, of: number, started: number): Progress {
  const seconds = (performance.now() - started) / 1000;
  const left = Math.round((seconds * (of - done)) / done);
  const rate = wholeText(done / seconds);
  return {
    lines: [
      `${what}: bar ${wholeText(done)} of ${wholeText(of)}, ${rate} bars/s, ${wholeText(left)} s to go`,
    ],
    record: { what, done, of, seconds: Math.round(seconds), left },
  };
}

async function readForecasts(file: string): Promise<(CovariancePayload | undefined)[]> {
  const forecasts: (CovariancePayload | undefined)[] = [];
  for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Infinity }))
    forecasts.push((JSON.parse(line) as CovariancePayload | null) ?? undefined);
  return forecasts;
}
