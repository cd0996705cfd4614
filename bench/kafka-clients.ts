import { setTimeout as sleep } from 'node:timers/promises';
import { type Broker, type BrokerRecord, connectBroker, KAFKA_CLIENTS } from '#lib/events';
import { startTestBroker } from '../test/support/kafka.js';
import { percentile } from './harness.js';

// node dist/bench/kafka-clients.js: the two clients behind libs/events on one broker, one after the other, in this process.

const RECORD = JSON.stringify({
  ...{ schemaVersion: 1, id: 'trade-0123456789', sequence: 1, time: 1_767_225_600_000 },
  payload: { tradeId: 'trade-0123456789', account: 'trader-1', legs: [{ market: 'BTC', size: '0.5' }] },
});
const record = (key: string): BrokerRecord => ({ key, partition: 0, value: RECORD, headers: { at: '' } });

/** Microseconds of processor time. */
function processor(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

async function measure(name: string, broker: Broker, topic: string): Promise<void> {
  await broker.ensureTopics([{ topic, partitions: 1, config: {} }]);
  const [batches, size] = [300, 100];
  const batch = Array.from({ length: size }, (_, i) => record(`k${i}`));
  for (let i = 0; i < 20; i++) await broker.send(topic, batch);
  let [started, busy] = [performance.now(), processor()];
  for (let i = 0; i < batches; i++) await broker.send(topic, batch);
  const sent = batches * size;
  const sendSeconds = (performance.now() - started) / 1000;
  const sendCpu = (processor() - busy) / sent;

  const total = sent + 20 * size;
  let read = 0;
  const times: number[] = [];
  const subscription = await broker.subscribe({
    ...{ group: `${topic}-group`, topics: [topic], maximumWaitMs: 50 },
    share: () => new Map([[topic, [0]]]),
    onAssigned: () => Promise.resolve([{ topic, partition: 0, offset: 0n }]),
    onRecords: (_topic, _partition, records) => {
      if (read === 0) [started, busy] = [performance.now(), processor()];
      read += records.length;
      for (const { headers } of records) if (headers.at) times.push(performance.now() - Number(headers.at));
    },
  });
  while (read < total) await sleep(5);
  const readSeconds = (performance.now() - started) / 1000;
  const readCpu = (processor() - busy) / total;

  for (let i = 0; i < 1500; i++) {
    void broker.sendFast(topic, [{ ...record('k'), headers: { at: String(performance.now()) } }]);
    await sleep(2);
  }
  for (let waited = 0; times.length < 1500 && waited < 200; waited++) await sleep(20);
  const sorted = times.slice(300).sort((a, b) => a - b);
  await subscription.close();
  await broker.close();
  process.stdout.write(
    `${name}: sends ${Math.round(sent / sendSeconds)} records/s at ${sendCpu.toFixed(1)} µs of CPU, ` +
      `reads ${Math.round(total / readSeconds)}/s at ${readCpu.toFixed(1)} µs, ` +
      `sent to read p50 ${percentile(sorted, 0.5).toFixed(2)} ms, p99 ${percentile(sorted, 0.99).toFixed(2)} ms\n`,
  );
}

const broker = await startTestBroker();
try {
  const connection = { brokers: [broker.address], clientId: 'bench' };
  for (let round = 0; round < 3; round++) {
    for (const client of KAFKA_CLIENTS)
      await measure(client, await connectBroker(client, connection), `bench-${client}-${round}`);
  }
} finally {
  await broker.remove();
}
process.exit(0);
