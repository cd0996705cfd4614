// Long because each promise of a log is asked of both logs.
import 'reflect-metadata';
import { Controller, type INestMicroservice, Module } from '@nestjs/common';
import { APP_FILTER, NestFactory } from '@nestjs/core';
import { Ctx, Payload } from '@nestjs/microservices';
import type { DataSource } from 'typeorm';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { InvalidInputError } from '#lib/errors';
import {
  Consume,
  ConsumeContext,
  EmbeddedLog,
  type EventLog,
  KafkaLog,
  type Lane,
  LaneOwners,
  partitionOf,
  SEQUENCE_HEADER,
  SOURCE_HEADER,
  transportOf,
} from '#lib/events';
import { defineTopic, type Message, outgoing, TOPICS } from '#lib/messages';
import { ProblemFilter } from '#lib/service';
import { eventually, startTestDatabase, type TestDatabase } from '../support/database.js';
import { noKafka, startTestBroker, type TestBroker } from '../support/kafka.js';
import { embeddedSubject, kafkaSubject, type Subject } from '../support/log-subjects.js';

// Promises of a log to its consumers, kept by both: the tables that stand in for Kafka, and Kafka.

const PARTITIONS = 4;
const NOON = Date.UTC(2026, 0, 1, 12);

const numbers = defineTopic({
  name: 'numbers',
  description: 'test',
  key: 'none',
  partitioned: false,
  retention: { days: 30 },
  retainRecords: 5,
  schemaVersion: 1,
  payload: z.strictObject({ value: z.int() }),
});
const doubled = defineTopic({ ...numbers, name: 'doubled' });
const causes = defineTopic({ ...numbers, name: 'causes' });
const keyed = defineTopic({ ...numbers, name: 'keyed', key: 'name', partitioned: true });
const latest = defineTopic({ ...numbers, name: 'latest', retention: 'compacted' });
const ON = {
  partitions: PARTITIONS,
  topics: [numbers, doubled, causes, keyed, latest, TOPICS.consumption] as never,
};

const SINGLE: Lane = { name: 'test', spread: 'single' };
const SHARED: Lane = { name: 'shared', spread: 'partitions' };

type NumberMessage = Message<{ value: number }>;
const number = (value: number, topic: typeof numbers = numbers, key = 'k') =>
  outgoing(topic, key, { id: `n${value}`, sequence: value, time: NOON }, { value });

/** The handlers' work on each batch; replaced by the tests. */
type Handler = (messages: NumberMessage[], context: ConsumeContext, topic: string) => Promise<void> | void;
let handle: Handler = () => undefined;
/** values by the topic they came from, and who got them */
const seen: { topic: string; value: number; unit: number; service: number }[] = [];
const valuesOf = (topic: string) => seen.filter((each) => each.topic === topic).map(({ value }) => value);

async function take(topic: string, messages: NumberMessage[], context: ConsumeContext, service: number) {
  await handle(messages, context, topic);
  const { unit } = context;
  context.afterCommit(() =>
    seen.push(...messages.map(({ payload: { value } }) => ({ topic, value, unit, service }))),
  );
}

/** Each service of a test has controllers of its own, so that handlers can be told apart. */
function moduleOf(service: number) {
  @Controller()
  class NumbersController {
    @Consume(causes, { lane: SINGLE, batch: 10 })
    causes(@Payload() messages: NumberMessage[], @Ctx() context: ConsumeContext): Promise<void> {
      return take('causes', messages, context, service);
    }
    @Consume(numbers, { lane: SINGLE, batch: 10 })
    numbers(@Payload() messages: NumberMessage[], @Ctx() context: ConsumeContext): Promise<void> {
      return take('numbers', messages, context, service);
    }
    @Consume(keyed, { lane: SHARED, batch: 10 })
    keyed(@Payload() messages: NumberMessage[], @Ctx() context: ConsumeContext): Promise<void> {
      return take('keyed', messages, context, service);
    }
    @Consume(latest, { lane: SHARED, batch: 10, everyUnit: true })
    latest(@Payload() messages: NumberMessage[], @Ctx() context: ConsumeContext): Promise<void> {
      return take('latest', messages, context, service);
    }
  }
  @Module({ controllers: [NumbersController], providers: [{ provide: APP_FILTER, useClass: ProblemFilter }] })
  class NumbersModule {}
  return NumbersModule;
}

const kafkaIsMissing = noKafka();
if (kafkaIsMissing !== undefined) console.warn(`Kafka is not tested: ${kafkaIsMissing}`);

const kinds = kafkaIsMissing === undefined ? (['embedded', 'kafka'] as const) : (['embedded'] as const);
describe.each(kinds)('the %s log', (kind) => {
  let database: TestDatabase;
  let broker: TestBroker | undefined;
  let connection: DataSource;
  let log: EventLog;
  let subject: Subject;
  let rounds = 0;
  const services: INestMicroservice[] = [];
  const logs: EventLog[] = [];
  let restored: string[] = [];
  let released: string[] = [];

  beforeAll(async () => {
    database = await startTestDatabase();
    if (kind === 'kafka') broker = await startTestBroker();
  }, 120_000);
  beforeEach(async () => {
    connection = await database.connect();
    const prefix = `round${++rounds}.`;
    subject = kind === 'embedded' ? embeddedSubject(connection, ON) : kafkaSubject(broker!, ON, prefix);
    log = await subject.open(connection);
    logs.push(log);
  });
  afterEach(async () => {
    await Promise.all(services.splice(0).map((service) => service.close()));
    await Promise.all(logs.splice(0).map((each) => each.close()));
    seen.length = 0;
    restored = [];
    released = [];
    handle = () => undefined;
    await connection.query(
      `truncate log_record, log_partition, consumer_offset, service_state, outbox, outbox_source, outbox_relay`,
    );
    await connection.destroy();
  });
  afterAll(async () => {
    await broker?.remove();
    await database.stop();
  });

  async function start(): Promise<INestMicroservice> {
    const owners = new LaneOwners();
    const name = services.length;
    for (const lane of [SINGLE, SHARED]) {
      owners.register(lane, {
        restore: (unit) => Promise.resolve(void restored.push(`${name}:${lane.name}/${unit}`)),
        release: (unit) => void released.push(`${name}:${lane.name}/${unit}`),
      });
    }
    // Each process has a client of its own, and closes it when it ends.
    const own = await subject.open(connection);
    const strategy = transportOf(own, connection, owners);
    const service = await NestFactory.createMicroservice(moduleOf(name), { strategy, logger: false });
    services.push(service);
    await service.listen();
    return service;
  }
  const drained = () => log.drained(AbortSignal.timeout(30_000));
  const payloads = async (topic: string) =>
    (await subject.read(topic)).map(
      ({ value }) => JSON.parse(value) as { reason: string; payload: { value: number } },
    );
  const upTo = (count: number) => Array.from({ length: count }, (_, i) => i);

  it('delivers everything in order, in batches, to a consumer that starts late', async () => {
    for (let i = 0; i < 25; i += 5) await log.publish(upTo(5).map((j) => number(i + j)));
    let largest = 0;
    handle = (messages) => void (largest = Math.max(largest, messages.length));
    await start();
    await eventually(() => seen.length === 25, '25 messages');
    await log.publish([number(25)]);
    await eventually(() => seen.length === 26, 'one more');
    expect(valuesOf('numbers')).toEqual(upTo(26));
    expect(largest).toBeGreaterThan(1);
    expect(largest).toBeLessThanOrEqual(10);
  });

  it('keeps the order of each key, and sends a key where every client of Kafka would', async () => {
    const keys = upTo(12).map((i) => `key-${i}`);
    const sent = upTo(240).map((i) => number(i, keyed, keys[i % 12]));
    for (let i = 0; i < 240; i += 40) await log.publish(sent.slice(i, i + 40));
    await start();
    await eventually(() => valuesOf('keyed').length === 240, 'all');
    for (const [i, key] of keys.entries()) {
      const own = seen.filter(({ topic, value }) => topic === 'keyed' && value % 12 === i);
      expect(own.map(({ value }) => value)).toEqual(upTo(20).map((j) => 12 * j + i));
      expect(new Set(own.map(({ unit }) => unit))).toEqual(new Set([partitionOf(key, PARTITIONS)]));
    }
    // Java's client on these keys: murmur2 of their bytes, without its sign.
    expect(['21', 'foobar', 'abc', 'a-little-bit-long-string'].map((key) => partitionOf(key, 1000))).toEqual([
      340, 166, 107, 112,
    ]);
  });

  it('commits state, messages and offset together, and goes on there after a restart', async () => {
    handle = async (messages, context) => {
      for (const { payload } of messages) {
        await context.manager.query(
          `insert into service_state values ('test', $1, '1') on conflict (service, name) do update set value = to_json(service_state.value::text::int + 1)`,
          [String(payload.value)],
        );
        const header = { id: `d${payload.value}`, sequence: 0, time: NOON };
        context.publish(outgoing(doubled, 'k', header, { value: 2 * payload.value }));
      }
    };
    await log.publish([number(1), number(2)]);
    await start();
    await eventually(() => seen.length === 2, 'two messages');
    await services.pop()!.close();
    await log.publish([number(3)]);
    await start();
    await eventually(() => seen.length === 3, 'three messages');
    await drained();
    const rows = await connection.query<{ value: number }[]>(
      `select value from service_state where service = 'test'`,
    );
    expect(rows.map(({ value }) => value)).toEqual([1, 1, 1]);
    expect((await payloads('doubled')).map(({ payload }) => payload.value)).toEqual([2, 4, 6]);
  });

  it('takes nothing of a batch whose handler fails, restores, and tries it again', async () => {
    let failures = 2;
    handle = async (messages, context) => {
      await context.manager.query(`insert into service_state values ('test', $1, '1')`, [
        String(messages[0].payload.value),
      ]);
      context.publish(outgoing(doubled, 'k', { id: 'd', sequence: 0, time: NOON }, { value: 0 }));
      if (failures-- > 0) throw new Error('the database is gone');
    };
    await log.publish([number(1)]);
    await start();
    await eventually(() => seen.length === 1, 'the message');
    await drained();
    expect(restored.filter((unit) => unit === '0:test/0')).toHaveLength(3);
    expect(await payloads('doubled')).toHaveLength(1);
  });

  it('sends poison to the dead-letter topic with its reason, and goes on', async () => {
    handle = (messages) => {
      if (messages.some(({ payload }) => payload.value === 2))
        throw new InvalidInputError('value', 'must not be two');
    };
    await log.publish([number(1)]);
    await subject.raw('numbers', 'not json');
    const wrong = { schemaVersion: 1, id: 'x', sequence: 0, time: NOON, payload: { value: 'text' } };
    await subject.raw('numbers', JSON.stringify(wrong));
    await log.publish([number(2), number(3)]);
    await start();
    await eventually(() => seen.length === 2, 'the good messages');
    expect(valuesOf('numbers')).toEqual([1, 3]);
    await eventually(async () => (await payloads('numbers.dead')).length === 3, 'dead letters');
    const reasons = (await payloads('numbers.dead')).map(({ reason }) => reason);
    expect(reasons[0]).toMatch(/not JSON/);
    expect(reasons[1]).toMatch(/payload\.value/);
    expect(reasons[2]).toMatch(/value: must not be two/);
  });

  it('dead-letters what a handler rejects one by one', async () => {
    handle = (messages, context) => {
      messages.forEach(({ payload }, i) => {
        if (payload.value % 2 === 0) context.reject(i, 'even');
      });
    };
    await log.publish([number(1), number(2), number(3), number(4)]);
    await start();
    await eventually(() => seen.length === 4, 'all');
    await drained();
    expect((await payloads('numbers.dead')).map(({ reason }) => reason)).toEqual(['even', 'even']);
  });

  it('handles nothing before what has caused it, whatever topic that is in', async () => {
    await start();
    for (let i = 0; i < 40; i++) {
      await log.publish([number(i, causes)]);
      await log.publish([number(i)]);
    }
    await eventually(() => valuesOf('numbers').length === 40, 'all');
    for (let i = 0; i < 40; i++) {
      const at = (topic: string) => seen.findIndex((each) => each.topic === topic && each.value === i);
      expect(at('causes')).toBeLessThan(at('numbers'));
    }
  });

  it('knows what a relay sends a second time', async () => {
    await start();
    const headers = (sequence: number) => ({
      [SOURCE_HEADER]: 'elsewhere',
      [SEQUENCE_HEADER]: String(sequence),
    });
    for (const i of [1, 2, 3, 2, 3, 4, 1]) await subject.raw('numbers', number(i).value, headers(i));
    await eventually(() => valuesOf('numbers').includes(4), 'the last');
    await drained();
    expect(valuesOf('numbers')).toEqual([1, 2, 3, 4]);
  });

  it('holds no more in memory than a slow consumer can take, and loses nothing of the rest', async () => {
    const count = 30_000;
    for (let i = 0; i < count; i += 5_000)
      await log.publish(upTo(5_000).map((j) => number(i + j, keyed, 'one')));
    handle = async (messages) => {
      // At first slower than anything can be read.
      if (messages[0].payload.value < 100) await new Promise((resolve) => setTimeout(resolve, 100));
    };
    await start();
    await eventually(() => valuesOf('keyed').length === count, 'all', 120_000);
    expect(valuesOf('keyed')).toEqual(upTo(count));
  }, 150_000);

  it('gives every unit all of a topic that is for every unit', async () => {
    await start();
    await log.publish(upTo(3).map((i) => number(i, latest)));
    await eventually(() => valuesOf('latest').length === 3 * PARTITIONS, 'every unit');
    for (let unit = 0; unit < PARTITIONS; unit++) {
      const own = seen.filter((each) => each.topic === 'latest' && each.unit === unit);
      expect(own.map(({ value }) => value)).toEqual([0, 1, 2]);
    }
  });

  it('shares the work of a third that joins under load, without loss or a duplicate', async () => {
    handle = async () => {
      await new Promise((resolve) => setTimeout(resolve, 5));
    };
    await start();
    await start();
    let sent = 0;
    const send = async () => {
      await log.publish(upTo(20).map((i) => number(sent + i, keyed, `key-${(sent + i) % 50}`)));
      sent += 20;
    };
    for (let i = 0; i < 20; i++) await send();
    await start();
    for (let i = 0; i < 100; i++) {
      await send();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await drained();
    expect(valuesOf('keyed').sort((a, b) => a - b)).toEqual(upTo(sent));
    if (kind === 'embedded') return;
    // Partitions are shared by three, and the oldest keeps unshared topics.
    const late = seen.slice(-200).filter(({ topic }) => topic === 'keyed');
    expect(new Set(late.map(({ service }) => service))).toEqual(new Set([0, 1, 2]));
    expect(restored.filter((unit) => unit.endsWith(':test/0'))).toEqual(['0:test/0']);
    // One that leaves leaves its work to the others.
    await services.shift()!.close();
    await log.publish([number(0)]);
    for (let i = 0; i < 10; i++) await send();
    await drained();
    expect(valuesOf('keyed').sort((a, b) => a - b)).toEqual(upTo(sent));
    expect(restored).toContain('1:test/0');
  }, 60_000);

  if (kind === 'embedded') {
    it('keeps what a slow unit has not read, and trims the rest', async () => {
      const tables = log as EmbeddedLog;
      await start();
      for (let i = 0; i < 20; i++) await log.publish([number(i)]);
      await eventually(() => seen.length === 20, 'all');
      await connection.query(
        `insert into consumer_offset (consumer_group, topic, partition, next_offset) values ('slow', 'numbers', 0, 0)`,
      );
      expect(await tables.trim('numbers', 5)).toBe(0);
      await connection.query(`update consumer_offset set next_offset = 12 where consumer_group = 'slow'`);
      expect(await tables.trim('numbers', 5)).toBe(12);
      expect((await tables.read('numbers', 0, 0n, 100)).map(({ offset }) => Number(offset))).toEqual([
        12, 13, 14, 15, 16, 17, 18, 19,
      ]);
    });
    return;
  }

  it('creates topics with the partitions, retention and compaction they are to have', async () => {
    const { ConfigResourceTypes, Kafka, logLevel } = await import('kafkajs');
    const admin = new Kafka({ brokers: [broker!.address], logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    const name = (topic: string) => (log as KafkaLog).nameOf(topic);
    const { topics } = await admin.fetchTopicMetadata({ topics: [name('keyed'), name('numbers')] });
    expect(topics.map(({ partitions }) => partitions.length).sort()).toEqual([1, PARTITIONS]);
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: [
        {
          type: ConfigResourceTypes.TOPIC,
          name: name('numbers'),
          configNames: ['retention.ms', 'cleanup.policy'],
        },
        { type: ConfigResourceTypes.TOPIC, name: name('latest'), configNames: ['cleanup.policy'] },
      ],
    });
    const configs = resources.map(({ configEntries }) =>
      Object.fromEntries(configEntries.map(({ configName, configValue }) => [configName, configValue])),
    );
    expect(configs).toEqual([
      { 'retention.ms': String(30 * 24 * 3600 * 1000), 'cleanup.policy': 'delete' },
      { 'cleanup.policy': 'compact' },
    ]);
    await admin.disconnect();
    // Keys would change places: that is refused.
    const other = new KafkaLog(connection, (log as KafkaLog).broker, ON.topics, {
      prefix: name(''),
      partitions: PARTITIONS + 1,
      replication: 1,
    });
    await expect(other.open()).rejects.toThrow(/keyed has 4 partitions, 5 are configured/);
  });

  it('says so where records are gone that were not consumed', async () => {
    await start();
    await log.publish(upTo(5).map((i) => number(i)));
    await drained();
    await services.pop()!.close();
    await connection.query(`update consumer_offset set next_offset = 100 where topic = 'numbers'`);
    let complaint = '';
    const strategy = transportOf(await subject.open(connection), connection, new LaneOwners());
    const service = await NestFactory.createMicroservice(moduleOf(9), {
      strategy,
      logger: {
        log: () => undefined,
        warn: () => undefined,
        error: (message: unknown) => (complaint += String(message)),
      },
    });
    services.push(service);
    await service.listen();
    await eventually(() => complaint.includes('records are lost'), 'the complaint');
    expect(complaint).toMatch(/test goes on at 100 of numbers\/0, which has 0 to 5/);
  });
});
