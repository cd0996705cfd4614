import { readFileSync } from 'node:fs';
import { parse } from 'csv-parse/sync';
import { messageOf, ZkriskError } from '#lib/errors';

/** A file that cannot be used: names the file, row and column and says what to do. */
export class PriceFileError extends ZkriskError {
  readonly code = 'price-file';
}

/** Values of several series on common times. */
export interface SeriesTable {
  readonly names: readonly string[];
  /** as written in the file */
  readonly times: readonly string[];
  /** n series of T values */
  readonly values: readonly Float64Array[];
  /** the same as text, T rows of n, for exact amounts */
  readonly text: readonly (readonly string[])[];
}

export interface SeriesOptions {
  /** `price` refuses what is not positive; `return` takes any finite number */
  readonly kind: 'price' | 'return';
}

const TIME_COLUMNS = new Set(['time', 'date', 'timestamp']);

/**
 * Reads a CSV with a header: a first column named time, date or timestamp, then one column a series.
 *
 * @throws {PriceFileError} for a file that cannot be read, a cell that is not a number, a price that is not positive,
 *   a row of the wrong length or a duplicate column
 */
export function readSeriesFile(path: string, { kind }: SeriesOptions): SeriesTable {
  let rows: string[][];
  try {
    rows = parse(readFileSync(path), { relaxColumnCount: true, skipEmptyLines: true, trim: true, bom: true });
  } catch (cause) {
    throw new PriceFileError(
      `${path}: cannot be read as CSV (${messageOf(cause)}); give the path of a CSV file`,
      { file: path },
      { cause },
    );
  }
  const [header, ...body] = rows;
  if (header === undefined || !TIME_COLUMNS.has(header[0].toLowerCase())) {
    throw new PriceFileError(
      `${path}: row 1, column 1: must be named time (then one column a market), got "${header?.[0] ?? ''}"`,
      { file: path, row: 1 },
    );
  }
  const names = header.slice(1);
  names.forEach((name, j) => {
    if (name === '' || names.indexOf(name) !== j) {
      throw new PriceFileError(
        `${path}: row 1, column ${j + 2}: ${name === '' ? 'has no name' : `"${name}" is there twice`}; name each market once`,
        { file: path, row: 1 },
      );
    }
  });
  if (names.length === 0)
    throw new PriceFileError(`${path}: row 1: has no market columns; add at least one`, {
      file: path,
      row: 1,
    });
  if (body.length === 0) throw new PriceFileError(`${path}: has a header but no rows`, { file: path });
  const values = names.map(() => new Float64Array(body.length));
  body.forEach((row, t) => {
    if (row.length !== header.length) {
      throw new PriceFileError(
        `${path}: row ${t + 2}: has ${row.length} cells, the header has ${header.length}; complete the row`,
        { file: path, row: t + 2 },
      );
    }
    for (let j = 0; j < names.length; j++) {
      const cell = row[j + 1];
      const value = cell === '' ? NaN : Number(cell);
      if (!Number.isFinite(value)) {
        throw new PriceFileError(
          `${path}: row ${t + 2}, column ${names[j]}: must be a number, got "${cell}"; correct or remove the row`,
          { file: path, row: t + 2, column: names[j] },
        );
      }
      if (kind === 'price' && value <= 0) {
        throw new PriceFileError(
          `${path}: row ${t + 2}, column ${names[j]}: must be a positive price, got ${cell}; correct it, or pass --returns for returns`,
          { file: path, row: t + 2, column: names[j] },
        );
      }
      values[j][t] = value;
    }
  });
  return { names, times: body.map((row) => row[0]), values, text: body.map((row) => row.slice(1)) };
}

/**
 * Milliseconds of every row's time, strictly increasing.
 *
 * @throws {PriceFileError} naming the first row whose time is not one or does not follow the row before
 */
export function parseTimes(path: string, times: readonly string[]): number[] {
  const parsed = times.map((text, t) => {
    const time = /^\d+$/.test(text) ? Number(text) * (text.length <= 11 ? 1000 : 1) : Date.parse(text);
    if (!Number.isFinite(time)) {
      throw new PriceFileError(
        `${path}: row ${t + 2}, column time: must be an ISO 8601 time or a Unix time, got "${text}"`,
        { file: path, row: t + 2, column: 'time' },
      );
    }
    return time;
  });
  parsed.forEach((time, t) => {
    if (t > 0 && time <= parsed[t - 1]) {
      throw new PriceFileError(
        `${path}: row ${t + 2}, column time: ${times[t]} does not come after ${times[t - 1]}; sort the rows by time, each once`,
        { file: path, row: t + 2, column: 'time' },
      );
    }
  });
  return parsed;
}

/** Log returns of each series, T−1 values. */
export function logReturns(prices: readonly Float64Array[]): Float64Array[] {
  return prices.map((series) =>
    Float64Array.from({ length: series.length - 1 }, (_, t) => Math.log(series[t + 1] / series[t])),
  );
}
