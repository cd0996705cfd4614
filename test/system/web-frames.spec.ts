import Fastify from 'fastify';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocketServer } from 'ws';
import { servePage } from '#lib/host';
import { openTab, startBrowser } from '../support/browser.js';

const MARKETS = 200;
const UPDATES_PER_SECOND = 10;
const MEASURED_MS = 5_000;
const FRAME_MS = 16;

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  readonly args?: { readonly name?: string };
  /** CPU time, microseconds: free of a busy machine's waits */
  readonly tdur?: number;
}

/** Streams marks of 200 markets, all moved in every update. */
async function startBusyEngine() {
  const fastify = Fastify();
  servePage(fastify);
  const sockets = new WebSocketServer({ server: fastify.server, path: '/v1/ws' });
  const began = Date.UTC(2025, 0, 1);
  const marketTime = () => new Date(began + performance.now()).toISOString();
  const markOf = (i: number, n: number) => (100 + i + Math.sin(n + i)).toFixed(4);
  const rows = (n: number, whole: boolean) =>
    Object.fromEntries(
      Array.from({ length: MARKETS }, (_, i) => [
        `M-${i}`,
        {
          ...{ mark: markOf(i, n), markTime: marketTime() },
          ...(whole
            ? {
                status: 'ok',
                staleAfter: 60_000,
                sources: { fresh: 3, known: 3 },
                confidence: 0.01,
                permits: ['increase'],
              }
            : {}),
        },
      ]),
    );
  sockets.on('connection', (socket) => {
    const limits = { messageBytes: 1, connections: 1, subscriptions: 1 };
    socket.send(
      JSON.stringify({ type: 'welcome', version: 1, heartbeatMs: 15_000, channels: ['marks'], limits }),
    );
    socket.on('message', () => {
      let n = 0;
      const place = () => ({ channel: 'marks', stream: 's', sequence: n });
      const data = { marketTime: marketTime(), markets: rows(0, true), warmingUp: {}, excluded: {} };
      socket.send(JSON.stringify({ type: 'snapshot', ...place(), reason: 'subscribed', data }));
      const timer = setInterval(() => {
        n++;
        socket.send(
          JSON.stringify({
            type: 'delta',
            ...place(),
            data: { marketTime: marketTime(), markets: rows(n, false) },
          }),
        );
      }, 1000 / UPDATES_PER_SECOND);
      socket.once('close', () => {
        clearInterval(timer);
      });
    });
  });
  const url = await fastify.listen({ port: 0, host: '127.0.0.1' });
  return {
    url,
    stop: async () => {
      for (const socket of sockets.clients) socket.terminate();
      await fastify.close();
    },
  };
}

describe('200 markets, each moved ten times a second', () => {
  let browser: Browser;
  let engine: Awaited<ReturnType<typeof startBusyEngine>>;

  beforeAll(async () => {
    engine = await startBusyEngine();
    browser = await startBrowser();
  });
  afterAll(async () => {
    await browser.close();
    await engine.stop();
  });

  it(`take at most ${FRAME_MS} ms of the main thread a frame`, async () => {
    const { page, context } = await openTab(browser);
    await page.goto(`${engine.url}/#/markets`);
    await page.getByRole('row', { name: /M-3 / }).waitFor();
    const before = await page.getByRole('row', { name: /M-3 / }).textContent();
    await browser.startTracing(page, {
      categories: ['toplevel', 'devtools.timeline', 'disabled-by-default-devtools.timeline'],
    });
    await page.waitForTimeout(MEASURED_MS);
    const { traceEvents } = JSON.parse((await browser.stopTracing()).toString()) as {
      traceEvents: TraceEvent[];
    };
    expect(await page.getByRole('row', { name: /M-3 / }).textContent()).not.toBe(before);
    const main = traceEvents.filter(
      ({ name, args }) => name === 'thread_name' && args?.name === 'CrRendererMain',
    );
    const onMain = traceEvents.filter(({ pid, tid }) =>
      main.some((thread) => thread.pid === pid && thread.tid === tid),
    );
    const tasks = onMain
      .filter(({ name, ph }) => name === 'RunTask' && ph === 'X')
      .map(({ tdur = 0 }) => tdur / 1000);
    const updates = (UPDATES_PER_SECOND * MEASURED_MS) / 1000;
    const perUpdate = tasks.reduce((sum, each) => sum + each, 0) / updates;
    const slowest = [...tasks].sort((a, b) => b - a);
    process.stdout.write(
      `main thread: ${perUpdate.toFixed(1)} ms an update of ${MARKETS} markets, slowest tasks ${slowest
        .slice(0, 3)
        .map((ms) => ms.toFixed(1))
        .join(', ')} ms\n`,
    );
    expect(tasks.length).toBeGreaterThan(updates);
    expect(perUpdate).toBeLessThanOrEqual(FRAME_MS);
    await context.close();
  });
});
