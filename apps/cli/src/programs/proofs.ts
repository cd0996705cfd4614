import type { Command } from 'commander';
import { STATEMENTS } from '#lib/proofs';
import { list, nonNegative, positive, wholeNumber } from '#lib/terminal';
import type { DeployOptions, reportPricesCommand as ReportPrices } from '../chain.command.js';
import type { ChainOptions } from '../chain-options.js';
import type { InclusionOptions } from '../inclusion.command.js';
import { print } from '../print.js';
import { onChain } from './on-chain.js';
import { registerReceipts } from './receipts.js';

/** `zkrisk audit`, `deploy`, `govern`, `report-prices`, `prove`, `verify`. */
export function registerProofs(program: Command): void {
  onChain(
    program,
    'audit',
    'verify everything an oracle has taken, from the chain alone; exit code 1 where something does not hold',
  ).action(async (options: ChainOptions) => {
    const { auditCommand } = await import('../chain.command.js');
    const audit = await auditCommand(options);
    print(audit);
    if (!audit.holds) process.exitCode = 1;
  });

  onChain(
    program,
    'check-inclusion',
    'check that an account is in the book an epoch was proven of: FILE is the answer of GET /v1/accounts/ID/inclusion',
  )
    .argument('<file>', 'JSON')
    .option('--root <hex>', 'the root to check against, instead of the one a chain keeps')
    .action(async (file: string, options: InclusionOptions) => {
      const { checkInclusionCommand } = await import('../inclusion.command.js');
      print(await checkInclusionCommand(file, options));
    });

  registerReceipts(program);

  program
    .command('check-loss')
    .description(
      'check a loss past the pool: FILE is the answer of GET /v1/accounts/ID/losses/N, or has the events of the whole settlement, a line of JSON each; exit code 1 where it is not by the rule',
    )
    .argument('<file>', 'JSON, or JSON lines')
    .option('--proofs <folder>', 'check the settlement’s proofs as well; FILE has its events')
    .action(async (file: string, options: { proofs?: string }) => {
      const { checkLossCommand } = await import('../loss.command.js');
      const { checkSettlementCommand } = await import('../settlement.command.js');
      const { hasEvents } = await import('../settlement-events.js');
      const checked = hasEvents(file)
        ? await checkSettlementCommand(file, options)
        : checkLossCommand(file, options);
      print(checked);
      if (checked.failures.length > 0) process.exitCode = 1;
    });

  program
    .command('prove-loss')
    .description(
      'prove a settlement of losses, who bears it and whose positions were reduced: FILE has its events, a line of JSON each, as the topic book and the view book_event have them',
    )
    .argument('<file>', 'JSON lines')
    .requiredOption(
      '--out <folder>',
      'where proofs are written, and the salts: each account’s own is for it alone',
    )
    .action(async (file: string, options: { out: string }) => {
      const { proveLossCommand } = await import('../settlement.command.js');
      const proven = await proveLossCommand(file, options);
      print(proven);
      if (proven.failures.length > 0) process.exitCode = 1;
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
    .option('--admin <address>', 'gives and takes roles; default, as of the next three: the signer')
    .option('--governor <address>', 'proposes models, verifiers and roles, and installs them')
    .option('--guardian <address>', 'pauses, and cancels proposals')
    .option('--publisher <address>', 'publishes epochs: the key of the settlement service')
    .option('--reporters <addresses>', 'who sign prices; default: the signer', list(String))
    .option('--quorum <count>', 'reports a price is the median of; default: all reporters’', wholeNumber)
    .option('--custody <address>', 'contract that says what money there is: books must not owe more')
    .option('--feeds <file>', 'JSON: [{market, aggregator, heartbeat}], prices from Chainlink instead')
    .action(async (options: DeployOptions) => {
      const { deployCommand } = await import('../chain.command.js');
      print(await deployCommand(options));
    });

  program
    .command('govern')
    .description('propose the model an engine waits for, or install it; signed by the governor’s key')
    .requiredOption('--rpc <url>', 'a node')
    .requiredOption('--engine <url>', 'the engine’s API')
    .action(async (options: { rpc: string; engine: string }) => {
      const { governCommand } = await import('../chain.command.js');
      print(await governCommand(options));
    });

  program
    .command('report-prices')
    .description('sign prices of a bar an engine waits for; signed by the reporter’s key')
    .requiredOption('--engine <url>', 'the engine’s API')
    .requiredOption('--prices <file>', 'JSON: the reporter’s own closing prices by market, decimal texts')
    .requiredOption('--bar <seconds>', 'end of the bar, Unix time', wholeNumber)
    .option('--band <share>', 'within which the engine’s price is signed', nonNegative, 0.001)
    .option('--deployment <file>', 'file written by "deploy"', 'deployment.json')
    .action(async (options: Parameters<typeof ReportPrices>[0]) => {
      const { reportPricesCommand } = await import('../chain.command.js');
      print(await reportPricesCommand(options));
    });

  program
    .command('prove')
    .description('prove a statement in zero knowledge')
    .requiredOption('--statement <name>', [...STATEMENTS.keys()].join(', '))
    .requiredOption('--input <file>', 'JSON: the statement’s input')
    .requiredOption('--out <file>', 'where the proof is written')
    .action(async (options: { statement: string; input: string; out: string }) => {
      const { proveCommand } = await import('../prove.command.js');
      print(await proveCommand(options));
    });

  program
    .command('verify')
    .description('verify a proof; exit code 1 where it does not hold')
    .argument('<file>', 'JSON, written by "prove"')
    .action(async (file: string) => {
      const { verifyCommand } = await import('../prove.command.js');
      const verdict = await verifyCommand(file);
      // Commitments are field elements, larger than JSON's numbers.
      print(
        JSON.parse(
          JSON.stringify(verdict, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value)),
        ),
      );
      if (!verdict.holds) process.exitCode = 1;
    });
}
