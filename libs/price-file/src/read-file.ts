import { basename } from 'node:path';
import { fields } from '#lib/messages';
import { type Columns, columnsOf, requireMarketName } from './columns.js';
import { plainDecimal } from './decimal-text.js';
import { PriceFileError } from './price-file-error.js';
import { parseTime } from './row-time.js';
import { type TableRow, tableRows } from './table-rows.js';

export interface SeriesOptions {
  /** `price` refuses numbers ≤ 0; `return` takes any finite number, and dates from 1900 on */
  readonly kind: 'price' | 'return';
  /** which price of a file with one market’s candles */
  readonly column?: string;
  /** of the markets whose name is not in their file’s header, in the order of the files */
  readonly names?: readonly string[];
}

/** Series of one file, in the order of time. */
export interface FileSeries {
  readonly path: string;
  readonly names: readonly string[];
  /** milliseconds, strictly increasing */
  readonly times: readonly number[];
  /** line of the file that each time stands in */
  readonly rows: readonly number[];
  /** T rows of n exact decimals; undefined where a cell is blank */
  readonly text: readonly (readonly (string | undefined)[])[];
  readonly notes: readonly string[];
}

/** How pandas, R and databases write that there is nothing, in lower case. */
const BLANKS = new Set(['', 'nan', 'null', 'none', 'na', 'n/a']);

/**
 * Reads one file.
 *
 * @param nextName a name for the market of a file of candles; undefined leaves it to the file’s column of symbols, or its own name
 * @throws {PriceFileError} naming the row and column that cannot be read
 */
export function readFile(
  path: string,
  options: SeriesOptions,
  nextName: () => string | undefined,
): FileSeries {
  const table = tableRows(path);
  const columns = columnsOf(path, table, options.column);
  const timeName = table.header.cells[columns.time] || 'time';
  const earliest = options.kind === 'return' ? Date.UTC(1900, 0, 1) : undefined;
  const times = table.body.map(({ row, cells }) => {
    const parsed = parseTime(cells[columns.time], earliest);
    if (parsed.problem !== undefined)
      throw new PriceFileError(path, { row, column: timeName }, parsed.problem);
    return parsed.time;
  });
  const notes = [...table.notes, ...columns.notes];
  const body = [...table.body];
  if (times.length > 1 && times[times.length - 1] < times[0]) {
    times.reverse();
    body.reverse();
    notes.push('has its newest row first: turned round');
  }
  requireRising(path, timeName, times, body);
  const names = columns.series.map((series) => {
    if (series.name !== undefined) return series.name;
    const own = nextName() ?? symbolOf(path, columns, body, table.header.cells) ?? nameOfFile(path);
    requireMarketName(path, {}, own);
    notes.push(`its ${table.header.cells[series.at]} is market ${own}`);
    return own;
  });
  const text = body.map(({ row, cells }) =>
    columns.series.map(({ at }) => {
      const column = table.header.cells[at];
      const read = options.kind === 'price' ? readPrice : readReturn;
      return read(cells[at], (problem) => new PriceFileError(path, { row, column }, problem));
    }),
  );
  return { path, names, times, rows: body.map(({ row }) => row), text, notes };
}

type Fault = (problem: string) => PriceFileError;

function readNumber(cell: string, fault: Fault): string | undefined {
  if (BLANKS.has(cell.toLowerCase())) return undefined;
  const text = plainDecimal(cell);
  if (text !== undefined) return text;
  const point = /^[+-]?[\d.]+,\d+$/.test(cell) ? ' with a decimal point' : '';
  throw fault(`must be a number${point}, got "${cell.slice(0, 60)}"; correct or remove the row`);
}

function readPrice(cell: string, fault: Fault): string | undefined {
  const text = readNumber(cell, fault);
  if (text === undefined) return undefined;
  if (!(Number(text) > 0))
    throw fault(`must be a positive price, got ${cell}; correct it, or pass --returns for returns`);
  const { success, error } = fields.price.safeParse(text);
  if (!success) throw fault(`${error.issues[0].message}, got ${cell}`);
  return text;
}

function readReturn(cell: string, fault: Fault): string | undefined {
  const text = readNumber(cell, fault);
  if (text !== undefined && !Number.isFinite(Number(text)))
    throw fault(`must be a finite number, got ${cell}`);
  return text;
}

function requireRising(
  path: string,
  column: string,
  times: readonly number[],
  body: readonly TableRow[],
): void {
  for (let t = 1; t < times.length; t++) {
    if (times[t] > times[t - 1]) continue;
    const at = { row: body[t].row, column };
    const time = new Date(times[t]).toISOString();
    const same = times.indexOf(times[t]);
    throw new PriceFileError(
      path,
      at,
      same < t
        ? `${time} is the time of row ${body[same].row} already; keep one of them`
        : `${time} does not come after that of row ${body[t - 1].row}; sort the rows by time, each once`,
    );
  }
}

function symbolOf(
  path: string,
  { symbol }: Columns,
  body: readonly TableRow[],
  header: readonly string[],
): string | undefined {
  if (symbol === undefined) return undefined;
  const [first] = body;
  const other = body.find(({ cells }) => cells[symbol] !== first.cells[symbol]);
  if (other !== undefined) {
    throw new PriceFileError(
      path,
      { row: other.row, column: header[symbol] },
      `names ${other.cells[symbol]}, row ${first.row} names ${first.cells[symbol]}; give each market a file of its own`,
    );
  }
  return first.cells[symbol];
}

/** `BTCUSDT-1h-2024-01.csv.gz` is BTCUSDT, `btc-usd-max.csv` is btc-usd. */
function nameOfFile(path: string): string {
  return basename(path)
    .replace(/\.gz$/i, '')
    .replace(/\.[a-z]{2,4}$/i, '')
    .replace(/-(\d+[smhdwM]|1mo)(-\d{4}-\d\d(-\d\d)?)?$|-max$/, '');
}
