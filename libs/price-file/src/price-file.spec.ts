import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commonWindow, PriceFileError, pricesCsv, readSeriesFiles, type SeriesOptions } from './index.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'zkrisk-prices-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const read = (path: string | string[], options: Partial<SeriesOptions> = {}) =>
  readSeriesFiles([path].flat(), { kind: 'price', ...options });

/** The file as one has it after `zkrisk import`. */
const imported = (path: string | string[], options: Partial<SeriesOptions> = {}) =>
  pricesCsv(read(path, options)).trim().split('\n');

const HOUR = 3_600_000;
const START = Date.UTC(2024, 0, 1);

describe('price files as they are published', () => {
  it('CryptoDataDownload: an address in the first line, the newest row first, a symbol', () => {
    const path = file(
      'Binance_BTCUSDT_1h.csv',
      [
        'https://www.CryptoDataDownload.com',
        'Unix,Date,Symbol,Open,High,Low,Close,Volume BTC,Volume USDT,tradecount',
        '1704070800000,2024-01-01 01:00:00,BTC/USDT,42300,42400,42200,42350.5,10,423000,100',
        '1704067200000,2024-01-01 00:00:00,BTC/USDT,42200,42400,42200,42300,12,507000,120',
      ].join('\r\n'),
    );
    expect(imported(path, { column: 'close' })).toEqual([
      'time,BTC/USDT',
      '2024-01-01T00:00:00Z,42300',
      '2024-01-01T01:00:00Z,42350.5',
    ]);
    const { notes } = read(path, { column: 'close' });
    expect(notes.join('\n')).toMatch(/is an address[^]*passed over: Date, Open[^]*newest row first/);
  });

  it('CryptoDataDownload until 2020: hours with AM and PM, times of two units in one file', () => {
    const old = file(
      'gemini.csv',
      'https://www.CryptoDataDownload.com\nUnix Timestamp,Date,Symbol,Open,High,Low,Close,Volume\n' +
        '1590681600000,2020-05-28 04-PM,ETHUSD,1,2,1,220.5,3\n1590678000,2020-05-28 03-PM,ETHUSD,1,2,1,219,3\n',
    );
    expect(imported(old, { column: 'Close' })).toEqual([
      'time,ETHUSD',
      '2020-05-28T15:00:00Z,219',
      '2020-05-28T16:00:00Z,220.5',
    ]);
  });

  const kline = (time: number, close: number, unit = 1) =>
    [time * unit, 1, 2, 1, close, 5, (time + HOUR) * unit - 1, 6, 7, 8, 9, 0].join(',');

  it('Binance: months of candles without a header, from 2025 on in microseconds, follow one another', () => {
    const months = [
      file('BTCUSDT-1h-2024-12.csv', [kline(START, 100), kline(START + HOUR, 101)].join('\n')),
      file('BTCUSDT-1h-2025-01.csv', kline(START + 2 * HOUR, 102, 1000)),
      file('ETHUSDT-1h-2024-12.csv.gz', gzipSync([kline(START + HOUR, 7)].join('\n'))),
    ];
    expect(imported(months, { column: 'close' })).toEqual([
      'time,BTCUSDT,ETHUSDT',
      '2024-01-01T00:00:00Z,100,',
      '2024-01-01T01:00:00Z,101,7',
      '2024-01-01T02:00:00Z,102,',
    ]);
  });

  it('files of one market that overlap must agree', () => {
    const month = (name: string, last: number) =>
      file(name, [kline(START, 100), kline(START + HOUR, last)].join('\n'));
    const [one, same, other] = [
      month('A-1h-2024-01.csv', 101),
      month('A-1h-2024-02.csv', 101),
      month('A-1h-2024-03.csv', 102),
    ];
    expect(imported([one, same], { column: 'close' })).toHaveLength(3);
    expect(() => read([one, other], { column: 'close' })).toThrow(
      /A-1h-2024-03\.csv: row 2, column A: has 102 at 2024-01-01T01:00:00\.000Z, .*A-1h-2024-01\.csv has 101 in row 2/,
    );
  });

  it('CoinGecko: one price, which needs no --column', () => {
    const path = file(
      'btc-usd-max.csv',
      'snapped_at,price,market_cap,total_volume\n2024-01-01 00:00:00 UTC,42280.23,8.2e11,14e9\n2024-01-02 00:00:00 UTC,4.4e4,,1\n',
    );
    expect(imported(path)).toEqual([
      'time,btc-usd',
      '2024-01-01T00:00:00Z,42280.23',
      '2024-01-02T00:00:00Z,44000',
    ]);
    expect(imported(path, { names: ['BTC'] })[0]).toBe('time,BTC');
  });

  it('pandas: an index without a name, row numbers, NaN', () => {
    const indexed = file(
      'frame.csv',
      ',BTC,ETH\n2024-01-01 00:00:00+00:00,1,\n2024-01-01 01:00:00+00:00,2,3\n',
    );
    expect(imported(indexed)).toEqual([
      'time,BTC,ETH',
      '2024-01-01T00:00:00Z,1,',
      '2024-01-01T01:00:00Z,2,3',
    ]);
    const numbered = file('numbered.csv', ',time,BTC,ETH\n0,2024-01-01,1,NaN\n1,2024-01-02,2,3\n');
    expect(imported(numbered)).toEqual([
      'time,BTC,ETH',
      '2024-01-01T00:00:00Z,1,',
      '2024-01-02T00:00:00Z,2,3',
    ]);
  });

  it('a spreadsheet: UTF-16 with tabs, or a byte-order mark, quotes and blank lines', () => {
    const tabs = Buffer.concat([
      Buffer.from([0xff, 0xfe]),
      Buffer.from('time\tBTC\n2024-01-01\t1\n2024-01-02\t2\n', 'utf16le'),
    ]);
    const quoted = '\ufeff"time";"BTC"\r\n"2024-01-01";"1"\r\n\r\n"2024-01-02";"2"\r\n';
    for (const path of [file('tabs.csv', tabs), file('quoted.csv', quoted)])
      expect(imported(path)).toEqual(['time,BTC', '2024-01-01T00:00:00Z,1', '2024-01-02T00:00:00Z,2']);
  });

  it('what import has written is read again as it is', () => {
    const path = file('wide.csv', 'time,A,B\n1704067200,1e-6,\n1704070800,2,0.50\n');
    const once = pricesCsv(read(path));
    expect(pricesCsv(read(file('again.csv', once)))).toBe(once);
  });
});

describe('price files that cannot be used name the row and the column', () => {
  const times = 'time,BTC,ETH';
  it.each([
    ['a word', `${times}\n2024-01-01,1,x\n`, /row 2, column ETH: must be a number, got "x"/],
    [
      'a decimal comma',
      'time;BTC\n2024-01-01;1,5\n',
      /row 2, column BTC: must be a number with a decimal point/,
    ],
    ['zero', `${times}\n2024-01-01,1,0\n`, /row 2, column ETH: must be a positive price, got 0/],
    [
      'a price that no market has',
      `${times}\n2024-01-01,1,1e16\n`,
      /row 2, column ETH: must be a price from 1e-12 to/,
    ],
    [
      'a price below what is kept',
      `${times}\n2024-01-01,1,1e-13\n`,
      /row 2, column ETH: must be a price from 1e-12 to/,
    ],
    ['a price of a thousand digits', `${times}\n2024-01-01,1,0.${'3'.repeat(1000)}\n`, /row 2, column ETH: /],
    ['a short row', `${times}\n2024-01-01,1,2\n\n2024-01-02,1\n`, /row 4: has 2 cells, the header has 3/],
    ['no times', 'BTC,ETH\n1,2\n', /row 1: no column is named time/],
    ['a market twice', 'time,BTC,BTC\n2024-01-01,1,2\n', /row 1, column 3: "BTC" is there twice/],
    ['a market without a name', 'time,BTC,\n2024-01-01,1,2\n', /row 1, column 3: has no name/],
    [
      'a name that is none',
      'time,BTC,S&P 500\n2024-01-01,1,2\n',
      /row 1, column 3: "S&P 500" must be a market name of letters/,
    ],
    [
      'no separator',
      'time BTC\n2024-01-01 1\n',
      /row 1: has one column only .* a comma, a semicolon, a tab, a bar/,
    ],
    ['no rows', `${times}\n`, /has a header but no rows/],
    ['nothing', '', /row 1: has one column only|is empty/],
    ['bytes', new Uint8Array([116, 0xc3, 0x28, 44, 65, 10]), /is not text in UTF-8/],
    ['half a gzip file', gzipSync('time,A\n2024-01-01,1\n').subarray(0, 20), /cannot be unpacked as gzip/],
    [
      'a market that is blank throughout',
      `${times}\n2024-01-01,1,\n2024-01-02,1,\n`,
      /column ETH: has no value in any row/,
    ],
    [
      'candles of two markets',
      'date,symbol,close\n2024-01-01,A,1\n2024-01-02,B,1\n',
      /row 3, column symbol: names B, row 2 names A/,
    ],
    [
      'a time twice',
      `${times}\n2024-01-01,1,1\n2024-01-02,1,1\n2024-01-01,1,1\n2024-01-03,1,1\n`,
      /row 4, column time: .* is the time of row 2 already/,
    ],
    [
      'times in no order',
      `${times}\n2024-01-02,1,1\n2024-01-01,1,1\n2024-01-03,1,1\n`,
      /row 3, column time: .* does not come after that of row 2/,
    ],
  ])('%s', (name, content, message) => {
    const path = file(`bad ${name}.csv`, content);
    expect(() => read(path)).toThrow(PriceFileError);
    expect(() => read(path)).toThrow(message);
    expect(() => read(path)).toThrow(path);
  });

  it('candles without --column, and --column of something else', () => {
    const path = file('ohlc.csv', 'date,open,high,low,close,volume\n2024-01-01,1,2,1,2,9\n');
    expect(() => read(path)).toThrow(/holds one market’s open, high, low, close, volume.*--column close/);
    expect(() => read(path, { column: 'volume' })).toThrow(/has no column volume/);
    expect(() => read(path, { column: 'close', names: ['A', 'B'] })).toThrow(
      /names are given for 2 files of one market, there are 1/,
    );
    expect(() => read(path, { column: 'close', names: ['a b'] })).toThrow(/"a b" must be a market name/);
    expect(read(path, { column: 'high' }).text).toEqual([['2']]);
  });
});

describe(commonWindow, () => {
  const table = (rows: string[]) => read(file('window.csv', ['time,A,B,C', ...rows].join('\n')));
  const day = (t: number) => new Date(START + t * 24 * HOUR).toISOString();

  it('leaves out by name a market that lacks more than a tenth of the rows, and drops rows that another lacks', () => {
    const rows = Array.from(
      { length: 30 },
      (_, t) => `${day(t)},${2 ** t},${t === 20 ? '' : 3 ** t},${t < 15 ? '' : 1}`,
    );
    // The window cannot reach further back for the row that B lacks: C has nothing there, and less is missing of C.
    const late = commonWindow(table(rows), 'price', 14);
    expect([late.markets, late.droppedRows]).toEqual([['A', 'C'], 0]);
    expect(late.leftOut).toEqual([{ market: 'B', reason: 'has nothing in 1 of the last 15 rows' }]);
    const wide = commonWindow(table(rows), 'price', 28);
    expect(wide.leftOut).toEqual([{ market: 'C', reason: 'has nothing in 14 of the last 29 rows' }]);
    expect(wide.droppedRows).toBe(1);
    expect(wide.returns.map((series) => series.length)).toEqual([28, 28]);
    // Across the dropped row the return is that of two days.
    expect(wide.returns[0][19]).toBeCloseTo(2 * Math.log(2), 12);
    expect([18, 19].map((t) => wide.times[t])).toEqual([19, 21].map((t) => Date.parse(day(t))));
    expect(wide.times).toHaveLength(28);
    expect(wide.returns[1][19]).toBeCloseTo(2 * Math.log(3), 12);
  });
});
