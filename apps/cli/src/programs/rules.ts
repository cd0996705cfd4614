import { type Command, Option } from 'commander';
import { list, nonNegative, positive, wholeNumber } from '#lib/terminal';
import { print } from '../print.js';
import type {
  deployRuleCommand as DeployRule,
  updateRuleCommand as UpdateRule,
} from '../rule-chain.command.js';
import { ruleTemplates } from '../rule-files.command.js';
import type { SimulateRuleOptions } from '../rule-simulate.command.js';
import type { TrainRuleOptions } from '../rule-train.command.js';
import type { TryRuleOptions } from '../rule-try.command.js';
import { columnOption, PRICE_FILES } from './prices.js';

const FILE = 'FILE.py, a rule';
const BUILT = 'FILE.py, a rule that "rule build" has compiled';
const BAR = 'end of the bar whose prices are taken, Unix time';

/** `zkrisk rule new | check | build | simulate | train | try | prove | deploy | update`. */
export function registerRules(program: Command): void {
  const rule = program
    .command('rule')
    .description('rules of pools written in Python: simulated, compiled to circuits, proven at every update');

  rule
    .command('new')
    .description('write a rule to begin with')
    .argument('<file>', 'FILE.py, which is not there yet')
    .option('--kind <name>', ruleTemplates().join(', '), 'momentum')
    .action(async (file: string, options: { kind: string }) => {
      const { newRuleCommand } = await import('../rule-files.command.js');
      print(newRuleCommand(file, options));
    });

  rule
    .command('check')
    .description(
      'whether a circuit can hold a rule, its rows, its error against floating point, the proving time expected',
    )
    .argument('<file>', FILE)
    .option('--samples <count>', 'random inputs in range', wholeNumber, 1000)
    .option('--seed <number>', 'of the random inputs', wholeNumber, 1)
    .action(async (file: string, options: { samples: number; seed: number }) => {
      const { checkRuleCommand } = await import('../rule-files.command.js');
      print(await checkRuleCommand(file, options));
    });

  rule
    .command('build')
    .description(
      'compile a rule into FILE.rule/: graph, circuit, verification key; secrets.json stays with you',
    )
    .argument('<file>', FILE)
    .action(async (file: string) => {
      const { buildRuleCommand } = await import('../rule-files.command.js');
      print(await buildRuleCommand(file));
    });

  rule
    .command('simulate')
    .description(
      'a pool that follows a rule, along prices: the graph that is proven, the rails of the contract',
    )
    .argument('<file>', BUILT)
    .requiredOption('--prices <files...>', PRICE_FILES)
    .addOption(columnOption())
    .option('--assets <names>', 'columns that are in the pool; default: all', list(String))
    .option('--weights <list>', 'initial weights; default: equal', list(nonNegative))
    .option('--value <amount>', 'value in the first row, quote currency', positive, 1_000_000)
    .option('--fees <share>', 'of what goes in; without it trading is free', nonNegative)
    .option('--update-every <rows>', 'from one update of the weights to the next', wholeNumber, 1)
    .option('--decay <share>', 'of the estimator of gradients, by update', positive, 0.9)
    .option('--minimum-weight <weight>', 'none is below', positive, 0.03)
    .option('--step <weight>', 'furthest an update moves a weight', positive, 0.01)
    .option('--svg <file>', 'value against holding, and weights')
    .action(async (file: string, options: SimulateRuleOptions) => {
      const { simulateRuleCommand } = await import('../rule-simulate.command.js');
      print(await simulateRuleCommand(file, options));
    });

  rule
    .command('train')
    .description(
      'fit the parameters of a rule by gradient through a pool where trading is free; the values stay in secrets.json',
    )
    .argument('<file>', BUILT)
    .requiredOption('--prices <files...>', PRICE_FILES)
    .addOption(columnOption())
    .option('--assets <names>', 'columns that are in the pool; default: all', list(String))
    .option('--weights <list>', 'initial weights; default: equal', list(nonNegative))
    .option('--update-every <rows>', 'from one update of the weights to the next', wholeNumber, 1)
    .option('--decay <share>', 'of the estimator of gradients, by update', positive, 0.9)
    .option('--minimum-weight <weight>', 'none is below', positive, 0.03)
    .option('--step <weight>', 'furthest an update moves a weight', positive, 0.01)
    .option('--held-out <share>', 'of the updates, at the end, that training does not see', positive, 0.3)
    .addOption(
      new Option('--objective <name>', 'what becomes large').choices(['sharpe', 'return']).default('sharpe'),
    )
    .option('--seeds <count>', 'starts of the fit', wholeNumber, 3)
    .option(
      '--steps <count>',
      'of a fit at most; it stops where its second span no longer gains',
      wholeNumber,
      200,
    )
    .option('--svg <file>', 'how the fit went, and the value before and after')
    .action(async (file: string, options: TrainRuleOptions) => {
      const { trainRuleCommand } = await import('../rule-train.command.js');
      print(await trainRuleCommand(file, options));
    });

  rule
    .command('try')
    .description(
      'a pool that follows a rule on a chain of its own, along the last rows of prices, each update proven',
    )
    .argument('<file>', BUILT)
    .requiredOption('--prices <files...>', PRICE_FILES)
    .addOption(columnOption())
    .option('--assets <names>', 'columns that are in the pool; default: all', list(String))
    .option('--weights <list>', 'initial weights; default: equal', list(nonNegative))
    .option('--updates <count>', 'proven updates', wholeNumber, 3)
    .action(async (file: string, options: TryRuleOptions) => {
      const { tryRuleCommand } = await import('../rule-try.command.js');
      print(await tryRuleCommand(file, options));
    });

  rule
    .command('deploy')
    .description(
      'register a rule and deploy a pool that follows it; CHAIN_KEYSTORE or CHAIN_PRIVATE_KEY says who signs',
    )
    .argument('<file>', BUILT)
    .requiredOption('--rpc <url>', 'a node')
    .requiredOption('--pool <file>', 'JSON: name, symbol, assets [{token, market, weight}], terms')
    .option('--deployment <file>', 'file written by "deploy": verifier, prices', 'deployment.json')
    .action(async (file: string, options: Parameters<typeof DeployRule>[1]) => {
      const { deployRuleCommand } = await import('../rule-chain.command.js');
      print(await deployRuleCommand(file, options));
    });

  rule
    .command('prove')
    .description('prove what a rule says for a pool at a bar')
    .argument('<file>', BUILT)
    .requiredOption('--rpc <url>', 'a node')
    .requiredOption('--pool <address>', 'the TemporalPool')
    .requiredOption('--bar <seconds>', BAR, wholeNumber)
    .requiredOption('--out <file>', 'where the proof is written')
    .action(async (file: string, options: { rpc: string; pool: string; bar: number; out: string }) => {
      const { proveRuleCommand } = await import('../rule-chain.command.js');
      print(await proveRuleCommand(file, options));
    });

  rule
    .command('update')
    .description('move a pool’s weights with a proof that its rule was followed')
    .argument('<file>', BUILT)
    .requiredOption('--rpc <url>', 'a node')
    .requiredOption('--pool <address>', 'the TemporalPool')
    .requiredOption('--bar <seconds>', BAR, wholeNumber)
    .action(async (file: string, options: Parameters<typeof UpdateRule>[1]) => {
      const { updateRuleCommand } = await import('../rule-chain.command.js');
      print(await updateRuleCommand(file, options));
    });
}
