import { setTimeout as sleep } from 'node:timers/promises';

/** Calls `send` with counts that add up to a rate, in small batches, for some seconds: an open loop. */
export async function offer(
  perSecond: number,
  seconds: number,
  send: (count: number) => Promise<void>,
): Promise<void> {
  const started = performance.now();
  let sent = 0;
  const running = new Set<Promise<void>>();
  for (;;) {
    const elapsed = (performance.now() - started) / 1000;
    const due = Math.floor(Math.min(elapsed, seconds) * perSecond);
    if (due > sent) {
      const batch = send(due - sent).finally(() => running.delete(batch));
      running.add(batch);
      sent = due;
    }
    if (elapsed >= seconds) break;
    await sleep(5);
  }
  await Promise.all(running);
}

/**
 * The highest rate that is sustained: doubled until it is not, then halved between the two a few times.
 *
 * @param sustained whether a rate is
 */
export async function ramp(
  from: number,
  sustained: (perSecond: number) => Promise<boolean>,
  refinements = 3,
): Promise<number> {
  let low = 0;
  let high = from;
  while (await sustained(high)) {
    low = high;
    high *= 2;
  }
  for (let i = 0; i < refinements; i++) {
    const middle = Math.round((low + high) / 2);
    if (await sustained(middle)) low = middle;
    else high = middle;
  }
  return low;
}

/** Calls `look` every so often while something runs; what it saw. */
export async function watching<T>(
  everyMs: number,
  look: () => T | Promise<T>,
  running: Promise<unknown>,
): Promise<T[]> {
  const seen: T[] = [];
  let over = false;
  const done = running.finally(() => (over = true));
  done.catch(() => undefined);
  while (!over) {
    seen.push(await look());
    await Promise.race([sleep(everyMs), done]);
  }
  await done;
  return seen;
}

/** Whether what waits grows: the second half of the samples against the first, beyond `slack`. */
export function grows(waiting: readonly number[], slack: number): boolean {
  const half = Math.floor(waiting.length / 2);
  const mean = (values: readonly number[]) =>
    values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
  return mean(waiting.slice(half)) > mean(waiting.slice(0, half)) + slack;
}
