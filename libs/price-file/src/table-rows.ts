import { parse } from 'csv-parse/sync';
import { messageOf } from '#lib/errors';
import { fileText } from './file-text.js';
import { PriceFileError } from './price-file-error.js';

export interface TableRow {
  /** line of the file, the first is 1 */
  readonly row: number;
  readonly cells: readonly string[];
}

/** The cells of a file, header first. */
export interface TableRows {
  readonly header: TableRow;
  readonly body: readonly TableRow[];
  /** rows and columns that were passed over, for the screen */
  readonly notes: readonly string[];
}

const SEPARATORS = [
  [',', 'a comma'],
  [';', 'a semicolon'],
  ['\t', 'a tab'],
  ['|', 'a bar'],
] as const;

/** Columns of the candles that Binance publishes, whose files had no header until 2025. */
const BINANCE_KLINES =
  'open_time,open,high,low,close,volume,close_time,quote_volume,count,taker_buy_volume,taker_buy_quote_volume,ignore'.split(
    ',',
  );

/**
 * Splits a file into its header and rows. The separator is the one the header has most of; an address in the first line is
 * passed over; Binance's candles may come without a header.
 *
 * @throws {PriceFileError} for a file that is no table, has no rows, or has a row of another length than the header
 */
export function tableRows(path: string): TableRows {
  const text = fileText(path);
  const notes: string[] = [];
  const records = recordsOf(path, text, notes);
  const [first] = records;
  if (first === undefined) throw new PriceFileError(path, {}, 'is empty');
  const header = headerlessCandles(first) ? { row: 0, cells: BINANCE_KLINES } : first;
  const body = header === first ? records.slice(1) : records;
  if (header !== first) notes.push('has no header: read as Binance’s candles');
  if (body.length === 0) throw new PriceFileError(path, {}, 'has a header but no rows');
  const width = header.cells.length;
  const uneven = body.find(({ cells }) => cells.length !== width);
  if (uneven !== undefined) {
    throw new PriceFileError(
      path,
      { row: uneven.row },
      `has ${uneven.cells.length} cells, the header has ${width}; complete the row`,
    );
  }
  return { header, body, notes };
}

function recordsOf(path: string, text: string, notes: string[]): TableRow[] {
  const addressed = /^\s*"?https?:\/\/[^\s,;]*"?\s*?(?:[,;]*)\r?\n/.exec(text);
  const skipped = addressed === null ? '' : addressed[0];
  if (addressed !== null) notes.push(`row 1 is an address and was passed over: ${skipped.trim()}`);
  const lines = skipped === '' ? 0 : 1;
  const rest = text.slice(skipped.length);
  const [headerLine] = /^.*$/m.exec(rest.trimStart()) ?? [''];
  const separator = separatorOf(path, headerLine, lines + 1);
  if (separator !== ',') notes.push(`cells are separated by ${nameOf(separator)}`);
  try {
    const parsed = parse(rest, {
      delimiter: separator,
      info: true,
      relaxColumnCount: true,
      skipEmptyLines: true,
    }) as unknown as { record: string[]; info: { lines: number } }[];
    return parsed.map(({ record, info }) => ({
      row: info.lines + lines,
      cells: record.map((cell) => cell.trim()),
    }));
  } catch (cause) {
    throw new PriceFileError(path, {}, `cannot be read as CSV (${messageOf(cause)})`, { cause });
  }
}

function separatorOf(path: string, header: string, row: number): string {
  const bare = header.replace(/"[^"]*"/g, '');
  const counts = SEPARATORS.map(([separator]) => bare.split(separator).length - 1);
  const most = Math.max(...counts);
  if (most === 0) {
    throw new PriceFileError(
      path,
      { row },
      `has one column only ("${header.slice(0, 60)}"); columns are separated by ${SEPARATORS.map(([, name]) => name).join(', ')}`,
    );
  }
  return SEPARATORS[counts.indexOf(most)][0];
}

function nameOf(separator: string): string {
  return SEPARATORS.find(([character]) => character === separator)![1];
}

function headerlessCandles({ cells }: TableRow): boolean {
  return (
    cells.length === BINANCE_KLINES.length &&
    /^\d{13}(\d{3})?$/.test(cells[0]) &&
    cells.every((cell) => cell !== '' && Number.isFinite(Number(cell)))
  );
}
