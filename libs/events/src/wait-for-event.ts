import type { EventEmitter } from 'node:events';

/** Resolves at the next of the events, after `timeoutMs`, or when the signal is aborted; it never fails. */
export function waitForEvent(
  emitter: EventEmitter,
  names: readonly string[],
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      for (const name of names) emitter.off(name, done);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, timeoutMs);
    for (const name of names) emitter.on(name, done);
    signal?.addEventListener('abort', done);
    if (signal?.aborted === true) done();
  });
}
