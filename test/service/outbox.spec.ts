import { Logger } from '@nestjs/common';
import fc from 'fast-check';
import type { DataSource } from 'typeorm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  type Broker,
  KafkaLog,
  OutboxRelay,
  type PackedBatch,
  RecordsRefusedError,
  SEQUENCE_HEADER,
  SOURCE_HEADER,
  unpackBatch,
} from '#lib/events';
import { eventually, startTestDatabase, type TestDatabase } from '../support/database.js';

/** A broker that refuses some records, is away at times, and loses its word after it has written. */
class MoodyBroker implements Pick<Broker, 'sendBatches'> {
  readonly written: { topic: string; value: string; source: string; sequence: number }[] = [];
  readonly acknowledged: string[] = [];
  requests = 0;

  constructor(
    readonly refused: Set<string>,
    private readonly moods: readonly ('well' | 'away' | 'forgetful')[],
    private readonly away = new Set<string>(),
  ) {}

  sendBatches(topic: string, batches: readonly PackedBatch[]): Promise<void> {
    const records = batches.flatMap(unpackBatch);
    const mood = this.moods[this.requests++] ?? 'well';
    if (mood === 'away' || this.away.has(topic)) return Promise.reject(new Error('nobody answers'));
    if (records.some(({ value }) => this.refused.has(value)))
      return Promise.reject(new RecordsRefusedError('too large'));
    for (const { value, headers } of records)
      this.written.push({
        ...{ topic, value, source: headers[SOURCE_HEADER] },
        sequence: Number(headers[SEQUENCE_HEADER]),
      });
    if (mood === 'forgetful') return Promise.reject(new Error('the connection is gone'));
    this.acknowledged.push(...records.map(({ value }) => value));
    return Promise.resolve();
  }
}

describe('the relay of the outbox', () => {
  let database: TestDatabase;
  let connection: DataSource;

  beforeAll(async () => {
    Logger.overrideLogger(false);
    database = await startTestDatabase();
    connection = await database.connect();
  });
  beforeEach(() => connection.query('truncate outbox, outbox_source, outbox_relay'));
  afterAll(() => database.stop());

  /** Publishes in transactions: successive messages of a source together. */
  async function fill(messages: readonly { source: string; topic: string; value: string }[]): Promise<void> {
    const log = new KafkaLog(connection, { codec: 'lz4' } as Broker, [], {
      prefix: '',
      partitions: 1,
      replication: 1,
    });
    for (let at = 0; at < messages.length;) {
      const { source } = messages[at];
      const next = messages.findIndex((message, i) => i > at && message.source !== source);
      const run = messages.slice(at, next < 0 ? undefined : next);
      await connection.transaction((manager) =>
        log.append(
          manager,
          source,
          run.map(({ topic, value }) => ({ topic, key: 'k', value })),
        ),
      );
      at += run.length;
    }
  }
  const waiting = async () => {
    const [{ count }] = await connection.query<[{ count: string }]>(
      'select coalesce(sum(messages), 0) as count from outbox',
    );
    return Number(count);
  };

  const message = fc.record({ source: fc.constantFrom('a', 'b'), topic: fc.constantFrom('x', 'y', 'z') });
  const moods = fc.array(
    fc.constantFrom('well' as const, 'well' as const, 'away' as const, 'forgetful' as const),
    {
      maxLength: 6,
    },
  );

  it('sends what it can, each message once and in order, whatever is refused', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(message, { minLength: 1, maxLength: 25 }),
        fc.array(fc.integer({ min: 0, max: 24 }), { maxLength: 3 }),
        moods,
        async (shapes, places, mood) => {
          await connection.query('truncate outbox, outbox_source, outbox_relay');
          const messages = shapes.map((shape, i) => ({
            ...shape,
            value: i % 5 === 3 ? `m\n${i}\n` : `m${i}`,
          }));
          await fill(messages);
          const refused = new Set(places.flatMap((place) => messages[place]?.value ?? []));
          const broker = new MoodyBroker(refused, mood);
          const relay = new OutboxRelay(connection, broker, (topic) => topic);
          relay.start();
          // Of each topic of each source, the messages before the first refused one.
          const blocked = new Set<string>();
          const due = messages.filter(({ source, topic, value }) => {
            if (refused.has(value)) blocked.add(`${source} ${topic}`);
            return !blocked.has(`${source} ${topic}`);
          });
          await eventually(
            async () => (await waiting()) === messages.length - due.length,
            'what can be sent',
          );
          expect([...broker.acknowledged].sort()).toEqual(due.map(({ value }) => value).sort());
          // Once nothing is refused any more, the rest follows.
          refused.clear();
          await eventually(async () => (await waiting()) === 0, 'the rest');
          await relay.close();
          expect(broker.acknowledged).toHaveLength(messages.length);
          for (const { source, topic } of messages) {
            const own = broker.written.filter((each) => each.source === source && each.topic === topic);
            // A number comes again only where the broker has not said that it was written.
            const first = own.filter((each, i) => own.findIndex((e) => e.sequence === each.sequence) === i);
            expect(first.map(({ value }) => value)).toEqual(
              messages
                .filter((each) => each.source === source && each.topic === topic)
                .map(({ value }) => value),
            );
          }
        },
      ),
      { numRuns: 12 },
    );
  }, 120_000);

  it('does not send a topic again because another one refuses', async () => {
    await fill([
      { source: 'a', topic: 'x', value: 'good' },
      { source: 'a', topic: 'y', value: 'too large' },
      { source: 'a', topic: 'z', value: 'after' },
    ]);
    const broker = new MoodyBroker(new Set(['too large']), []);
    const relay = new OutboxRelay(connection, broker, (topic) => topic);
    relay.start();
    await eventually(() => broker.acknowledged.length === 2, 'the others');
    const before = broker.requests;
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(broker.written.map(({ value }) => value)).toEqual(['good', 'after']);
    // Tried again after 100, 200, 400, 800 ms, and with every look in between once at most.
    expect(broker.requests - before).toBeLessThanOrEqual(5);
    await relay.close();
    expect(await waiting()).toBe(1);
  });

  it('goes on with other topics where one has no leader', async () => {
    await fill(['x', 'y', 'z'].map((topic) => ({ source: 'a', topic, value: topic })));
    const broker = new MoodyBroker(new Set(), [], new Set(['x']));
    const relay = new OutboxRelay(connection, broker, (topic) => topic);
    relay.start();
    await eventually(() => broker.acknowledged.length === 2, 'the others');
    await relay.close();
    expect(broker.acknowledged).toEqual(['y', 'z']);
  });
});
