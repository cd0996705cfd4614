import type { Command } from 'commander';
import { wholeNumber } from '#lib/terminal';
import type { AllowOptions } from '../allow.command.js';
import type { AnswerOptions } from '../answer.command.js';
import { print } from '../print.js';
import type { ChainOptions } from '../chain-options.js';
import type { ChallengeOptions } from '../receipt.command.js';
import { onChain } from './on-chain.js';

/** `zkrisk check-receipt`, `challenge`, `lapse`, `answer`, `allow-entry`. */
export function registerReceipts(program: Command): void {
  onChain(
    program,
    'check-receipt',
    'check that a trade is in the journal of its epoch, with its premium: FILE is the answer of GET /v1/trades/ID/receipt',
  )
    .argument('<file>', 'JSON')
    .option('--root <hex>', 'the journal’s root to check against, instead of the one a chain keeps')
    .action(async (file: string, options: ChainOptions & { root?: string }) => {
      const { checkReceiptCommand } = await import('../receipt.command.js');
      print(await checkReceiptCommand(file, options));
    });

  onChain(
    program,
    'challenge',
    'challenge the premium of a trade for a bond: the operator proves it within a day or the oracle is disputed; CHAIN_KEYSTORE or CHAIN_PRIVATE_KEY says who signs',
  )
    .argument('[file]', 'JSON: the trade’s receipt')
    .option('--bar <time>', 'instead of a receipt: end of the epoch’s bar, ISO 8601')
    .option('--index <number>', 'and the entry of its journal', wholeNumber)
    .action(async (file: string | undefined, options: ChallengeOptions) => {
      const { challengeCommand } = await import('../receipt.command.js');
      print(await challengeCommand(file, options));
    });

  onChain(
    program,
    'lapse',
    'show which entries nobody has answered for in time, and collect what the signer is owed',
  ).action(async (options: ChainOptions) => {
    const { lapseCommand } = await import('../receipt.command.js');
    print(await lapseCommand(options));
  });

  onChain(
    program,
    'answer',
    'have the chain pick trades, and prove the premium of every one that was picked or challenged: the operator’s to run often',
  )
    .requiredOption('--engine <url>', 'the engine’s API')
    .option(
      '--api-key <key>',
      'with the scopes quote and admin, or ZKRISK_API_KEY; ADMIN_SECRET signs',
      process.env.ZKRISK_API_KEY,
    )
    .option(
      '--fund <amount>',
      'added to the stake that challengers are paid from, in 10^−18 of the chain’s money',
    )
    .action(async (options: AnswerOptions) => {
      const { answerCommand } = await import('../answer.command.js');
      const done = await answerCommand(options);
      print(done);
      if (done.failed.length > 0) process.exitCode = 1;
    });

  onChain(
    program,
    'allow-entry',
    'show an entry of a journal with its event, and give the governor’s word for it where it moves the book without the model’s premium: signed by the governor’s key',
  )
    .requiredOption('--engine <url>', 'the engine’s API')
    .option(
      '--api-key <key>',
      'with the scope admin, or ZKRISK_API_KEY; ADMIN_SECRET signs',
      process.env.ZKRISK_API_KEY,
    )
    .requiredOption('--bar <time>', 'end of the epoch’s bar, ISO 8601')
    .requiredOption('--index <number>', 'the entry of its journal', wholeNumber)
    .option('--leaf <hex>', 'the leaf that was shown; without it the entry is only shown')
    .action(async (options: AllowOptions) => {
      const { allowEntryCommand } = await import('../allow.command.js');
      print(await allowEntryCommand(options));
    });
}
