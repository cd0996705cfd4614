import { Agent, request as httpRequest } from 'node:http';
import { Kafka, logLevel } from 'kafkajs';
import { QuoteChannel } from '#lib/sdk';
import { percentile } from './harness.js';

export interface LoadRequest {
  /** of a route, or `kafka://` and a broker's address */
  readonly url: string;
  readonly body: string;
  readonly seconds: number;
  readonly connections: number;
  /** requests a second in an open loop; null: every connection as fast as it is answered */
  readonly rate: number | null;
  /** earlier requests are not counted: a generator has just started, and so have its clients */
  readonly warmSeconds?: number;
}

export interface LoadReport {
  readonly perSecond: number;
  /** milliseconds, from the moment a request was due */
  readonly p50: number;
  readonly p99: number;
  readonly errors: number;
  /** the same from the moment a request was sent, in an open loop: without the generator's own delay */
  readonly roundTrip?: { readonly p50: number; readonly p99: number };
}

const { url, body, seconds, connections, rate, warmSeconds = 0 } = JSON.parse(process.argv[2]) as LoadRequest;

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

/** Sends `ask` at a rate, whatever has been answered; it resolves whether the answer was right. */
function openLoop(perSecond: number, ask: () => Promise<boolean>): Promise<LoadReport> {
  const latencies: number[] = [];
  const roundTrips: number[] = [];
  let errors = 0;
  let sent = 0;
  const warming = Math.floor(perSecond * warmSeconds);
  const total = warming + Math.floor(perSecond * seconds);
  const started = performance.now();
  let answered = 0;
  return new Promise((resolve) => {
    const done = (due: number, sentAt: number, right: boolean) => {
      const now = performance.now();
      if (due >= started + warmSeconds * 1000) {
        latencies.push(now - due);
        roundTrips.push(now - sentAt);
      }
      if (!right) errors++;
      if (++answered < total) return;
      const elapsed = (performance.now() - started) / 1000;
      const shares = (times: number[]) => {
        const sorted = times.sort((a, b) => a - b);
        return { p50: percentile(sorted, 0.5), p99: percentile(sorted, 0.99) };
      };
      resolve({ perSecond: total / elapsed, ...shares(latencies), errors, roundTrip: shares(roundTrips) });
    };
    const tick = () => {
      const now = performance.now();
      while (sent < total && started + (sent * 1000) / perSecond <= now) {
        const due = started + (sent++ * 1000) / perSecond;
        const sentAt = performance.now();
        ask().then(
          (right) => {
            done(due, sentAt, right);
          },
          () => {
            done(due, sentAt, false);
          },
        );
      }
      if (sent < total) setTimeout(tick, 1);
    };
    tick();
  });
}

async function openLoopByRest(perSecond: number): Promise<LoadReport> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
  const report = await openLoop(
    perSecond,
    () =>
      new Promise((resolve, reject) => {
        const outgoing = httpRequest(url, { method: 'POST', agent, headers }, (response) => {
          response.resume();
          response.on('end', () => {
            resolve(response.statusCode === 201);
          });
        });
        outgoing.on('error', reject);
        outgoing.end(body);
      }),
  );
  agent.destroy();
  return report;
}

async function openLoopByKafka(perSecond: number, broker: string): Promise<LoadReport> {
  const kafka = new Kafka({ brokers: [broker], logLevel: logLevel.NOTHING });
  const channel = new QuoteChannel(kafka, { timeoutMs: 5_000 });
  await channel.open();
  const { legs } = JSON.parse(body) as { legs: { market: string; size: string }[] };
  let account = 0;
  const report = await openLoop(perSecond, async () => {
    const { status } = await channel.quote(`account-${account++ % 200}`, legs);
    return status === 'quoted';
  });
  await channel.close();
  return report;
}

const run = () => {
  if (rate === null) return closedLoop();
  const broker = /^kafka:\/\/(.*)$/.exec(url)?.[1];
  return broker === undefined ? openLoopByRest(rate) : openLoopByKafka(rate, broker);
};
process.send!(await run());
