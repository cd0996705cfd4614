import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { messageOf, ZkriskError } from '#lib/errors';
import { OBJECTIVES, POOL_NAMES } from '#lib/pools';
import { STATEMENTS } from '#lib/proofs';
import { BACKTEST_MODELS, type BacktestModel, type ClusterMode, type FactorCount } from '#lib/volatility';
import { UsageError } from '../usage-error.js';
import { adminCommand, createKeyCommand, listKeysCommand, revokeKeyCommand } from './access.command.js';
import { auditCommand, deployCommand } from './chain.command.js';
import { backtestCommand, backtestTable } from './backtest.command.js';
import { forecastCommand } from './forecast.command.js';
import { checkPlanCommand, liquidateCommand } from './liquidate.command.js';
import { proveCommand, verifyCommand } from './prove.command.js';
import { deployPoolCommand, deployVaultCommand, updatePoolCommand } from './pool.command.js';
import { priceCommand } from './price.command.js';
import { rebuildCommand } from './rebuild.command.js';
import { replayCommand, type ReplayCommandOptions } from './replay.command.js';
import { simulatePoolCommand, type SimulatePoolOptions } from './simulate-pool.command.js';

const wholeNumber = (text: string): number => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1)
    throw new InvalidArgumentError('must be a whole number of at least 1');
  return value;
};

const positive = (text: string): number => {
  const value = Number(text);
  if (!(value > 0 && value < Infinity)) throw new InvalidArgumentError('must be a positive number');
  return value;
};

const share = (text: string): number => {
  const value = Number(text);
  if (!(value >= 0 && value < Infinity)) throw new InvalidArgumentError('must be 0 or more');
  return value;
};

const factorCount = (text: string): FactorCount => {
  if (text === 'all') return 'all';
  if (text === 'mp') return 'marchenko-pastur';
  return wholeNumber(text);
};

const list =
  <T>(parse: (item: string) => T) =>
  (text: string): T[] =>
    text.split(',').map((item) => parse(item.trim()));

const modelName = (text: string): BacktestModel => {
  const model = BACKTEST_MODELS.find((name) => name === text);
  if (model === undefined)
    throw new InvalidArgumentError(`"${text}" is not one of ${BACKTEST_MODELS.join(', ')}`);
  return model;
};

const print = (value: unknown) => process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);

const program = new Command('zkrisk')
  .description('Risk engine of a perpetual-futures exchange: command line')
  .exitOverride()
  .configureOutput({ writeErr: (text) => process.stderr.write(text) });

program
  .command('price')
  .description('price a book: risk measure, premia, funding, allocations, LP legs')
  .requiredOption(
    '--input <file>',
    'JSON: alpha, tau (years), prices, returnCovariance, q, C, P, L, and optionally returnCovarianceRate, pendingPremia, trade, lpWithdrawal',
  )
  .action(({ input }: { input: string }) => {
    print(priceCommand(input));
  });

program
  .command('liquidate')
  .description('the least liquidation that restores an account’s initial margin, with its certificate')
  .requiredOption('--input <file>', 'JSON: collateral, positions, pool, alpha, and optionally penaltyRate')
  .action(async ({ input }: { input: string }) => {
    print(await liquidateCommand(input));
  });

program
  .command('simulate-pool')
  .description(
    'a pool whose weights follow a rule, along prices, with arbitrage and fees; or the rule fitted to them',
  )
  .requiredOption('--prices <file>', 'CSV: a column of times, then one a market')
  .option('--assets <names>', 'columns that are in the pool; default: all', list(String))
  .option('--rule <name>', POOL_NAMES.join(', '), 'momentum')
  .option('--params <file>', 'JSON: parameters of the rule, a value an asset, or a list of such sets')
  .option('--weights <list>', 'initial weights; default: equal', list(Number))
  .option('--value <amount>', 'value in the first row, quote currency', positive, 1_000_000)
  .option('--fees <share>', 'of what goes in; without it trading is free', share)
  .option('--gas <amount>', 'of a transaction, quote currency', share, 0)
  .option('--arb-fees <share>', 'of the arbitrageur elsewhere', share, 0)
  .option('--arb-frequency <rows>', 'from one arbitrage to the next', wholeNumber, 1)
  .addOption(
    new Option('--signatures <kind>', 'which tokens an arbitrage may trade')
      .choices(['pair', 'all'])
      .default('all'),
  )
  .option('--update-every <rows>', 'from one update of the weights to the next', wholeNumber, 24)
  .option('--interpolate-over <rows>', 'that an update is spread over; default: all', wholeNumber)
  .option('--fastest <change>', 'most a weight changes in a row', positive, 3e-4)
  .option('--minimum-weight <weight>', 'none is below', positive, 0.03)
  .option('--train-rows <rows>', 'fit the rule to so many rows, and hold out the rest', wholeNumber)
  .addOption(
    new Option('--objective <name>', 'what training makes large').choices(OBJECTIVES).default('sharpe'),
  )
  .option('--rounds <count>', 'of the search, in training', wholeNumber, 20)
  .option('--svg <file>', 'value against holding, and weights')
  .option('--threads <count>', 'for many sets of parameters; default: the machine’s', wholeNumber)
  .action(async (options: SimulatePoolOptions) => {
    print(await simulatePoolCommand(options));
  });

program
  .command('check-plan')
  .description('check a liquidation plan without any solver; exit code 1 where it does not hold')
  .argument('<file>', 'JSON: what "liquidate" prints, or a liquidation’s plan from the API')
  .action((file: string) => {
    const verdict = checkPlanCommand(file);
    print(verdict);
    if (!verdict.holds) process.exitCode = 1;
  });

program
  .command('audit')
  .description(
    'verify everything an oracle has taken, from the chain alone; exit code 1 where something does not hold',
  )
  .requiredOption('--rpc <url>', 'a node')
  .requiredOption('--oracle <address>', 'the RiskOracle')
  .action(async (options: { rpc: string; oracle: string }) => {
    const audit = await auditCommand(options);
    print(audit);
    if (!audit.holds) process.exitCode = 1;
  });

program
  .command('deploy')
  .description('deploy the contracts; CHAIN_KEYSTORE or CHAIN_PRIVATE_KEY says who signs')
  .requiredOption('--rpc <url>', 'a node')
  .option('--out <file>', 'where the addresses are written', 'deployment.json')
  .option('--alpha <share>', 'α of EVaR(1−α)', positive, 0.01)
  .option(
    '--delay <seconds>',
    'between a proposal and its installation; a day at least but on local chains',
    wholeNumber,
    86_400,
  )
  .action(async (options: { rpc: string; out: string; alpha: number; delay: number }) => {
    print(await deployCommand(options));
  });

program
  .command('deploy-pool')
  .description(
    'deploy a pool whose weights follow a rule; CHAIN_KEYSTORE or CHAIN_PRIVATE_KEY says who signs',
  )
  .requiredOption('--rpc <url>', 'a node')
  .requiredOption(
    '--pool <file>',
    'JSON: name, symbol, assets [{token, market, weight}], k where it is public, terms',
  )
  .option('--secret <file>', 'JSON: {strategy, salt} of a secret rule; only its commitment is told')
  .option('--deployment <file>', 'what "deploy" has written: verifier, keys, prices', 'deployment.json')
  .action(async (options: Parameters<typeof deployPoolCommand>[0]) => {
    print(await deployPoolCommand(options));
  });

program
  .command('update-pool')
  .description(
    'move a pool’s weights by its rule; with --secret, by a proof that the secret one was followed',
  )
  .requiredOption('--rpc <url>', 'a node')
  .requiredOption('--pool <address>', 'the TemporalPool')
  .requiredOption('--bar <seconds>', 'end of the bar whose prices are taken, Unix time', wholeNumber)
  .option('--secret <file>', 'JSON: {strategy, salt}')
  .action(async (options: Parameters<typeof updatePoolCommand>[0]) => {
    print(await updatePoolCommand(options));
  });

program
  .command('deploy-vault')
  .description('deploy a vault whose pool shares count as liquidity of the exchange')
  .requiredOption('--rpc <url>', 'a node')
  .requiredOption('--pool <address>', 'the TemporalPool')
  .requiredOption('--exchange <address>', 'who may take from it what its providers have lost')
  .option('--delay <seconds>', 'from asking to leave until one can', wholeNumber)
  .option('--out <file>', 'where the addresses are written', '.zkrisk/vault.json')
  .action(async (options: Parameters<typeof deployVaultCommand>[0]) => {
    print(await deployVaultCommand(options));
  });

program
  .command('prove')
  .description('prove a statement in zero knowledge')
  .requiredOption('--statement <name>', [...STATEMENTS.keys()].join(', '))
  .requiredOption('--input <file>', 'JSON: the statement’s input')
  .requiredOption('--out <file>', 'where the proof is written')
  .action(async (options: { statement: string; input: string; out: string }) => {
    print(await proveCommand(options));
  });

program
  .command('verify')
  .description('verify a proof; exit code 1 where it does not hold')
  .argument('<file>', 'JSON: what "prove" has written')
  .action(async (file: string) => {
    const verdict = await verifyCommand(file);
    // Commitments are field elements, larger than JSON's numbers.
    print(
      JSON.parse(
        JSON.stringify(verdict, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value)),
      ),
    );
    if (!verdict.holds) process.exitCode = 1;
  });

program
  .command('forecast')
  .description('forecast the covariance of returns from a CSV of prices')
  .requiredOption('--prices <file>', 'CSV: a column time, then one column a market')
  .addOption(new Option('--window <n>', 'returns to fit on').argParser(wholeNumber).default(864))
  .addOption(new Option('--horizon <n>', 'horizon in bars').argParser(positive).default(24))
  .addOption(
    new Option('--clusters <mode>', 'how markets are grouped')
      .choices(['cointegration', 'single', 'none'])
      .default('cointegration'),
  )
  .addOption(
    new Option('--factors <k>', 'all, mp (Marchenko–Pastur) or a number')
      .argParser(factorCount)
      .default('all'),
  )
  .action(
    (options: {
      prices: string;
      window: number;
      horizon: number;
      clusters: ClusterMode;
      factors: FactorCount;
    }) => {
      print(forecastCommand(options));
    },
  );

program
  .command('backtest')
  .description(
    'rolling out-of-sample backtest: energy score, QLIKE and VaR coverage, one row a model and horizon',
  )
  .addOption(new Option('--prices <file>', 'CSV of prices').conflicts('returns'))
  .addOption(new Option('--returns <file>', 'CSV of log returns'))
  .addOption(new Option('--window <n>', 'returns to fit on').argParser(wholeNumber).default(864))
  .addOption(new Option('--steps <n>', 'forecast origins').argParser(wholeNumber).default(100))
  .addOption(
    new Option('--horizons <list>', 'horizons in bars').argParser(list(wholeNumber)).default([1, 12]),
  )
  .addOption(
    new Option('--models <list>', BACKTEST_MODELS.join(', '))
      .argParser(list(modelName))
      .default(['gogarch', 'gogarch-mp', 'garch', 'ccc', 'ewma']),
  )
  .addOption(new Option('--refit-every <n>', 'bars between refits').argParser(wholeNumber).default(1))
  .option('--json', 'print JSON rather than a table', false)
  .action(
    (options: {
      prices?: string;
      returns?: string;
      window: number;
      steps: number;
      horizons: number[];
      models: BacktestModel[];
      refitEvery: number;
      json: boolean;
    }) => {
      const { prices, returns, json, ...rest } = options;
      const file = prices ?? returns;
      if (file === undefined) throw new UsageError('backtest: give --prices FILE or --returns FILE');
      const rows = backtestCommand({ file, kind: prices === undefined ? 'return' : 'price', ...rest });
      if (json) print(rows);
      else process.stdout.write(`${backtestTable(rows)}\n`);
    },
  );

program
  .command('replay')
  .description('send a market to services that run elsewhere (DATABASE_URL, KAFKA_BROKERS), as they keep up')
  .option('--prices <file>', 'CSV of prices; without it, a simulated market')
  .option('--bars <n>', 'bars to send', wholeNumber, 500)
  .option('--seed <n>', 'seed of trades and of the simulated market', wholeNumber, 1)
  .option('--trades <n>', 'expected new positions a bar', positive, 3)
  .option('--accounts <n>', 'traders', wholeNumber, 2000)
  .option('--liquidity <amount>', 'the providers’ first deposit', positive, 5_000_000)
  .option('--speed <n>', 'bars a second; without it as fast as the services follow', positive)
  .action(async (options: ReplayCommandOptions) => {
    print(await replayCommand(options));
  });

program
  .command('rebuild')
  .description(
    'fill an empty database (DATABASE_URL) from the topics (KAFKA_BROKERS); whatever is made again is held against what was published',
  )
  .option('--verify', 'exit code 1 where anything differs (always so; said for the reader of scripts)')
  .option('--against <url>', 'a database to compare with as well, table by table')
  .action(async (options: { against?: string }) => {
    const outcome = await rebuildCommand(options);
    print(outcome);
    if (outcome.tables?.some(({ same }) => !same) === true) process.exitCode = 1;
  });

const keys = program.command('api-key').description('keys of the REST API, in the database of DATABASE_URL');
keys
  .command('create')
  .description('make a key; it is told once')
  .requiredOption('--label <text>', 'whose it is')
  .requiredOption('--scopes <list>', 'of quote, trade, liquidity, admin', list(String))
  .option('--accounts <list>', 'accounts and providers it may act for; all where left out', list(String))
  .option('--rate <n>', 'calls a second', positive)
  .action(async (options: Parameters<typeof createKeyCommand>[0]) => {
    print(await createKeyCommand(options));
  });
keys
  .command('list')
  .description('keys, without their secrets')
  .action(async () => {
    print(await listKeysCommand());
  });
keys
  .command('revoke')
  .description('ends a key; every process knows within two seconds')
  .argument('<id>')
  .action((id: string) => revokeKeyCommand(id));

program
  .command('admin')
  .description('a signed admin call (ADMIN_SECRET), such as: zkrisk admin GET /v1/admin/audit --key zk_…')
  .argument('<method>')
  .argument('<path>', 'with its query')
  .requiredOption('--key <key>', 'API key with the scope "admin"')
  .option('--url <url>', 'of a service', 'http://127.0.0.1:8080')
  .option('--body <json>')
  .action(async (method: string, path: string, options: { key: string; url: string; body?: string }) => {
    const { status, body } = await adminCommand({ method, path, ...options });
    print(body);
    if (status >= 400) process.exitCode = 1;
  });

// A reader that has seen enough (head, less) closes the pipe: that is no failure of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

try {
  await program.parseAsync();
} catch (error) {
  // Help and version come through here as well, with exit code 0 and already printed.
  if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? 0 : 2);
  if (error instanceof ZkriskError) {
    process.stderr.write(`${error.message}\n`);
    process.exit(2);
  }
  process.stderr.write(`${messageOf(error)}\n`);
  process.exit(1);
}
