import { setTimeout as sleep } from 'node:timers/promises';

/** Batches on their way at most: beyond, it is the broker that does not keep up. */
const MOST_UNSENT = 50;

/**
 * Calls `send` with counts that add up to a rate, in small batches, for some seconds: an open loop.
 *
 * @returns how many could be sent
 */
export async function offer(
  perSecond: number,
  seconds: number,
  send: (count: number) => Promise<void>,
): Promise<number> {
  const started = performance.now();
  let sent = 0;
  let refused = 0;
  const running = new Set<Promise<void>>();
  for (;;) {
    const elapsed = (performance.now() - started) / 1000;
    const due = Math.floor(Math.min(elapsed, seconds) * perSecond);
    if (due > sent) {
      const count = due - sent;
      const batch = send(count)
        .catch(() => void (refused += count))
        .finally(() => running.delete(batch));
      running.add(batch);
      sent = due;
    }
    if (elapsed >= seconds) break;
    await (running.size > MOST_UNSENT ? Promise.race(running) : sleep(5));
  }
  await Promise.all(running);
  return sent - refused;
}

/**
 * The highest rate that is sustained: doubled until it is not, then halved between the two a few times. One that is not is tried
 * again: other things may have kept the machine busy.
 *
 * @param most the highest rate that is tried: the generator can offer no more
 * @param tried whether a rate was sustained
 */
export async function ramp(
  from: number,
  most: number,
  tried: (perSecond: number) => Promise<boolean>,
  refinements = 3,
): Promise<number> {
  const sustained = async (rate: number) => (await tried(rate)) || (await tried(rate));
  let low = 0;
  let high = from;
  while (await sustained(high)) {
    low = high;
    if (high >= most) return high;
    high = Math.min(most, high * 2);
  }
  for (let i = 0; i < refinements; i++) {
    const middle = Math.round((low + high) / 2);
    if (await sustained(middle)) low = middle;
    else high = middle;
  }
  return low;
}

/** Calls `look` every so often while something runs; the samples, and the result. */
export async function watching<T, R>(
  everyMs: number,
  look: () => T | Promise<T>,
  running: Promise<R>,
): Promise<{ seen: T[]; result: R }> {
  const seen: T[] = [];
  let over = false;
  const done = running.finally(() => (over = true));
  done.catch(() => undefined);
  while (!over) {
    seen.push(await look());
    await Promise.race([sleep(everyMs), done]);
  }
  return { seen, result: await done };
}

/** Whether the queue grows: the second half of the samples against the first, beyond `slack`. */
export function grows(waiting: readonly number[], slack: number): boolean {
  const half = Math.floor(waiting.length / 2);
  const mean = (values: readonly number[]) =>
    values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
  return mean(waiting.slice(half)) > mean(waiting.slice(0, half)) + slack;
}
