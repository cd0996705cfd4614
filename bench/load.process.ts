import { Agent, request as httpRequest } from 'node:http';
import { percentile } from './harness.js';

export interface LoadRequest {
  readonly url: string;
  readonly body: string;
  readonly seconds: number;
  readonly connections: number;
  /** requests a second in an open loop; null: every connection as fast as it is answered */
  readonly rate: number | null;
}

export interface LoadReport {
  readonly perSecond: number;
  /** milliseconds, from the moment a request was due */
  readonly p50: number;
  readonly p99: number;
  readonly errors: number;
}

const { url, body, seconds, connections, rate } = JSON.parse(process.argv[2]) as LoadRequest;

async function closedLoop(): Promise<LoadReport> {
  // The generator polls instead of sleeping: waking it would be charged to the server, at more than a request's cost.
  let polling = true;
  const poll = () => {
    if (polling) setImmediate(poll);
  };
  poll();
  // autocannon costs the least per request of the generators there are, so it takes the least from the server.
  const { default: autocannon } = await import('autocannon');
  const result = await autocannon({
    url,
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json' },
    connections,
    duration: seconds,
  });
  polling = false;
  return {
    perSecond: result.requests.total / result.duration,
    p50: result.latency.p50,
    p99: result.latency.p99,
    errors: result.non2xx + result.errors,
  };
}

function openLoop(perSecond: number): Promise<LoadReport> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const latencies: number[] = [];
  let errors = 0;
  let sent = 0;
  let pending = 0;
  const total = Math.floor(perSecond * seconds);
  const started = performance.now();
  return new Promise((resolve) => {
    const finish = () => {
      latencies.sort((a, b) => a - b);
      agent.destroy();
      resolve({
        perSecond: latencies.length / ((performance.now() - started) / 1000),
        p50: percentile(latencies, 0.5),
        p99: percentile(latencies, 0.99),
        errors,
      });
    };
    const send = (due: number) => {
      pending++;
      const done = (failed: boolean) => {
        latencies.push(performance.now() - due);
        if (failed) errors++;
        if (--pending === 0 && sent >= total) finish();
      };
      const outgoing = httpRequest(
        url,
        {
          method: 'POST',
          agent,
          headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
        },
        (response) => {
          response.resume();
          response.on('end', () => {
            done(response.statusCode !== 201);
          });
        },
      );
      outgoing.on('error', () => {
        done(true);
      });
      outgoing.end(body);
    };
    const tick = () => {
      const now = performance.now();
      while (sent < total && started + (sent * 1000) / perSecond <= now)
        send(started + (sent++ * 1000) / perSecond);
      if (sent < total) setTimeout(tick, 1);
    };
    tick();
  });
}

process.send!(await (rate === null ? closedLoop() : openLoop(rate)));
