import { type Command, Option } from 'commander';
import { list } from '#lib/terminal';
import { print } from '../print.js';

/** Files of prices, and which of a candle's prices is taken. */
export interface PriceFileOptions {
  readonly prices: readonly string[];
  readonly column?: string;
}

export const PRICE_FILES = 'CSV, also gzipped: a column of times, then one a market; or one market’s candles';

export const columnOption = () =>
  new Option('--column <name>', 'which price of files with one market’s candles, such as close');

/** `zkrisk import`. */
export function registerPrices(program: Command): void {
  program
    .command('import')
    .description(
      'join price files as exchanges publish them (Binance, CryptoDataDownload, CoinGecko, pandas) into one CSV that every command reads',
    )
    .argument('<files...>', PRICE_FILES)
    .requiredOption('--out <file>', 'the CSV that is written')
    .addOption(columnOption())
    .option(
      '--names <list>',
      'names of the markets of files with one market’s candles, in order',
      list(String),
    )
    .action(async (files: string[], options: { out: string; column?: string; names?: string[] }) => {
      const { importCommand } = await import('../import.command.js');
      print(importCommand(files, options));
    });
}
