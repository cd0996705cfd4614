import { type Command, Option } from 'commander';
import type { HistoryExportOptions } from '../history.command.js';
import { print } from '../print.js';

/** `zkrisk history`: exports history into files. */
export function registerHistory(program: Command): void {
  program
    .command('history')
    .description('recorded series of a running engine')
    .command('export <series>')
    .description(
      'write marks, funding, risk, premia, flows, shares, liquidations, accounts/ID or accounts/ID/charges into a file',
    )
    .option('--url <url>', 'of the engine', 'http://127.0.0.1:8080')
    .option(
      '--key <key>',
      'API key with the scope "quote", of accounts "trade"; or ZKRISK_API_KEY',
      process.env.ZKRISK_API_KEY,
    )
    .requiredOption('--from <time>', 'ISO 8601 or milliseconds since the epoch; in the range')
    .requiredOption('--to <time>', 'the same; not in the range')
    .option(
      '--step <length>',
      '5m, 1h, 1d: the last value of each step, of funding and premia the sum (default 1h)',
    )
    .option('--market <name>', 'one market')
    .addOption(
      new Option('--format <format>', 'by default, what the name of the file ends with').choices([
        'csv',
        'parquet',
      ]),
    )
    .requiredOption('--out <file>', 'where to')
    .action(async (series: string, options: HistoryExportOptions) => {
      const { exportHistoryCommand } = await import('../history.command.js');
      print(await exportHistoryCommand(series, options));
    });
}
