// CPU time of a stream's round by subscriber: `node dist/bench/stream-frames.js [SUBSCRIBERS] [SLOW]`. The hub behind /v1/ws and nothing else in this
// process: 24 markets move between two rounds, and everybody subscribes to two channels of them. Beside it the plain way, in turns: each
// frame made once as well, and sent to each socket by `ws`. CPU time of the process, which other work on the machine changes little.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Fastify from 'fastify';
import { WebSocketServer, type WebSocket } from 'ws';
import { installStreams } from '#lib/host';
import type { ChannelName } from '#lib/messages';
import { type StreamChannel, StreamHub } from '#lib/streams';
import type { SubscribersRequest } from './streams.process.js';

const [SUBSCRIBERS = 2000, SLOW = 200] = process.argv.slice(2).map(Number);
const MARKETS = 24;
const CHANNELS: readonly ChannelName[] = ['marks', 'funding'];
const PAIRS = 7;
const ROUNDS = 10;

let version = 0;
const time = () => new Date(1.7e12 + 250 * version).toISOString();
const marks = () =>
  Object.fromEntries(
    Array.from({ length: MARKETS }, (_, i) => [
      `M-${i}`,
      { mark: (100 + i + Math.sin(version)).toFixed(8), markTime: time() },
    ]),
  );
const channelOf = (name: ChannelName): StreamChannel => ({
  name,
  version: () => String(version),
  read: () => ({ marketTime: time(), markets: marks() }),
});

async function subscribers(url: string): Promise<ChildProcess> {
  const request: SubscribersRequest = { url, connections: SUBSCRIBERS, slow: SLOW, channels: CHANNELS };
  const child = spawn(
    process.execPath,
    [join(import.meta.dirname, 'streams.process.js'), JSON.stringify(request)],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  await once(child.stdout, 'data');
  return child;
}

/** Rounds of the hub, as fast as they go. */
async function startHub(): Promise<{ url: string; hub: StreamHub }> {
  const hub = new StreamHub(
    CHANNELS.map(channelOf),
    undefined,
    {
      ...{ intervalMs: 1, share: 1, bufferBytes: 256 << 10, pendingMessages: 64 },
      ...{ connectionsPerHolder: SUBSCRIBERS, subscriptionsPerHolder: SUBSCRIBERS * CHANNELS.length },
    },
    (problem) => process.stderr.write(`${problem}\n`),
  );
  const fastify = Fastify();
  const caller = { keyId: null, scopes: null, accounts: null, holder: 'bench', ratePerSecond: null };
  await installStreams(
    fastify,
    hub,
    {
      authenticate: () => Promise.resolve(caller),
      admit: () => true,
      callerOf: () => Promise.resolve(caller),
    },
    [],
  );
  hub.start();
  return { url: await fastify.listen({ port: 0, host: '127.0.0.1' }), hub };
}

async function startPlain(): Promise<{ url: string; tell: () => void }> {
  const server = new WebSocketServer({
    port: 0,
    host: '127.0.0.1',
    path: '/v1/ws',
    perMessageDeflate: false,
  });
  await once(server, 'listening');
  const sockets: WebSocket[] = [];
  server.on('connection', (socket) => sockets.push(socket));
  const tell = () => {
    for (const channel of CHANNELS) {
      const frame = JSON.stringify({
        type: 'delta',
        channel,
        sequence: version,
        data: { marketTime: time(), markets: marks() },
      });
      for (const socket of sockets) if (socket.bufferedAmount < 256 << 10) socket.send(frame);
    }
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, tell };
}

/** CPU microseconds of a round by subscriber. */
async function measured(round: () => Promise<void> | void): Promise<number> {
  const before = process.cpuUsage();
  for (let i = 0; i < ROUNDS; i++) {
    version++;
    await round();
  }
  // Sockets finish their writes after the round: that time counts too.
  await sleep(50);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / ROUNDS / SUBSCRIBERS;
}

const hub = await startHub();
const plain = await startPlain();
const children = [await subscribers(hub.url), await subscribers(plain.url)];
await sleep(1500);
/** The round that sees the new version has ended once another has begun after it. */
const told = async () => {
  const begun = hub.hub.counts.rounds;
  while (hub.hub.counts.rounds < begun + 2) await sleep(1);
};
const found: { hub: number; plain: number; counted: number }[] = [];
for (let pair = -1; pair < PAIRS; pair++) {
  const { spentMs } = hub.hub.counts;
  const ofHub = await measured(told);
  const counted = (1000 * (hub.hub.counts.spentMs - spentMs)) / ROUNDS / SUBSCRIBERS;
  const each = { hub: ofHub, plain: await measured(plain.tell), counted: ofHub / counted };
  if (pair >= 0) found.push(each);
}
for (const child of children) child.kill('SIGKILL');
const median = (values: number[]) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)];
const [ours, theirs] = [median(found.map((each) => each.hub)), median(found.map((each) => each.plain))];
process.stdout.write(
  [
    `${SUBSCRIBERS} subscribers of ${CHANNELS.length} channels, ${SLOW} of whom never read, ${MARKETS} markets`,
    `a round: ${ours.toFixed(2)} µs of CPU a subscriber, ${(ours / CHANNELS.length).toFixed(2)} a frame; by ws: ${theirs.toFixed(2)}; median of ratios ${median(found.map((each) => each.hub / each.plain)).toFixed(2)}`,
    `CPU time over the time that the hub counts: ${median(found.map((each) => each.counted)).toFixed(2)}`,
    `at four rounds a second: ${((4 * ours * SUBSCRIBERS) / 1e4).toFixed(1)} % of a core; at a share of 0.02 a round every ${((ours * SUBSCRIBERS) / 0.02 / 1e6).toFixed(2)} s`,
    '',
  ].join('\n'),
);
process.exit(0);
