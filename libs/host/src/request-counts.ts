import type { FastifyInstance } from 'fastify';
import type { Metrics } from './metrics.js';

/** An answer that takes longer counts as slow, milliseconds. */
export const SLOW_MS = 250;

interface Counted {
  readonly route: string;
  readonly method: string;
  readonly outcome: string;
  requests: number;
  slow: number;
}

/** Counts answers by route and outcome, for service levels. */
export class RequestCounts {
  private readonly counts = new Map<string, Counted>();

  constructor(fastify: FastifyInstance) {
    fastify.addHook('onResponse', (request, reply, done) => {
      const route = request.routeOptions.url ?? 'unknown';
      const outcome = outcomeOf(reply.statusCode);
      const key = `${request.method} ${route} ${outcome}`;
      let counted = this.counts.get(key);
      if (counted === undefined)
        this.counts.set(key, (counted = { route, method: request.method, outcome, requests: 0, slow: 0 }));
      counted.requests++;
      if (reply.elapsedTime > SLOW_MS) counted.slow++;
      done();
    });
  }

  /** Answers of a route, for its service levels: those that could not be given, and those that took long. */
  of(route: string): { asked: number; failed: number; all: number; slow: number } {
    const sums = { asked: 0, failed: 0, all: 0, slow: 0 };
    for (const counted of this.counts.values()) {
      if (counted.route !== route) continue;
      sums.all += counted.requests;
      sums.slow += counted.slow;
      if (counted.outcome !== 'refused') sums.asked += counted.requests;
      if (counted.outcome === 'unavailable' || counted.outcome === 'failed') sums.failed += counted.requests;
    }
    return sums;
  }

  tell(metrics: Metrics): void {
    const samples = (value: (counted: Counted) => number) =>
      Promise.resolve(
        [...this.counts.values()].map((counted) => {
          const { route, method, outcome } = counted;
          return { labels: { route, method, outcome }, value: value(counted) };
        }),
      );
    const labels = ['route', 'method', 'outcome'];
    metrics.gauges(
      'zkrisk_requests_total',
      'requests answered since the start; outcome: ok, refused (the caller’s doing), unavailable (503, 504), failed',
      labels,
      () => samples(({ requests }) => requests),
    );
    metrics.gauges(
      'zkrisk_requests_slow_total',
      `requests that took longer than ${SLOW_MS} ms, since the start`,
      labels,
      () => samples(({ slow }) => slow),
    );
  }
}

function outcomeOf(status: number): string {
  if (status < 400) return 'ok';
  if (status < 500) return 'refused';
  return status === 503 || status === 504 ? 'unavailable' : 'failed';
}
