import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { backtestCommand } from '../../apps/cli/src/backtest.command.js';
import { forecastCommand } from '../../apps/cli/src/forecast.command.js';
import { importCommand } from '../../apps/cli/src/import.command.js';
import { simulatePoolCommand } from '../../apps/cli/src/simulate-pool.command.js';
import { csvMarket } from '../../apps/zkrisk/src/index.js';
import { PriceFileError } from '#lib/price-file';

const path = (name: string) => join(import.meta.dirname, '..', '..', '..', 'test', 'cases', `${name}.csv`);

/** The result of each command that reads files: the markets it uses, its last time, and its notes on the screen. */
interface Reading {
  readonly markets: readonly string[];
  readonly to: string;
  readonly said: string;
}
type Command = (file: string, column?: string) => Promise<Reading>;

let said: string[] = [];
beforeAll(() => {
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    said.push(String(text));
    return true;
  });
});
afterAll(() => {
  vi.restoreAllMocks();
});

const given = (column?: string) => (column === undefined ? {} : { column });
const COMMANDS: Readonly<Record<string, Command>> = {
  'npm start': (file, column) => {
    const source = csvMarket([file], column);
    const to = [...source.rows(0)].at(-1)!.time;
    const traded = source.markets.filter((_, i) =>
      [...source.rows(0)].some(({ prices }) => prices[i] !== undefined),
    );
    return Promise.resolve({
      markets: traded,
      to: new Date(to).toISOString(),
      said: source.notes.join('\n'),
    });
  },
  forecast: (file, column) => {
    said = [];
    const forecast = forecastCommand({
      ...{ prices: [file], window: 100, horizon: 24, clusters: 'single', factors: 'all', ...given(column) },
      ...{ model: 'gogarch', varianceRatioFloor: 0 },
    }) as { markets: string[]; asOf: string };
    return Promise.resolve({ markets: forecast.markets, to: forecast.asOf, said: said.join('') });
  },
  backtest: (file, column) => {
    said = [];
    const { markets, rows } = backtestCommand({
      ...{
        files: [file],
        kind: 'price',
        window: 100,
        steps: 20,
        horizons: [1],
        refitEvery: 10,
        from: 'last',
      },
      ...{ models: ['gogarch', 'ewma'], ...given(column) },
    });
    expect(rows.every(({ energyScore }) => energyScore > 0)).toBe(true);
    return Promise.resolve({ markets, to: '', said: said.join('') });
  },
  'simulate-pool': async (file, column) => {
    said = [];
    const pool = await simulatePoolCommand({
      ...{
        prices: [file],
        rule: 'balancer',
        value: 1e6,
        gas: 0,
        arbFees: 0,
        arbFrequency: 1,
        signatures: 'all',
      },
      ...{ updateEvery: 24, fastest: 3e-4, minimumWeight: 0.03, objective: 'sharpe', rounds: 1, threads: 1 },
      ...given(column),
    });
    expect(pool.rowHours).toBeGreaterThan(0);
    return { markets: pool.assets, to: pool.to, said: said.join('') };
  },
  import: (file, column) => {
    said = [];
    const { markets, to } = importCommand([file], { out: '/dev/null', ...given(column) });
    return Promise.resolve({ markets, to, said: said.join('') });
  },
};

const ALL = ['BTC', 'ETH', 'SOL', 'XRP'];
const LAST = '2024-01-07T15:00:00.000Z';

describe.each(Object.entries(COMMANDS))('%s', (command, run) => {
  it.each([
    // Sixteen digits are microseconds, ten are seconds, eight are a date.
    ['epoch-us', ALL, LAST],
    ['unix-seconds', ALL, LAST],
    ['yyyymmdd', ALL, '2023-06-09T00:00:00.000Z'],
    // 1.04e-05 is a price.
    ['sci-price', ['BTC', 'ETH', 'SOL', 'PEPE'], LAST],
  ])('takes %s', async (name, markets, to) => {
    const reading = await run(path(name));
    expect(reading.markets).toEqual(markets);
    if (command !== 'backtest') expect(reading.to).toBe(to);
  });

  it.each([
    ['newest-first', /newest-first\.csv: has its newest row first: turned round/],
    ['semicolon', /semicolon\.csv: cells are separated by a semicolon/],
  ])('takes %s, and says so', async (name, message) => {
    const reading = await run(path(name));
    expect(reading.markets).toEqual(ALL);
    expect(reading.said).toMatch(message);
    if (command !== 'backtest') expect(reading.to).toBe(LAST);
  });

  it.each([
    ['day-first', /row 2, column time: could be day first or month first: "01\/01\/2021"/],
    ['market-names', /row 1, column 4: "S&P 500" must be a market name of letters, digits and \._:\/-/],
    ['repeated-times', /row 102, column time: .* is the time of row \d+ already/],
    ['ohlcv', /row 1: holds one market’s open, high, low, close, volume, .*--column close/],
  ])('refuses %s by its place', async (name, message) => {
    const outcome = Promise.resolve().then(() => run(path(name)));
    await expect(outcome).rejects.toThrow(PriceFileError);
    await expect(outcome).rejects.toThrow(message);
    await expect(outcome).rejects.toThrow(path(name));
  });

  it('takes a market that is listed later, and says when', async () => {
    const reading = await run(path('listed-later'));
    expect(reading.said).toMatch(/XRP begins at 2024-01-03T02:00:00\.000Z, 50 rows after the first/);
    // A backtest needs it in its whole window.
    expect(reading.markets).toEqual(command === 'backtest' ? ['BTC', 'ETH', 'SOL'] : ALL);
    if (command === 'backtest')
      expect(reading.said).toMatch(/XRP is left out: it has nothing in 11 of the last 121 rows/);
    if (command === 'simulate-pool') expect(reading.said).toMatch(/110 of 160 rows are used/);
  });

  it('takes a market that does not move; a model leaves it out by name', async () => {
    const reading = await run(path('flat-market'));
    const models = command === 'forecast' || command === 'backtest';
    expect(reading.markets).toEqual(models ? ['BTC', 'ETH', 'SOL'] : ['BTC', 'ETH', 'SOL', 'USDC']);
    if (models) expect(reading.said).toMatch(/USDC is left out: it is constant/);
  });
});

describe('a market that repeats another one’s prices a bar later', () => {
  it.each(['gogarch', 'lm-go'] as const)('leaves the others their forecast: %s', (model) => {
    const forecast = forecastCommand({
      ...{ prices: [path('one-bar-late-market')], window: 300, horizon: 24, model, varianceRatioFloor: 0 },
      ...{ clusters: 'cointegration', factors: 'all' },
    }) as { markets: string[]; horizonCovariance: number[][] };
    expect(forecast.markets).toEqual(expect.arrayContaining(ALL));
    expect(forecast.horizonCovariance.every((row, i) => row[i] > 0)).toBe(true);
  });

  it('leaves the others their scores', async () => {
    const { markets } = await COMMANDS.backtest(path('one-bar-late-market'));
    expect(markets).toEqual(expect.arrayContaining(ALL));
  });
});

describe('candles of one market', () => {
  it.each(['npm start', 'forecast', 'backtest', 'import'])(
    'are taken by their close: %s',
    async (command) => {
      const reading = await COMMANDS[command](path('ohlcv'), 'close');
      expect(reading.markets).toEqual(['ohlcv']);
      expect(reading.said).toMatch(/its close is market ohlcv/);
    },
  );

  it('are no pool: simulate-pool', async () => {
    await expect(COMMANDS['simulate-pool'](path('ohlcv'), 'close')).rejects.toThrow(
      /holds 2 to 8 assets, not 1/,
    );
  });
});

describe('times without a zone', () => {
  it.each(['UTC', 'America/New_York', 'Asia/Kolkata'])('are UTC on a machine in %s', (zone) => {
    const before = process.env.TZ;
    process.env.TZ = zone;
    try {
      const times = [...csvMarket([path('naive-dst')]).rows(0)].map(({ time }) => time);
      // The day on which New York has no 2 o'clock.
      expect(times).toEqual(Array.from({ length: 24 }, (_, hour) => Date.UTC(2021, 2, 14, hour)));
    } finally {
      process.env.TZ = before;
    }
  });
});

describe('prices', () => {
  it('in scientific notation are what they say, to the last digit', () => {
    const [first] = csvMarket([path('sci-price')]).rows(0);
    // 1.0402480000000001e-05
    expect(first.prices[3]).toBe('0.000010402480000000001');
  });

  it('are blank before a listing: no tick is sent', () => {
    const rows = [...csvMarket([path('listed-later')]).rows(0)];
    expect(rows.map(({ prices }) => prices[3]).findIndex((price) => price !== undefined)).toBe(50);
  });
});
