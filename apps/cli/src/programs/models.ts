import { type Command, InvalidArgumentError, Option } from 'commander';
import { list, nonNegative, positive, UsageError, wholeNumber } from '#lib/terminal';
import {
  BACKTEST_MODELS,
  type BacktestModel,
  type ClusterMode,
  type FactorCount,
  type ForecastModelKind,
} from '#lib/volatility';
import { print, printText } from '../print.js';
import { columnOption, PRICE_FILES, type PriceFileOptions } from './prices.js';

const factorCount = (text: string): FactorCount => {
  if (text === 'all') return 'all';
  if (text === 'mp') return 'marchenko-pastur';
  return wholeNumber(text);
};

const modelName = (text: string): BacktestModel => {
  const model = BACKTEST_MODELS.find((name) => name === text);
  if (model === undefined)
    throw new InvalidArgumentError(`"${text}" is not one of ${BACKTEST_MODELS.join(', ')}`);
  return model;
};

interface BacktestArguments extends Partial<PriceFileOptions> {
  returns?: string[];
  window: number;
  steps: number;
  horizons: number[];
  models: BacktestModel[];
  refitEvery: number;
  from: 'first' | 'last';
  against?: BacktestModel;
  picture?: string;
  json: boolean;
}

/** `zkrisk forecast`, `zkrisk backtest`. */
export function registerModels(program: Command): void {
  program
    .command('forecast')
    .description('forecast the covariance of returns from files of prices')
    .requiredOption('--prices <files...>', PRICE_FILES)
    .addOption(columnOption())
    .addOption(new Option('--window <n>', 'returns to fit on').argParser(wholeNumber).default(864))
    .addOption(new Option('--horizon <n>', 'horizon in bars').argParser(positive).default(24))
    .addOption(new Option('--model <kind>', 'the model').choices(['lm-go', 'gogarch']).default('lm-go'))
    .addOption(
      new Option('--clusters <mode>', 'how gogarch groups markets')
        .choices(['linkage', 'cointegration', 'single', 'none'])
        .default('linkage'),
    )
    .addOption(
      new Option(
        '--factors <k>',
        'gogarch: all, mp (Marchenko–Pastur) or a number a cluster; lm-go: a number of common factors, or as many as there are',
      )
        .argParser(factorCount)
        .default('all'),
    )
    .addOption(
      new Option(
        '--variance-ratio-floor <x>',
        'lm-go: smallest ratio of the horizon’s variance to that of single bars; the engine takes 1',
      )
        .argParser(nonNegative)
        .default(0),
    )
    .action(
      async (
        options: PriceFileOptions & {
          window: number;
          horizon: number;
          model: ForecastModelKind;
          varianceRatioFloor: number;
          clusters: ClusterMode;
          factors: FactorCount;
        },
      ) => {
        const { forecastCommand } = await import('../forecast.command.js');
        print(forecastCommand(options));
      },
    );

  program
    .command('backtest')
    .description(
      'rolling out-of-sample backtest: energy score, QLIKE with Diebold–Mariano t, least-variance portfolio, coverage of VaR and EVaR',
    )
    .addOption(new Option('--prices <files...>', PRICE_FILES).conflicts('returns'))
    .addOption(new Option('--returns <files...>', 'CSV of log returns'))
    .addOption(columnOption())
    .addOption(new Option('--window <n>', 'returns to fit on').argParser(wholeNumber).default(864))
    .addOption(new Option('--steps <n>', 'forecast origins').argParser(wholeNumber).default(100))
    .addOption(
      new Option('--horizons <list>', 'horizons in bars').argParser(list(wholeNumber)).default([1, 12]),
    )
    .addOption(
      new Option('--models <list>', BACKTEST_MODELS.join(', '))
        .argParser(list(modelName))
        .default(['lm-go', 'gogarch', 'dcc-nl', 'ewma', 'ewma-97', 'riskmetrics-2006']),
    )
    .addOption(new Option('--refit-every <n>', 'bars between refits').argParser(wholeNumber).default(1))
    .addOption(
      new Option('--from <end>', 'origins begin after the first window, or are the last ones possible')
        .choices(['first', 'last'])
        .default('first'),
    )
    .addOption(
      new Option('--against <model>', 'the model that losses are compared with; default the first').argParser(
        modelName,
      ),
    )
    .option('--picture <file>', 'write cumulated energy scores as an SVG')
    .option('--json', 'print JSON rather than a table', false)
    .action(async ({ prices, returns, json, ...rest }: BacktestArguments) => {
      const files = prices ?? returns;
      if (files === undefined) throw new UsageError('backtest: give --prices FILE or --returns FILE');
      const { backtestCommand, backtestTable } = await import('../backtest.command.js');
      const outcome = backtestCommand({ files, kind: prices === undefined ? 'return' : 'price', ...rest });
      if (json) print(outcome);
      else printText(backtestTable(outcome.rows));
    });
}
