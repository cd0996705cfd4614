import { messageOf } from '#lib/errors';
import { startHost } from './host.js';
import type { ServiceDefinition } from './service.js';

/** The main of a service that is a process of its own: runs until it is asked to end, and ends in good order. */
export async function runService(service: ServiceDefinition): Promise<void> {
  try {
    const host = await startHost(service.name, [service], process.env);
    process.stderr.write(`${service.name} listens on ${host.url}\n`);
    let ending: Promise<void> | undefined;
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.on(signal, () => {
        ending ??= host.stop().then(
          () => process.exit(0),
          (error: unknown) => {
            process.stderr.write(`${service.name}: ${messageOf(error)}\n`);
            process.exit(1);
          },
        );
      });
    }
  } catch (error) {
    process.stderr.write(`${service.name} cannot start: ${messageOf(error)}\n`);
    process.exit(1);
  }
}
