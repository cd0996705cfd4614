import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EmbeddedLog } from '#lib/events';
import { outgoing, TOPICS } from '#lib/messages';
import { correlated, correlationId, logFields } from '#lib/runtime';
import { type Engine, startEngine } from '../../apps/zkrisk/src/index.js';
import { startTestDatabase, type TestDatabase } from '../support/database.js';

interface SentSpan {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
}

describe('a request', () => {
  let server: TestDatabase;
  let engine: Engine;
  let collector: Server;
  const spans: SentSpan[] = [];

  beforeAll(async () => {
    // A receiver for OpenTelemetry's exporters: OTLP as JSON over HTTP.
    collector = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { resourceSpans } = JSON.parse(Buffer.concat(chunks).toString()) as {
          resourceSpans: { scopeSpans: { spans: SentSpan[] }[] }[];
        };
        for (const { scopeSpans } of resourceSpans)
          for (const scope of scopeSpans) spans.push(...scope.spans);
        response.end('{}');
      });
    }).listen(0, '127.0.0.1');
    await once(collector, 'listening');
    const { port } = collector.address() as AddressInfo;
    server = await startTestDatabase();
    engine = await startEngine({
      ...{ DATABASE_URL: server.url, PORT: '0', LOG_LEVEL: 'silent' },
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
    });
  }, 60_000);
  afterAll(async () => {
    collector.close();
    await server.stop();
  });

  it('goes by one id through messages, and by one trace through services', async () => {
    const deposit = (headers: Record<string, string> = {}) =>
      fetch(`${engine.url}/v1/accounts/traced/deposits`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify({ amount: '5' }),
      });
    // Before the first price there is no market time.
    expect((await deposit()).status).toBe(503);
    const tick = { kind: 'tick', market: 'BTC-USD', price: '100' } as const;
    const header = { id: 'tick-1', sequence: 1, time: Date.UTC(2026, 0, 1) };
    await engine.log.publish([outgoing(TOPICS.prices, 'BTC-USD', header, tick)]);
    await engine.log.drained(new AbortController().signal);
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
    const response = await deposit({
      'x-correlation-id': 'ticket-4711',
      traceparent: `00-${traceId}-00f067aa0ba902b7-01`,
    });
    expect(response.status).toBe(201);
    expect(response.headers.get('x-correlation-id')).toBe('ticket-4711');
    await engine.log.drained(new AbortController().signal);
    const log = engine.log as EmbeddedLog;
    for (const topic of ['accounts', 'book', 'account-states']) {
      const headers = (await log.read(topic, 0, 0n, 10)).at(-1)!.headers;
      expect([topic, headers['correlation-id']]).toEqual([topic, 'ticket-4711']);
      expect(headers.traceparent.split('-')[1]).toBe(traceId);
    }
    // Ending sends the rest.
    await engine.stop();
    const own = spans.filter((span) => span.traceId === traceId);
    const names = own.map(({ name }) => name);
    expect(names).toContain('POST /v1/accounts/:account/deposits');
    expect(names).toContain('pricer accounts');
    expect(names).toContain('liquidator account-states');
    const request = own.find(({ name }) => name.startsWith('POST'))!;
    expect(own.find(({ name }) => name === 'pricer accounts')!.parentSpanId).toBe(request.spanId);
  }, 30_000);

  it('is named in the log lines it causes, and what is nobody’s is not', () => {
    expect(logFields()).toEqual({});
    correlated('ticket-1', () => {
      expect(correlationId()).toBe('ticket-1');
      expect(logFields()).toEqual({ correlationId: 'ticket-1' });
    });
    correlated(undefined, () => {
      expect(correlationId()).toBeUndefined();
    });
  });
});
