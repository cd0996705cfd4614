import { readFileSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { parseJson } from '#lib/errors';
import { wholeNumber } from '#lib/terminal';
import { APPROVE } from '../approve.js';
import { print } from '../print.js';
import { columnOption, PRICE_FILES } from './prices.js';

interface Access {
  readonly key: string;
  readonly url: string;
  readonly approve?: boolean;
}

/** `zkrisk parameters`: the version in force, former versions, a preview of a change, and the change. Signed by ADMIN_SECRET. */
export function registerParameters(program: Command): void {
  const parameters = program
    .command('parameters')
    .description('the risk parameters: margin, caps, limits, fees; one record with a version');
  const command = (name: string, description: string) =>
    parameters
      .command(name)
      .description(description)
      .requiredOption(
        '--key <key>',
        'API key; with the scope "admin" where something is changed or previewed',
      )
      .addOption(new Option('--url <url>', 'of a pricer').default('http://127.0.0.1:8080'));

  command('show', 'the parameters that hold, and their version').action(({ key, url }: Access) =>
    call('GET', '/v1/parameters', { key, url }),
  );
  command('history', 'changes, newest first').action(({ key, url }: Access) =>
    call('GET', '/v1/parameters/history', { key, url }),
  );
  command(
    'scenarios',
    'the parameters that hold with scenarios from a history: worst hours, worst joint hours, groups of markets; for preview and set',
  )
    .argument('<prices...>', PRICE_FILES)
    .addOption(columnOption())
    .addOption(
      new Option('--bars <count>', 'of the history, the last').default(17_520).argParser(wholeNumber),
    )
    .action(async (files: string[], { key, url, ...options }: Access & { column?: string; bars: number }) => {
      const { stressParameters } = await import('../stress-parameters.command.js');
      const { adminCommand } = await import('../access.command.js');
      const holds = await adminCommand({ method: 'GET', path: '/v1/parameters', key, url });
      if (holds.status >= 400) {
        print(holds.body);
        process.exitCode = 1;
        return;
      }
      const { parameters } = holds.body as { parameters: unknown };
      print({ parameters: stressParameters(parameters, { files, ...options }) });
    });
  command('preview', 'what a record of parameters would change: who would be liquidated, all margins')
    .argument('<file>', 'JSON; what is left out has its default')
    .action((file: string, { key, url }: Access) =>
      call('POST', '/v1/admin/parameters/preview', { key, url }, { parameters: recordOf(file) }),
    );
  command('set', 'put a record of parameters in force, for all services')
    .argument('<file>', 'JSON; what is left out has its default')
    .requiredOption('--base <version>', 'the version that is changed', wholeNumber)
    .requiredOption('--by <name>', 'who changes them')
    .requiredOption('--reason <text>', 'why, for the journal')
    .option('--approve', APPROVE)
    .action((file: string, options: Access & { base: number; by: string; reason: string }) => {
      const { base, by, reason, ...access } = options;
      return call('POST', '/v1/admin/parameters', access, { base, parameters: recordOf(file), by, reason });
    });
}

/** A file of parameters, or the answer of `show` itself. */
function recordOf(file: string): unknown {
  const read = parseJson(readFileSync(file, 'utf8'), file) as Record<string, unknown>;
  return 'parameters' in read ? read.parameters : read;
}

async function call(method: string, path: string, access: Access, body?: object): Promise<void> {
  const { adminCommand } = await import('../access.command.js');
  const text = body === undefined ? {} : { body: JSON.stringify(body) };
  const answer = await adminCommand({ method, path, ...access, ...text });
  print(answer.body);
  if (answer.status >= 400) process.exitCode = 1;
}
