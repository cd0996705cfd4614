import { Command, CommanderError } from 'commander';
import { messageOf, ZkriskError } from '#lib/errors';

/** A program whose errors come to {@link runProgram}. Its commands inherit that, so they are added afterwards. */
export function newProgram(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .exitOverride()
    .configureOutput({ writeErr: (text) => process.stderr.write(text) });
}

/**
 * Parses the command line and runs the command. Ends the process with exit code 2 for a command line that is wrong and for our own
 * errors, told in one line, and with 1 for anything else.
 *
 * @param options.traces whether an unexpected error is told with its stack
 */
export async function runProgram(program: Command, { traces }: { traces: boolean }): Promise<void> {
  // A reader that has seen enough (head, less) closes the pipe: no failure of ours.
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
    const stack = traces && error instanceof Error ? error.stack : undefined;
    process.stderr.write(`${stack ?? messageOf(error)}\n`);
    process.exit(1);
  }
}
