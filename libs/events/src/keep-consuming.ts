/** How long a consumer with nothing to read waits before it looks again without having been woken. */
const IDLE_POLL_MS = 250;

/**
 * Takes one step after the other until it is stopped; after a step that has found nothing, it waits.
 *
 * @param wait resolves when there may be more to read, after the time given, or at the signal
 * @param step resolves to whether there may be more at once
 */
export async function keepConsuming(
  stopping: AbortSignal,
  wait: (timeoutMs: number, signal: AbortSignal) => Promise<void>,
  step: () => Promise<boolean>,
): Promise<void> {
  while (!stopping.aborted) {
    // Listening starts before reading: a message appended in between wakes the wait at once.
    const more = new AbortController();
    const waiting = wait(IDLE_POLL_MS, AbortSignal.any([stopping, more.signal]));
    if (await step()) more.abort();
    await waiting;
  }
}
