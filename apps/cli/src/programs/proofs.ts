import type { Command } from 'commander';
import { STATEMENTS } from '#lib/proofs';
import { positive, wholeNumber } from '#lib/terminal';
import type { AuditOptions } from '../chain.command.js';
import { print } from '../print.js';

/** `zkrisk audit`, `deploy`, `prove`, `verify`. */
export function registerProofs(program: Command): void {
  program
    .command('audit')
    .description(
      'verify everything an oracle has taken, from the chain alone; exit code 1 where something does not hold',
    )
    .option('--rpc <url>', 'a node; default: that of the deployment')
    .option('--oracle <address>', 'the RiskOracle; default: that of the deployment')
    .option('--deployment <file>', 'what "deploy" or "npm start" has written', '.zkrisk/deployment.json')
    .action(async (options: AuditOptions) => {
      const { auditCommand } = await import('../chain.command.js');
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
      const { deployCommand } = await import('../chain.command.js');
      print(await deployCommand(options));
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
    .argument('<file>', 'JSON: what "prove" has written')
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
