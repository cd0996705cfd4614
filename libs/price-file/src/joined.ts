import { basename } from 'node:path';
import { PriceFileError } from './price-file-error.js';
import { type FileSeries, readFile, type SeriesOptions } from './read-file.js';

/** Values of several series on common times. */
export interface SeriesTable {
  readonly names: readonly string[];
  /** milliseconds, strictly increasing */
  readonly times: readonly number[];
  /** n series of T values; NaN where there is none */
  readonly values: readonly Float64Array[];
  /** the same as exact decimals, T rows of n; undefined where there is none */
  readonly text: readonly (readonly (string | undefined)[])[];
  /** omissions, corrections and gaps, one sentence each, for the screen and the report */
  readonly notes: readonly string[];
}

/**
 * Reads files of prices or returns and joins them on time: a time that one file lacks is a blank in its markets. Several files
 * of one market follow one another; where they overlap they must agree.
 *
 * @throws {PriceFileError} naming file, row and column of the unreadable cell, or the rows that contradict one another
 */
export function readSeriesFiles(paths: readonly string[], options: SeriesOptions): SeriesTable {
  const given = [...(options.names ?? [])];
  const files = paths.map((path) => readFile(path, options, () => given.shift()));
  if (given.length > 0) {
    const taken = (options.names?.length ?? 0) - given.length;
    throw new PriceFileError(
      paths.join(', '),
      {},
      `names are given for ${taken + given.length} files of one market, there are ${taken}`,
    );
  }
  const several = files.length > 1;
  const { names, times, text } = several ? joined(files) : files[0];
  const notes = files.flatMap((file) => file.notes.map((note) => `${basename(file.path)}: ${note}`));
  const values = names.map((_, i) =>
    Float64Array.from(text, (row) => (row[i] === undefined ? NaN : Number(row[i]))),
  );
  names.forEach((name, i) => {
    const note = blanksOf(name, values[i], times);
    if (note === null)
      throw new PriceFileError(paths.join(', '), { column: name }, 'has no value in any row');
    if (note !== undefined) notes.push(note);
  });
  return { names, times, values, text, notes };
}

interface Cell {
  readonly text: string;
  readonly path: string;
  readonly row: number;
}

function joined(files: readonly FileSeries[]): Pick<SeriesTable, 'names' | 'times' | 'text'> {
  const series = new Map<string, Map<number, Cell>>();
  for (const { path, names, times, rows, text } of files) {
    names.forEach((name, i) => {
      const cells = series.get(name) ?? new Map<number, Cell>();
      series.set(name, cells);
      times.forEach((time, t) => {
        const cell = text[t][i];
        if (cell === undefined) return;
        const known = cells.get(time);
        if (known !== undefined && Number(known.text) !== Number(cell)) {
          throw new PriceFileError(
            path,
            { row: rows[t], column: name },
            `has ${cell} at ${new Date(time).toISOString()}, ${known.path} has ${known.text} in row ${known.row}; keep one of them`,
          );
        }
        if (known === undefined) cells.set(time, { text: cell, path, row: rows[t] });
      });
    });
  }
  const times = [...new Set(files.flatMap((file) => file.times))].sort((a, b) => a - b);
  const columns = [...series.values()];
  return {
    names: [...series.keys()],
    times,
    text: times.map((time) => columns.map((cells) => cells.get(time)?.text)),
  };
}

/** Says which values of a series are missing; undefined where none is, null where all are. */
function blanksOf(name: string, values: Float64Array, times: readonly number[]): string | undefined | null {
  const present = (value: number) => !Number.isNaN(value);
  const first = values.findIndex(present);
  if (first < 0) return null;
  const last = values.findLastIndex(present);
  let holes = 0;
  let firstHole = -1;
  for (let t = first; t <= last; t++) {
    if (present(values[t])) continue;
    if (holes++ === 0) firstHole = t;
  }
  const at = (t: number) => new Date(times[t]).toISOString();
  const parts = [
    ...(first > 0 ? [`begins at ${at(first)}, ${first} rows after the first`] : []),
    ...(last < values.length - 1
      ? [`ends at ${at(last)}, ${values.length - 1 - last} rows before the last`]
      : []),
    ...(holes > 0 ? [`is blank in ${holes} rows between, the first at ${at(firstHole)}`] : []),
  ];
  return parts.length === 0 ? undefined : `${name} ${parts.join('; ')}`;
}
