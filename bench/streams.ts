// Cost of 2,000 subscribers to the quotes: `node dist/bench/streams.js [SUBSCRIBERS] [SLOW]`. Quotes are asked for as fast as they are
// answered, in windows with and without subscribers in turn, while every market moves ten times a second; quotes are compared by
// second of the engine's own CPU time, which other work on the machine does not change.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { outgoing, TOPICS } from '#lib/messages';
import { type ReplayedEngine, startReplayedEngine } from '../test/support/replayed-engine.js';
import type { LoadRequest } from './load.process.js';
import { load } from './quotes.js';
import type { SubscribersRequest } from './streams.process.js';

const [SUBSCRIBERS = 2000, SLOW = 200] = process.argv.slice(2).map(Number);
const WINDOW_SECONDS = 5;
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

/** Quotes answered by second of this process's CPU time, and by second. */
async function window(url: string): Promise<{ byCpu: number; bySecond: number; p99: number }> {
  const body = JSON.stringify({ account: 'bench', legs: [{ market: 'SIM-A', size: '0.1' }] });
  const request: LoadRequest = {
    url: `${url}/v1/quotes`,
    body,
    seconds: WINDOW_SECONDS,
    connections: 8,
    rate: null,
  };
  const loading = load(request);
  await sleep(1000);
  const before = process.cpuUsage();
  const given = performance.now();
  const report = await loading;
  const { user, system } = process.cpuUsage(before);
  const seconds = (performance.now() - given) / 1000;
  return {
    byCpu: (report.perSecond * seconds) / ((user + system) / 1e6),
    bySecond: report.perSecond,
    p99: report.p99,
  };
}

const engine = await startReplayedEngine(40, {
  STREAM_CONNECTIONS_PER_KEY: String(SUBSCRIBERS),
  STREAM_SUBSCRIPTIONS_PER_KEY: String(SUBSCRIBERS * CHANNELS.length),
});
const stopMoving = moving(engine);
await window(engine.url);
const ratios: number[] = [];
for (let round = 0; round < ROUNDS; round++) {
  const without = await window(engine.url);
  const request: SubscribersRequest = {
    url: engine.url,
    connections: SUBSCRIBERS,
    slow: SLOW,
    channels: CHANNELS,
  };
  const subscribers = start('streams.process.js', request);
  await lineOf(subscribers);
  await sleep(2000);
  const withThem = await window(engine.url);
  subscribers.kill('SIGTERM');
  const { frames, snapshots } = await lineOf<{ frames: number; snapshots: number }>(subscribers);
  await once(subscribers, 'exit');
  await sleep(1000);
  const ratio = withThem.byCpu / without.byCpu;
  ratios.push(ratio);
  const figure = (value: number) => value.toFixed(0);
  process.stdout.write(
    `quotes by second of CPU: ${figure(without.byCpu)} without, ${figure(withThem.byCpu)} with ${SUBSCRIBERS} subscribers (${SLOW} never read): ${(100 * (1 - ratio)).toFixed(1)} % less; ` +
      `by second ${figure(without.bySecond)}, ${figure(withThem.bySecond)}; p99 ${without.p99} ms, ${withThem.p99} ms; ${frames} frames, ${snapshots} snapshots again; memory ${figure(process.memoryUsage().rss / 1e6)} MB\n`,
  );
}
const median = [...ratios].sort((a, b) => a - b)[Math.floor(ratios.length / 2)];
process.stdout.write(`median cost ${(100 * (1 - median)).toFixed(1)} %\n`);
stopMoving();
await engine.stop();
process.exit(0);
