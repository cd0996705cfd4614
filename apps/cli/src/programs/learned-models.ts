import type { Command } from 'commander';
import { positive, wholeNumber } from '#lib/terminal';
import type { TrainModelOptions } from '../model-train.command.js';
import { print } from '../print.js';
import { columnOption, PRICE_FILES } from './prices.js';

const NETWORK = 'NETWORK.json, written by "model train"';

/** `zkrisk model train | build | prove | deploy | publish`. */
export function registerLearnedModels(program: Command): void {
  const model = program.command('model').description('learned corrections of the default model');

  model
    .command('train')
    .description(
      'fit multipliers of LM-GO’s variances to the first part of prices, and say whether they beat it on the last',
    )
    .requiredOption('--prices <files...>', PRICE_FILES)
    .addOption(columnOption())
    .option('--window <bars>', 'of a fit of LM-GO', wholeNumber, 1000)
    .option('--horizon <bars>', 'that are forecast at once', wholeNumber, 24)
    .option('--every <bars>', 'from one origin to the next', wholeNumber, 8)
    .option('--refit-every <bars>', 'from one fit of LM-GO to the next', wholeNumber, 240)
    .option('--held-out <share>', 'of the origins, at the end, that training does not see', positive, 0.3)
    .option('--seeds <count>', 'starts of the fit', wholeNumber, 3)
    .option('--steps <count>', 'of a fit at most', wholeNumber, 400)
    .requiredOption('--out <file>', 'where the network is written')
    .action(async (options: TrainModelOptions) => {
      const { trainModelCommand } = await import('../model-train.command.js');
      print(await trainModelCommand(options));
    });

  model
    .command('build')
    .description('compile a trained network into NETWORK.correction/: graph, circuit, verification key')
    .argument('<file>', NETWORK)
    .option('--samples <count>', 'random states that the circuit is compared on', wholeNumber, 1000)
    .action(async (file: string, options: { samples: number }) => {
      const { buildModelCommand } = await import('../model-circuit.command.js');
      print(await buildModelCommand(file, options));
    });

  model
    .command('prove')
    .description('prove a network’s multipliers for the state that a bar leaves, beside the proof of the bar')
    .argument('<file>', NETWORK)
    .requiredOption('--bar <file>', 'input of "prove --statement bar"')
    .requiredOption('--out <file>', 'where the proof is written')
    .action(async (file: string, options: { bar: string; out: string }) => {
      const { proveModelCommand } = await import('../model-circuit.command.js');
      print(await proveModelCommand(file, options));
    });

  model
    .command('deploy')
    .description(
      'register a network as a correction of an oracle’s variances; CHAIN_KEYSTORE or CHAIN_PRIVATE_KEY says who signs',
    )
    .argument('<file>', NETWORK)
    .requiredOption('--rpc <url>', 'a node')
    .option('--deployment <file>', 'file written by "deploy": oracle, verifier', 'deployment.json')
    .action(async (file: string, options: { rpc: string; deployment: string }) => {
      const { deployModelCommand } = await import('../model-circuit.command.js');
      print(await deployModelCommand(file, options));
    });

  model
    .command('publish')
    .description('publish the corrected variances of the bar that the oracle has taken last')
    .argument('<proofs...>', 'files written by "model prove", one for each part of the oracle’s model')
    .requiredOption('--rpc <url>', 'a node')
    .requiredOption('--correction <address>', 'the ForecastCorrection that "model deploy" has registered')
    .action(async (proofs: string[], options: { rpc: string; correction: string }) => {
      const { publishModelCommand } = await import('../model-circuit.command.js');
      print(await publishModelCommand(proofs, options));
    });
}
