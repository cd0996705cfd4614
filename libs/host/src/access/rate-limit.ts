import rateLimit from '@fastify/rate-limit';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { RateLimitedError } from './errors.js';
import { accessOf } from './guard.js';

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
    callback(null, this.count(caller, 1));
  }

  private count(caller: string, calls: number): { current: number; ttl: number } {
    const now = Date.now();
    let window = this.windows.get(caller);
    if (window === undefined || now - window.since >= WINDOW_MS) {
      if (this.windows.size >= MOST_CALLERS) this.forget(now);
      this.windows.set(caller, (window = { since: now, calls: 0 }));
    }
    window.calls += calls;
    return { current: window.calls, ttl: window.since + WINDOW_MS - now };
  }

  /** Counts calls that came another way than as requests of their own; false where they are too many. */
  admit(caller: string, most: number, calls = 1): boolean {
    return this.count(caller, calls).current <= most;
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
  const callerOf = ({ principal, ip }: FastifyRequest) => principal?.keyId ?? ip;
  const mostOf = ({ principal }: FastifyRequest) => Math.ceil(principal?.ratePerSecond ?? perSecond);
  await app.register(rateLimit, {
    timeWindow: WINDOW_MS,
    hook: 'preParsing',
    store: class {
      incr = counts.incr.bind(counts);
      child = () => counts;
    },
    keyGenerator: callerOf,
    max: mostOf,
    // Thrown by the plugin; the filter of all errors answers a problem document.
    errorResponseBuilder: (_request, { max }) =>
      new RateLimitedError(`more than ${max} calls a second`, { perSecond: max }),
  });
  // A batch is as many calls as it has requests: one of a hundred would be a hundred times the rate.
  const fastify: FastifyInstance = app.getHttpAdapter().getInstance();
  fastify.addHook('preHandler', (request, _reply, done) => {
    const access = accessOf(request);
    const calls = access === undefined || access === 'public' ? 1 : (access.calls?.(request.body) ?? 1);
    const most = mostOf(request);
    if (calls === 1 || counts.admit(callerOf(request), most, calls - 1)) {
      done();
      return;
    }
    const why = `more than ${most} calls a second: this one counts as ${calls}`;
    done(new RateLimitedError(why, { perSecond: most, calls }));
  });
}
