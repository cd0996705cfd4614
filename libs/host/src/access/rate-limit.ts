import rateLimit from '@fastify/rate-limit';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyRequest } from 'fastify';
import { RateLimitedError } from './errors.js';

const WINDOW_MS = 1000;
const MOST_CALLERS = 10_000;

/**
 * Counts calls by caller in windows of a second. The plugin's own store hands the same object to calls that are counted in the
 * same turn of the event loop, each of which then sees the count of the last: ten at once were refused where five are allowed.
 */
export class CallCounts {
  private readonly windows = new Map<string, { since: number; calls: number }>();

  incr(
    caller: string,
    callback: (error: Error | null, result?: { current: number; ttl: number }) => void,
  ): void {
    const now = Date.now();
    let window = this.windows.get(caller);
    if (window === undefined || now - window.since >= WINDOW_MS) {
      if (this.windows.size >= MOST_CALLERS) this.forget(now);
      this.windows.set(caller, (window = { since: now, calls: 0 }));
    }
    callback(null, { current: ++window.calls, ttl: window.since + WINDOW_MS - now });
  }

  /** Counts a call that came another way than REST; false where it is one too many. */
  admit(caller: string, most: number): boolean {
    let allowed = false;
    this.incr(caller, (_error, result) => (allowed = (result?.current ?? 0) <= most));
    return allowed;
  }

  child(): this {
    return this;
  }

  private forget(now: number): void {
    for (const [caller, { since }] of this.windows) if (now - since >= WINDOW_MS) this.windows.delete(caller);
  }
}

/** Calls a second, by key; by address where there is none. Counted by process. */
export async function limitRates(
  app: NestFastifyApplication,
  perSecond: number,
  counts: CallCounts,
): Promise<void> {
  await app.register(rateLimit, {
    timeWindow: WINDOW_MS,
    hook: 'preParsing',
    store: class {
      incr = counts.incr.bind(counts);
      child = () => counts;
    },
    keyGenerator: ({ principal, ip }: FastifyRequest) => principal?.keyId ?? ip,
    max: ({ principal }: FastifyRequest) => Math.ceil(principal?.ratePerSecond ?? perSecond),
    // Thrown by the plugin; the filter of all errors answers a problem document.
    errorResponseBuilder: (_request, { max }) =>
      new RateLimitedError(`more than ${max} calls a second`, { perSecond: max }),
  });
}
