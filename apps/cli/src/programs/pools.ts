import { type Command, Option } from 'commander';
import { OBJECTIVES, POOL_NAMES } from '#lib/pools';
import { list, nonNegative, positive, wholeNumber } from '#lib/terminal';
import type {
  deployPoolCommand as DeployPool,
  deployVaultCommand as DeployVault,
  updatePoolCommand as UpdatePool,
} from '../pool.command.js';
import { print } from '../print.js';
import type { SimulatePoolOptions } from '../simulate-pool.command.js';
import { columnOption, PRICE_FILES } from './prices.js';

/** `zkrisk simulate-pool`, `deploy-pool`, `update-pool`, `deploy-vault`. */
export function registerPools(program: Command): void {
  program
    .command('simulate-pool')
    .description(
      'a pool whose weights follow a rule, along prices, with arbitrage and fees; or the rule fitted to them',
    )
    .requiredOption('--prices <files...>', PRICE_FILES)
    .addOption(columnOption())
    .option('--assets <names>', 'columns that are in the pool; default: all', list(String))
    .option('--rule <name>', POOL_NAMES.join(', '), 'momentum')
    .option('--params <file>', 'JSON: parameters of the rule, a value an asset, or a list of such sets')
    .option('--weights <list>', 'initial weights; default: equal', list(nonNegative))
    .option('--value <amount>', 'value in the first row, quote currency', positive, 1_000_000)
    .option('--fees <share>', 'of what goes in; without it trading is free', nonNegative)
    .option('--gas <amount>', 'of a transaction, quote currency', nonNegative, 0)
    .option('--arb-fees <share>', 'of the arbitrageur elsewhere', nonNegative, 0)
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
      const { simulatePoolCommand } = await import('../simulate-pool.command.js');
      print(await simulatePoolCommand(options));
    });

  program
    .command('deploy-pool')
    .description(
      'deploy a pool whose weights follow public momentum; CHAIN_KEYSTORE or CHAIN_PRIVATE_KEY says who signs',
    )
    .requiredOption('--rpc <url>', 'a node')
    .requiredOption('--pool <file>', 'JSON: name, symbol, assets [{token, market, weight}], k, terms')
    .option('--deployment <file>', 'file written by "deploy": prices', 'deployment.json')
    .action(async (options: Parameters<typeof DeployPool>[0]) => {
      const { deployPoolCommand } = await import('../pool.command.js');
      print(await deployPoolCommand(options));
    });

  program
    .command('update-pool')
    .description('move the weights of a pool by public momentum')
    .requiredOption('--rpc <url>', 'a node')
    .requiredOption('--pool <address>', 'the TemporalPool')
    .requiredOption('--bar <seconds>', 'end of the bar whose prices are taken, Unix time', wholeNumber)
    .action(async (options: Parameters<typeof UpdatePool>[0]) => {
      const { updatePoolCommand } = await import('../pool.command.js');
      print(await updatePoolCommand(options));
    });

  program
    .command('deploy-vault')
    .description('deploy a vault whose pool shares count as liquidity of the exchange')
    .requiredOption('--rpc <url>', 'a node')
    .requiredOption('--pool <address>', 'the TemporalPool')
    .requiredOption('--exchange <address>', 'who may take from it what its providers have lost')
    .option('--admin <address>', 'gives and takes roles; default, as of the next two: the signer')
    .option('--governor <address>', 'proposes another exchange')
    .option('--guardian <address>', 'cancels proposals')
    .option('--delay <seconds>', 'from asking to leave until one can', wholeNumber)
    .option('--out <file>', 'where the addresses are written', '.zkrisk/vault.json')
    .action(async (options: Parameters<typeof DeployVault>[0]) => {
      const { deployVaultCommand } = await import('../pool.command.js');
      print(await deployVaultCommand(options));
    });
}
