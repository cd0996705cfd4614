import type { Command } from 'commander';
import { atLeast } from '#lib/terminal';

/** `zkrisk page`: this checkout's page, of an engine elsewhere. */
export function registerPage(program: Command): void {
  program
    .command('page')
    .description(
      'serve the page of this checkout here, of an engine that runs elsewhere: checks in the browser then depend on nobody but this checkout',
    )
    .requiredOption('--engine <url>', 'address of the engine')
    .option('--port <n>', 'of this machine; 0: any that is free', atLeast(0, true), 8081)
    .action(async (options: { engine: string; port: number }) => {
      const { pageCommand } = await import('../page.command.js');
      const { url, close } = await pageCommand(options);
      process.stderr.write(`the page of ${options.engine}: ${url} (Ctrl-C ends it)\n`);
      await new Promise<void>((resolve) => {
        for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, resolve);
      });
      await close();
    });
}
