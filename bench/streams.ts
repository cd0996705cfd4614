// Cost of 2,000 subscribers to the quotes: `node dist/bench/streams.js [SUBSCRIBERS] [SLOW]`, on Linux. Every market moves ten times a second;
// windows without quotes and windows with as many as are answered take turns, without subscribers and with them.
//
// Counted is CPU time of the engine's main thread, which other work on the machine does not change: a second without quotes costs b (ticks,
// streams), a quote costs a beside it. A core that does nothing else answers (1 − b) / a quotes a second; that is what subscribers lower.
// Quotes by second of CPU would not do: fewer quotes a second, on a busy machine, leave each a larger part of the ticks' cost.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { outgoing, TOPICS } from '#lib/messages';
import { type ReplayedEngine, startReplayedEngine } from '../test/support/replayed-engine.js';
import type { LoadRequest } from './load.process.js';
import { threadCpuMs } from './process-times.js';
import { load } from './quotes.js';
import type { SubscribersRequest } from './streams.process.js';

const [SUBSCRIBERS = 2000, SLOW = 200] = process.argv.slice(2).map(Number);
const WINDOW_SECONDS = 4;
const ROUNDS = 4;
const CHANNELS = ['marks', 'funding'];

function start(file: string, request: object): ChildProcess {
  return spawn(process.execPath, [join(import.meta.dirname, file), JSON.stringify(request)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}
async function lineOf<T>({ stdout }: ChildProcess): Promise<T> {
  const [chunk] = (await once(stdout!, 'data')) as [Buffer];
  return JSON.parse(chunk.toString()) as T;
}

/** Ticks of every market ten times a second, each a little off the last. */
function moving(engine: ReplayedEngine): () => void {
  const { board } = engine.pricer.engine;
  let time = board.now;
  let sequence = 0;
  const timer = setInterval(() => {
    time += 100;
    const ticks = engine.pricer.engine.board.knownMarkets().map((market) => {
      const { value } = engine.pricer.engine.board.mark(market)!;
      const price = (value * (1 + 1e-5 * (++sequence % 2 === 0 ? 1 : -1))).toFixed(8);
      return outgoing(
        TOPICS.prices,
        market,
        { id: `tick-${sequence}`, sequence, time },
        { kind: 'tick', market, price },
      );
    });
    void engine.log.publish(ticks);
  }, 100);
  return () => {
    clearInterval(timer);
  };
}

/** Quotes asked for so far. */
let asked = 0;

interface Window {
  /** CPU time of the main thread */
  readonly cpu: number;
  readonly seconds: number;
  readonly quotes: number;
}

/** A window in which nothing is asked, or as much as is answered. */
async function window(engine: ReplayedEngine, asking: boolean): Promise<Window> {
  const body = JSON.stringify({ account: 'bench', legs: [{ market: 'SIM-A', size: '0.1' }] });
  const request: LoadRequest = {
    ...{ url: `${engine.url}/v1/quotes`, body, seconds: WINDOW_SECONDS + 2, connections: 8, rate: null },
  };
  // The generator starts before the window and ends after it.
  const loading = asking ? load(request) : undefined;
  if (asking) await sleep(1500);
  const [cpuMs, started, quotes] = [threadCpuMs(), performance.now(), asked];
  await sleep(1000 * WINDOW_SECONDS);
  const found = {
    cpu: (threadCpuMs() - cpuMs) / 1000,
    seconds: (performance.now() - started) / 1000,
    quotes: asked - quotes,
  };
  await loading;
  return found;
}

/** Windows of one kind, summed. */
class Sum {
  cpu = 0;
  seconds = 0;
  quotes = 0;

  add(found: Window): void {
    this.cpu += found.cpu;
    this.seconds += found.seconds;
    this.quotes += found.quotes;
  }
}

/** CPU time of the main thread for a second without quotes and for a quote; quotes a second that a core of its own would answer. */
function costs(idle: Window, busy: Window): { second: number; quote: number; perSecond: number } {
  const second = idle.cpu / idle.seconds;
  const quote = (busy.cpu - second * busy.seconds) / busy.quotes;
  return { second, quote, perSecond: (1 - second) / quote };
}

const engine = await startReplayedEngine(40, {
  STREAM_CONNECTIONS_PER_KEY: String(SUBSCRIBERS),
  STREAM_SUBSCRIPTIONS_PER_KEY: String(SUBSCRIBERS * CHANNELS.length),
});
engine.app.getHttpServer().on('request', ({ url }) => {
  if (url === '/v1/quotes') asked++;
});
const stopMoving = moving(engine);
await window(engine, true);
const sums = [0, 1].map(() => ({ idle: new Sum(), busy: new Sum() }));
const lost: number[] = [];
for (let round = 0; round < ROUNDS; round++) {
  const found: { second: number; quote: number; perSecond: number }[] = [];
  let told = '';
  for (const subscribed of [false, true]) {
    const request: SubscribersRequest = {
      ...{ url: engine.url, connections: SUBSCRIBERS, slow: SLOW, channels: CHANNELS },
    };
    const subscribers = subscribed ? start('streams.process.js', request) : undefined;
    if (subscribers !== undefined) {
      await lineOf(subscribers);
      await sleep(2000);
    }
    const [idle, busy] = [await window(engine, false), await window(engine, true)];
    found.push(costs(idle, busy));
    sums[Number(subscribed)].idle.add(idle);
    sums[Number(subscribed)].busy.add(busy);
    if (subscribers === undefined) continue;
    subscribers.kill('SIGTERM');
    const { frames, snapshots } = await lineOf<{ frames: number; snapshots: number }>(subscribers);
    await once(subscribers, 'exit');
    await sleep(1000);
    told = `${frames} frames, ${snapshots} snapshots again`;
  }
  const [without, withThem] = found;
  lost.push(1 - withThem.perSecond / without.perSecond);
  process.stdout.write(`${line(without, withThem)}; ${told}\n`);
}
const [without, withThem] = sums.map(({ idle, busy }) => costs(idle, busy));
process.stdout.write(`together: ${line(without, withThem)}\n`);
const sorted = [...lost].sort((a, b) => a - b);
process.stdout.write(
  `median cost ${(100 * sorted[Math.floor(sorted.length / 2)]).toFixed(1)} %, from ${(100 * sorted[0]).toFixed(1)} to ${(100 * sorted[sorted.length - 1]).toFixed(1)}\n`,
);
stopMoving();
await engine.stop();
process.exit(0);

function line(without: ReturnType<typeof costs>, withThem: ReturnType<typeof costs>): string {
  const said = ({ second, quote, perSecond }: ReturnType<typeof costs>) =>
    `${(100 * second).toFixed(1)} % of a core and ${(1e6 * quote).toFixed(0)} µs a quote (${perSecond.toFixed(0)} a second)`;
  const cost = (100 * (1 - withThem.perSecond / without.perSecond)).toFixed(1);
  return `without: ${said(without)}; with ${SUBSCRIBERS} subscribers, ${SLOW} of whom never read: ${said(withThem)}: ${cost} % fewer quotes`;
}
