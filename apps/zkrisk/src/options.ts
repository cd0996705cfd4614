import { basename, join } from 'node:path';
import { type Command, Option } from 'commander';
import { atLeast, newProgram, nonNegative, positive, UsageError, wholeNumber } from '#lib/terminal';
import { csvMarket } from './replay/csv-market.js';
import { type MarketSource, shortened } from './replay/market-source.js';
import { simulatedMarket } from './replay/simulated-market.js';

/** Options of `npm start`, as commander reads them. */
export interface StartOptions {
  readonly prices?: readonly string[];
  readonly column?: string;
  readonly once: boolean;
  readonly bars?: number;
  readonly speed?: number;
  readonly seed: number;
  readonly trades: number;
  readonly accounts: number;
  readonly liquidity: number;
  readonly vault: number;
  readonly settleEvery?: number;
  readonly settleRun: number;
  readonly report: string;
  readonly port?: number;
  readonly data?: string;
  readonly json: boolean;
  /** whether the replay executes liquidation plans itself */
  readonly liquidator: boolean;
  /** whether a wrong print and a crash are staged in a simulated market that runs at a person's speed */
  readonly incidents: boolean;
}

/** The command line of `npm start`. */
export function startProgram(run: (options: StartOptions) => Promise<void>): Command {
  return newProgram('npm start --', 'The engine with all its services, and a market that is replayed into it')
    .option(
      '--prices <files...>',
      'replay CSV files, also gzipped: a column of times, then one a market, or one market’s candles; without it a simulated market',
    )
    .option('--column <name>', 'which price of files with one market’s candles, such as close')
    .option('--once', 'stop at the end of the data and write a report', false)
    .option('--bars <n>', 'stop after n bars of the data', atLeast(3, true))
    .option(
      '--speed <n>',
      'bars a second once there is a forecast (default: 0.1, an hourly bar in ten seconds; with --once as fast as the engine follows)',
      positive,
    )
    .option('--seed <n>', 'of the trades and of the simulated market', atLeast(0, true), 1)
    .option('--trades <n>', 'expected new positions a bar', nonNegative, 3)
    .option('--accounts <n>', 'traders', wholeNumber, 2000)
    .option(
      '--liquidity <n>',
      'the liquidity providers’ first deposit, quote currency',
      atLeast(1),
      5_000_000,
    )
    .option(
      '--vault <n>',
      'capital a provider puts into a pool on the embedded chain, whose value counts as liquidity; 0: none',
      nonNegative,
      1_000_000,
    )
    .option(
      '--settle-every <n>',
      'bars from one run of proven and settled epochs to the next; 0: none (default: 24; with --once 240)',
      atLeast(0, true),
    )
    .option('--settle-run <n>', 'consecutive bars of a run', wholeNumber, 2)
    .option('--report <dir>', 'where the report is written', 'reports/latest')
    .addOption(new Option('--port <n>', 'of the REST API (default: 8080)').argParser(atLeast(0, true)))
    .option(
      '--data <dir>',
      'where the books, keys and the chain are kept (default: .zkrisk, for files .zkrisk/replays/NAME)',
    )
    .option('--no-liquidator', 'leave liquidation plans to bots; those that nobody executes expire')
    .option(
      '--no-incidents',
      'a simulated market as it is: without the wrong print and the crash that are staged a minute and two after the first forecast, and every 240 bars',
    )
    .option(
      '--json',
      'progress, notes and the report as JSON, one object a line, on the standard output',
      false,
    )
    .allowExcessArguments(false)
    .action(run);
}

/**
 * The market that is replayed.
 *
 * @throws {UsageError} for a simulated market that is to end and nothing says where
 * @throws {PriceFileError} naming file, row and column of the text that cannot be read
 */
export function marketOf({ prices, column, once, bars, seed }: StartOptions): MarketSource {
  if (prices === undefined && once && bars === undefined) {
    throw new UsageError(
      '--once: a simulated market has no end; say how far with --bars N, or give --prices FILE',
    );
  }
  const whole = prices === undefined ? simulatedMarket(seed, bars) : csvMarket(prices, column);
  return bars === undefined ? whole : shortened(whole, bars);
}

/**
 * Where a replay keeps its data. Books hold one replay, so that files have a directory of their own, the same one for a file that has
 * grown.
 */
export function dataDirectory({ data, prices }: StartOptions, environment: NodeJS.ProcessEnv): string {
  const given = data ?? environment.ZKRISK_DATA_DIR;
  if (given !== undefined) return given;
  if (prices === undefined) return '.zkrisk';
  return join('.zkrisk', 'replays', basename(prices[0]).replace(/(\.csv|\.gz)+$/i, ''));
}
