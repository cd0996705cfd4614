import { fields } from '#lib/messages';
import { PriceFileError } from './price-file-error.js';
import { parseTime } from './row-time.js';
import type { TableRows } from './table-rows.js';

/** Which columns of a file are read. */
export interface Columns {
  readonly time: number;
  /** a market and the column its values are in; the name is undefined where it does not stand in the header */
  readonly series: readonly { readonly name: string | undefined; readonly at: number }[];
  /** a column that names the market in every row */
  readonly symbol: number | undefined;
  readonly notes: readonly string[];
}

const TIMES = new Set(
  'time,date,datetime,timestamp,unix,unix timestamp,open time,opentime,timeopen,snapped at,period'.split(','),
);
/** pandas' name for a column of row labels */
const ROW_LABELS = new Set(['', 'index', 'unnamed: 0']);
const CANDLE = ['open', 'high', 'low', 'close'];
const PRICES = new Set([...CANDLE, 'adj close', 'adjclose', 'price', 'vwap', 'average', 'last', 'mid']);
const SYMBOLS = new Set('symbol,ticker,tic,pair,name,market,asset,coin,instrument'.split(','));
const BESIDE =
  /volume|^market ?cap$|^trade ?count$|^trades$|^count$|^taker|^close ?time$|^time(close|high|low)$|^ignore$/;

/**
 * Finds the columns of times and values: a file has one market a column, or the candles of one market.
 *
 * @param wanted the column of a candle file that is taken
 * @throws {PriceFileError} for a header without times, without markets, or with a name that is none; for candles where
 *   nothing says which of their prices is meant
 */
export function columnsOf(path: string, { header, body }: TableRows, wanted: string | undefined): Columns {
  const names = header.cells;
  const plain = names.map((name) => name.toLowerCase().replace(/[_\s]+/g, ' '));
  const time = timeColumn(path, header.row, names, plain);
  const notes: string[] = [];
  const rest = names.map((_, at) => at).filter((at) => at !== time);
  const prices = rest.filter((at) => PRICES.has(plain[at]));
  const others = rest.filter(
    (at) => !PRICES.has(plain[at]) && !SYMBOLS.has(plain[at]) && !BESIDE.test(plain[at]),
  );
  const candles =
    prices.length > 0 &&
    (others.every((at) => TIMES.has(plain[at]) || ROW_LABELS.has(plain[at])) ||
      CANDLE.filter((name) => plain.includes(name)).length >= 3);
  const passOver = (columns: readonly number[]) => {
    if (columns.length === 0) return;
    notes.push(`columns passed over: ${columns.map((at) => names[at] || `number ${at + 1}`).join(', ')}`);
  };
  if (candles) {
    const at = candlePrice(path, header.row, names, plain, prices, wanted);
    const symbol = rest.find((column) => SYMBOLS.has(plain[column]));
    passOver(rest.filter((column) => column !== at && column !== symbol));
    return { time, series: [{ name: undefined, at }], symbol, notes };
  }
  const isTime = (at: number) => TIMES.has(plain[at]) && parseTime(body[0].cells[at]).problem === undefined;
  const isLabel = (at: number) => at === 0 && ROW_LABELS.has(plain[at]);
  const markets = rest.filter((at) => !isTime(at) && !isLabel(at));
  const series = markets.filter((at) => wanted === undefined || names[at] === wanted);
  checkNames(path, header.row, names, markets);
  if (wanted !== undefined && series.length === 0) {
    throw new PriceFileError(path, { row: header.row }, `has no column ${wanted}: ${names.join(', ')}`);
  }
  passOver(rest.filter((at) => !series.includes(at)));
  return { time, series: series.map((at) => ({ name: names[at], at })), symbol: undefined, notes };
}

/** The first column, unless it numbers the rows and a later one has the times. */
function timeColumn(path: string, row: number, names: readonly string[], plain: readonly string[]): number {
  const named = plain.findIndex((name) => TIMES.has(name));
  if (named >= 0) return named;
  if (ROW_LABELS.has(plain[0])) return 0;
  throw new PriceFileError(
    path,
    { row },
    `no column is named time, date, timestamp or unix (then one column a market): ${names.slice(0, 8).join(', ')}`,
  );
}

function candlePrice(
  path: string,
  row: number,
  names: readonly string[],
  plain: readonly string[],
  prices: readonly number[],
  wanted: string | undefined,
): number {
  const list = names.filter((_, at) => prices.includes(at) || BESIDE.test(plain[at])).join(', ');
  if (wanted === undefined) {
    if (prices.length === 1) return prices[0];
    throw new PriceFileError(
      path,
      { row },
      `holds one market’s ${list}, not one market a column; say which is meant, such as --column close`,
    );
  }
  const at = names.findIndex(
    (name, i) => name === wanted || plain[i] === wanted.toLowerCase().replace(/_/g, ' '),
  );
  if (prices.includes(at)) return at;
  throw new PriceFileError(path, { row }, `has no column ${wanted}: it holds one market’s ${list}`);
}

function checkNames(path: string, row: number, names: readonly string[], markets: readonly number[]): void {
  if (markets.length === 0)
    throw new PriceFileError(path, { row }, 'has no market columns; add at least one');
  for (const at of markets) {
    const place = { row, column: at + 1 };
    if (names[at] === '') throw new PriceFileError(path, place, 'has no name; name each market once');
    if (markets.some((other) => other < at && names[other] === names[at]))
      throw new PriceFileError(path, place, `"${names[at]}" is there twice; name each market once`);
    requireMarketName(path, place, names[at]);
  }
}

/** @throws {PriceFileError} for a name that the engine would not take */
export function requireMarketName(
  path: string,
  place: { row?: number; column?: string | number },
  name: string,
): void {
  const { success, error } = fields.market.safeParse(name);
  if (success) return;
  throw new PriceFileError(path, place, `"${name}" ${error.issues[0].message}; rename it`);
}
