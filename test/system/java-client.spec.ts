import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KAFKA_JARS, noKafka } from '../support/kafka.js';
import { ROOT } from '../support/python.js';
import { startTopology, type Topology } from '../support/topology.js';

// "From nothing to a first trade" of docs/api.md, followed with Java's client on its defaults.

const missing = noKafka();
describe.skipIf(missing !== undefined)('a first trade', () => {
  let topology: Topology;
  beforeAll(async () => {
    topology = await startTopology({ TOPIC_PARTITIONS: '3' });
    for (const name of ['forecaster', 'pricer'] as const) await topology.start(name);
  }, 240_000);
  afterAll(() => topology.stop(), 60_000);

  it('is booked at the terms of its quote by a program that knows the documents alone', async () => {
    const source = join(ROOT, 'test/clients/FirstTrade.java');
    const args = ['-cp', join(KAFKA_JARS, '*'), source, topology.environment.KAFKA_BROKERS!, '40', '3600000'];
    const child = spawn('java', args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const texts = ['', ''];
    [child.stdout, child.stderr].forEach((stream, i) =>
      stream.setEncoding('utf8').on('data', (chunk: string) => (texts[i] += chunk)),
    );
    const [code] = (await once(child, 'close')) as [number | null];
    expect([code, texts[1]]).toEqual([0, expect.any(String)]);
    const event = JSON.parse(texts[0]) as Record<string, unknown>;
    expect(event).toMatchObject({ kind: 'trade-booked', tradeId: 'trade-1', account: 'alice' });
    expect(event.quoteId).toEqual(expect.any(String));
  }, 240_000);
});
