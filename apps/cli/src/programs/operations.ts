import type { Command } from 'commander';
import { list, positive, wholeNumber } from '#lib/terminal';
import type { createKeyCommand as CreateKey } from '../access.command.js';
import { APPROVE } from '../approve.js';
import { print } from '../print.js';
import type { ReplayCommandOptions } from '../replay.command.js';
import { registerMarketOrders } from './market-orders.js';
import { registerParameters } from './parameters.js';
import { registerTopics } from './topics.js';
import { columnOption, PRICE_FILES } from './prices.js';

/** `zkrisk replay`, `rebuild`, `topics`, `dead-letters`, `api-key`, `audit-log`, `parameters`, `admin`. */
export function registerOperations(program: Command): void {
  program
    .command('replay')
    .description(
      'send a market to services that run elsewhere (DATABASE_URL, KAFKA_BROKERS), as they keep up',
    )
    .option('--prices <files...>', `${PRICE_FILES}; without it, a simulated market`)
    .addOption(columnOption())
    .option('--bars <n>', 'bars to send', wholeNumber, 500)
    .option('--seed <n>', 'seed of trades and of the simulated market', wholeNumber, 1)
    .option('--trades <n>', 'expected new positions a bar', positive, 3)
    .option('--accounts <n>', 'traders', wholeNumber, 2000)
    .option('--liquidity <amount>', 'the providers’ first deposit', positive, 5_000_000)
    .option('--speed <n>', 'bars a second; without it as fast as the services follow', positive)
    .action(async (options: ReplayCommandOptions) => {
      const { replayCommand } = await import('../replay.command.js');
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
      const { rebuildCommand } = await import('../rebuild.command.js');
      const outcome = await rebuildCommand(options);
      print(outcome);
      if (outcome.tables?.some(({ same }) => !same) === true) process.exitCode = 1;
    });

  registerTopics(program);

  const keys = program
    .command('api-key')
    .description('keys of the REST API, in the database of DATABASE_URL');
  keys
    .command('create')
    .description('make a key; it is told once')
    .requiredOption('--label <text>', 'whose it is')
    .requiredOption(
      '--scopes <list>',
      'of quote, trade, liquidity, treasury, liquidator, admin',
      list(String),
    )
    .option('--holder <name>', 'who has it: admin calls need two; the label where left out')
    .option('--accounts <list>', 'accounts and providers it may act for; all where left out', list(String))
    .option('--rate <n>', 'calls a second', positive)
    .option('--withdraw-from <list>', 'accounts and providers it may withdraw from', list(String))
    .option('--withdraw-per-day <amount>', 'money it may withdraw in any 24 hours')
    .action(async (options: Parameters<typeof CreateKey>[0]) => {
      const { createKeyCommand } = await import('../access.command.js');
      print(await createKeyCommand(options));
    });
  keys
    .command('list')
    .description('keys, without their secrets')
    .action(async () => {
      const { listKeysCommand } = await import('../access.command.js');
      print(await listKeysCommand());
    });
  keys
    .command('revoke')
    .description('ends a key; every process knows at once, and its streams end')
    .argument('<id>')
    .action(async (id: string) => {
      const { revokeKeyCommand } = await import('../access.command.js');
      await revokeKeyCommand(id);
    });

  const auditLog = program
    .command('audit-log')
    .description('the chain of hashes over all calls that change state, in the database of DATABASE_URL');
  auditLog
    .command('verify')
    .description('computes the chain again, entry by entry; exit code 1 where it does not hold')
    .option('--head <sequence:hash...>', 'heads as they were published elsewhere: the log must have them')
    .action(async ({ head = [] }: { head?: string[] }) => {
      const { verifyAuditCommand } = await import('../access.command.js');
      const verdict = await verifyAuditCommand(head);
      print(verdict);
      if (!verdict.holds) process.exitCode = 1;
    });
  auditLog
    .command('head')
    .description('the number of the last entry, and the hash over it and all before it')
    .action(async () => {
      const { auditHeadCommand } = await import('../access.command.js');
      print(await auditHeadCommand());
    });

  registerMarketOrders(program);

  registerParameters(program);

  program
    .command('admin')
    .description('a signed admin call (ADMIN_SECRET), such as: zkrisk admin GET /v1/admin/audit --key zk_…')
    .argument('<method>')
    .argument('<path>', 'with its query')
    .requiredOption('--key <key>', 'API key with the scope "admin"')
    .option('--url <url>', 'of a service', 'http://127.0.0.1:8080')
    .option('--body <json>')
    .option('--approve', APPROVE)
    .action(
      async (
        method: string,
        path: string,
        options: { key: string; url: string; body?: string; approve?: boolean },
      ) => {
        const { adminCommand } = await import('../access.command.js');
        const { status, body } = await adminCommand({ method, path, ...options });
        print(body);
        if (status >= 400) process.exitCode = 1;
      },
    );
}
