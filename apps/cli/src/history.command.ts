import { writeFileSync } from 'node:fs';
import { ApiError, type History, ZkriskClient } from '#lib/sdk';
import { UsageError } from '#lib/terminal';

export interface HistoryExportOptions {
  readonly url: string;
  readonly key?: string;
  readonly from: string;
  readonly to: string;
  readonly step?: string;
  readonly market?: string;
  readonly format?: 'csv' | 'parquet';
  readonly out: string;
}

type Cell = string | number | object | null;

/** Columns that a file has as numbers; amounts stay the strings they are, exact. */
const TIME = 'at';
const SHORTEST_MS = 60_000;

/**
 * Writes a series into a file. A range of more rows than one answer has is asked for in halves.
 *
 * @throws {UsageError} for times that are none and a format that a file's name does not say
 */
export async function exportHistoryCommand(
  series: string,
  options: HistoryExportOptions,
): Promise<{ file: string; rows: number; columns: readonly string[] }> {
  const { url, key, step, market, out } = options;
  const [from, to] = [timeOf(options.from, '--from'), timeOf(options.to, '--to')];
  const format = options.format ?? /\.(csv|parquet)$/.exec(out)?.[1];
  if (format === undefined)
    throw new UsageError('--format: csv or parquet, where the name of --out does not say it');
  const client = new ZkriskClient({ url, timeoutMs: 60_000, ...(key === undefined ? {} : { apiKey: key }) });
  const parts = await inParts(from, to, (first, last) =>
    client.history(series, {
      ...{ from: first, to: last },
      ...(step === undefined ? {} : { step }),
      ...(market === undefined ? {} : { market }),
    }),
  );
  const [{ columns }] = parts;
  const rows = parts.flatMap((part) => part.rows) as Cell[][];
  if (format === 'csv') writeFileSync(out, csv(columns, rows));
  else await writeParquet(out, columns, rows);
  return { file: out, rows: rows.length, columns };
}

async function inParts(
  from: number,
  to: number,
  read: (from: number, to: number) => Promise<History>,
): Promise<History[]> {
  try {
    return [await read(from, to)];
  } catch (error) {
    const tooMuch =
      error instanceof ApiError && error.code === 'invalid-input' && /more than \d+ rows/.test(error.message);
    if (!tooMuch || to - from <= SHORTEST_MS) throw error;
    // At the beginning of an hour, so that no step is in two halves where steps divide it.
    const middle = from + (to - from) / 2;
    const at = Math.ceil(middle / 3_600_000) * 3_600_000;
    const split = at < to ? at : Math.ceil(middle / SHORTEST_MS) * SHORTEST_MS;
    return [...(await inParts(from, split, read)), ...(await inParts(split, to, read))];
  }
}

function timeOf(text: string, option: string): number {
  const time = /^\d+$/.test(text) ? Number(text) : Date.parse(text);
  if (!Number.isFinite(time))
    throw new UsageError(`${option}: must be ISO 8601 or milliseconds since the epoch`);
  return time;
}

/** As RFC 4180 has it, but for line ends; times in ISO 8601, nested values as JSON. */
function csv(columns: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const cell = (value: Cell, column: string) => {
    const text =
      value === null ? '' : column === TIME ? new Date(value as number).toISOString() : textOf(value);
    return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const lines = rows.map((row) => row.map((value, i) => cell(value, columns[i])).join(','));
  return [columns.join(','), ...lines, ''].join('\n');
}

function textOf(value: Exclude<Cell, null>): string {
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

async function writeParquet(
  file: string,
  columns: readonly string[],
  rows: readonly (readonly Cell[])[],
): Promise<void> {
  const { parquetWriteBuffer } = await import('hyparquet-writer');
  const buffer = parquetWriteBuffer({
    columnData: columns.map((name, i) => {
      const values = rows.map((row) => row[i]);
      if (name === TIME)
        return { name, data: values.map((value) => new Date(value as number)), type: 'TIMESTAMP' as const };
      if (
        values.some((value) => value !== null) &&
        values.every((value) => value === null || typeof value === 'number')
      )
        return { name, data: values, type: 'DOUBLE' as const };
      return {
        name,
        data: values.map((value) => (value === null ? null : textOf(value))),
        type: 'STRING' as const,
      };
    }),
  });
  writeFileSync(file, new Uint8Array(buffer));
}
