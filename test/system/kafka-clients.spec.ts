// Long because each promise is asked of both clients.
import 'reflect-metadata';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { Controller, type INestMicroservice, Module } from '@nestjs/common';
import { APP_FILTER, NestFactory } from '@nestjs/core';
import { Ctx, Payload } from '@nestjs/microservices';
import { Kafka, logLevel } from 'kafkajs';
import { compressFrameSync as lz4 } from 'lz4-napi';
import { compressSync as snappy } from 'snappy';
import type { DataSource } from 'typeorm';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  Consume,
  deadLetters as readDeadLetters,
  ConsumeContext,
  type DeadLetter,
  type EventLog,
  type Lane,
  LaneOwners,
  requeue,
  SEQUENCE_HEADER,
  skipRecords,
  SOURCE_HEADER,
  transportOf,
} from '#lib/events';
import { ProblemFilter } from '#lib/service';
import { defineTopic, type Message, outgoing, TOPICS } from '#lib/messages';
import { eventually, startTestDatabase, type TestDatabase } from '../support/database.js';
import { noKafka, startTestBroker, type TestBroker } from '../support/kafka.js';
import { kafkaSubject, type Subject } from '../support/log-subjects.js';
import { type BatchRecord, encodeBatch, produce, zstdFrame } from '../support/record-batches.js';

// Everything that a client may legally send, and messages that none should: the partition goes on, and nothing is lost or doubled.

const PARTITIONS = 3;
const NOON = Date.UTC(2026, 0, 1, 12);
const values = defineTopic({
  name: 'values',
  description: 'test',
  key: 'none',
  partitioned: true,
  retention: { days: 30 },
  retainRecords: 5,
  schemaVersion: 1,
  payload: z.strictObject({ value: z.int() }),
});
const later = defineTopic({ ...values, name: 'later', outsiders: ['matching-engine'] });
const copies = defineTopic({ ...values, name: 'copies' });
const ON = { partitions: PARTITIONS, topics: [values, later, copies, TOPICS.consumption] as never };
const LANE: Lane = { name: 'test', spread: 'single' };

type ValueMessage = Message<{ value: number }>;
const seen: number[] = [];
/** a value that the handlers fail on, as they would for a bug */
let broken: number | undefined;
const take = (messages: ValueMessage[], context: ConsumeContext) => {
  if (messages.some(({ payload }) => payload.value === broken)) throw new Error('a bug');
  for (const [i, { payload, id }] of messages.entries()) {
    const copy = outgoing(copies, 'k', { id, sequence: 0, time: NOON }, payload);
    context.publish({ ...copy, headers: context.headersOf(i) });
  }
  context.afterCommit(() => seen.push(...messages.map(({ payload }) => payload.value)));
};

@Controller()
class ValuesController {
  @Consume(values, { lane: LANE, batch: 10 })
  values(@Payload() messages: ValueMessage[], @Ctx() context: ConsumeContext): void {
    take(messages, context);
  }
  @Consume(later, { lane: LANE, batch: 10 })
  later(@Payload() messages: ValueMessage[], @Ctx() context: ConsumeContext): void {
    take(messages, context);
  }
}
@Module({ controllers: [ValuesController], providers: [{ provide: APP_FILTER, useClass: ProblemFilter }] })
class ValuesModule {}

const text = (value: number) =>
  JSON.stringify({ schemaVersion: 1, id: `v${value}`, sequence: value, time: NOON, payload: { value } });
const record = (value: number, more: Partial<BatchRecord> = {}): BatchRecord => ({
  key: `k${value}`,
  value: text(value),
  ...more,
});

const missing = noKafka();
describe.skipIf(missing !== undefined)('whatever a client sends', () => {
  let database: TestDatabase;
  let broker: TestBroker;
  let connection: DataSource;
  let subject: Subject;
  let log: EventLog;
  let owners: LaneOwners;
  let rounds = 0;
  let prefix: string;
  const services: INestMicroservice[] = [];

  beforeAll(async () => {
    [database, broker] = await Promise.all([startTestDatabase(), startTestBroker()]);
  }, 120_000);
  beforeEach(async () => {
    connection = await database.connect();
    prefix = `round${++rounds}.`;
    subject = kafkaSubject(broker, ON, prefix);
    log = await subject.open(connection);
    seen.length = 0;
    broken = undefined;
  });
  afterEach(async () => {
    await Promise.all(services.splice(0).map((service) => service.close()));
    await log.close();
    await connection.query('truncate consumer_offset, outbox, outbox_source, outbox_relay');
    await connection.destroy();
  });
  afterAll(async () => {
    await broker.remove();
    await database.stop();
  });

  async function start(): Promise<INestMicroservice> {
    owners = new LaneOwners();
    const strategy = transportOf(await subject.open(connection), connection, owners);
    const service = await NestFactory.createMicroservice(ValuesModule, { strategy, logger: false });
    services.push(service);
    await service.listen();
    return service;
  }
  const sent = (set: Buffer, topic = 'values', partition = 0) =>
    produce(broker.address, prefix + topic, partition, set);
  const send = async (...what: Parameters<typeof sent>) => {
    expect(await sent(...what)).toBe(0);
  };
  const inOrder = () => [...seen].sort((a, b) => a - b);
  const drained = () => log.drained(AbortSignal.timeout(50_000));
  const deadLetters = async () =>
    (await subject.read('values.dead')).map(({ value }) => JSON.parse(value) as DeadLetter);

  it('is read in every codec', async () => {
    await start();
    const packs = [(data: Buffer) => data, gzipSync, snappy, lz4, zstdFrame];
    for (const [codec, pack] of packs.entries())
      await send(encodeBatch([record(2 * codec), record(2 * codec + 1)], { attributes: codec, pack }));
    await eventually(() => seen.length === 10, 'all codecs');
    expect(inOrder()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    await drained();
    expect(await deadLetters()).toEqual([]);
  });

  it('may have headers without a value, several of a name, and of any bytes; and no key', async () => {
    await start();
    const headers = [
      ['correlation-id', null],
      ['traceparent', 'first'],
      ['traceparent', 'last'],
      ['tracestate', 'with\0zero'],
      ['x-binary', Buffer.from([0xff, 0xfe, 0])],
    ] as const;
    const long = Array.from({ length: 5_000 }, (_, i) => [`h${i}`, 'x'] as const);
    await send(encodeBatch([record(0, { headers }), record(1, { key: null }), record(2, { headers: long })]));
    const zero = Buffer.from([0]);
    await send(encodeBatch([record(3, { key: zero }), { key: zero, value: 'no JSON\0', headers: long }]));
    await send(encodeBatch([record(4)]));
    await eventually(() => seen.length === 5, 'all');
    expect(seen).toEqual([0, 1, 2, 3, 4]);
    await drained();
    const reason = expect.stringMatching(/^not JSON/) as string;
    expect(await deadLetters()).toMatchObject([{ reason, offset: '4', key: '\0' }]);
  });

  it('may be framed for a schema registry', async () => {
    await start();
    const framed = Buffer.concat([Buffer.from([0, 0, 0, 0x9f, 0xff]), Buffer.from(text(7))]);
    await send(encodeBatch([{ value: framed }]));
    await eventually(() => seen.length === 1, 'the message');
  });

  it('has dead letters for tombstones, for bytes that are no text, and for values of any length', async () => {
    await start();
    // Each of these characters takes six in JSON.
    const huge = '\u0001'.repeat(900_000);
    await send(encodeBatch([{ value: null }, { value: Buffer.from([0x22, 0xff, 0x22]) }, { value: '' }]));
    for (let i = 0; i < 3; i++) await send(encodeBatch([{ value: huge }]));
    await send(encodeBatch([record(1)]));
    await eventually(() => seen.length === 1, 'the good one');
    await drained();
    const letters = await deadLetters();
    expect(letters.map(({ offset }) => offset)).toEqual(['0', '1', '2', '3', '4', '5']);
    expect(letters[0].reason).toBe('it has no value: a tombstone');
    expect(letters[1]).toMatchObject({ reason: 'its value is not UTF-8', encoding: 'base64', value: 'Iv8i' });
    expect(letters[3].cut).toMatchObject({ length: 900_000 });
  });

  it('counts once its transaction is committed, and not at all where it is given up', async () => {
    const client = new Kafka({
      brokers: [broker.address],
      logLevel: logLevel.NOTHING,
      retry: { initialRetryTime: 5, retries: 20 },
    });
    const producer = client.producer({ transactionalId: prefix, maxInFlightRequests: 1, idempotent: true });
    const other = client.producer({
      transactionalId: `${prefix}2`,
      maxInFlightRequests: 1,
      idempotent: true,
    });
    await Promise.all([producer.connect(), other.connect()]);
    const topic = `${prefix}values`;
    await start();
    const given = await producer.transaction();
    const kept = await other.transaction();
    // Four zero bytes as a key look like a marker to kafkajs.
    const messages = [100, 101].map((value) => ({ key: Buffer.alloc(4), value: text(value), partition: 0 }));
    await given.send({ topic, messages });
    await kept.send({ topic, messages: [{ value: text(0), partition: 0 }] });
    await given.send({ topic, messages });
    await given.abort();
    await kept.commit();
    await eventually(() => seen.length === 1, 'what was committed');
    // Its partition ends with markers: they must not keep a later topic waiting.
    await send(encodeBatch([record(1)]), 'later');
    await eventually(() => seen.length === 2, 'what a later topic has');
    await drained();
    expect((await log.lag()).map(({ records }) => records)).toEqual((await log.lag()).map(() => 0n));
    // An open transaction holds back later messages of its partition, and no others.
    const open = await producer.transaction();
    await open.send({ topic, messages: [{ value: text(3), partition: 0 }] });
    await send(encodeBatch([record(4)]));
    await send(encodeBatch([record(2)]), 'values', 1);
    await eventually(() => seen.length === 3, 'what another partition has');
    await open.commit();
    await eventually(() => seen.length === 5, 'what the transaction held back');
    expect(seen).toEqual([0, 1, 2, 3, 4]);
    await Promise.all([producer.disconnect(), other.disconnect()]);
  });

  it('is refused by the broker where it is of an older format, or of none', async () => {
    // Brokers of today do not take the requests such batches came in; in a request of today they are invalid.
    expect(await sent(encodeBatch([record(0)], { format: 1 }))).not.toBe(0);
    expect(await sent(encodeBatch([]))).not.toBe(0);
    expect(await sent(encodeBatch([record(0)], { attributes: 6 }))).not.toBe(0);
    await expect(
      produce(broker.address, `${prefix}values`, 0, encodeBatch([record(0)]), 2),
    ).rejects.toThrow();
    await start();
    await send(encodeBatch([record(1)]));
    await eventually(() => seen.length === 1, 'the good one');
    expect(seen).toEqual([1]);
  });

  it('is passed over by its offsets where it cannot be read, and the partition goes on', async () => {
    const mark = 'the-one-that-rots';
    await send(encodeBatch([record(0)]));
    await send(encodeBatch([record(1, { headers: [['mark', mark]] }), record(2), record(3)]));
    await send(encodeBatch([record(4)]));
    await broker.stop();
    const segment = join(broker.directory, 'data', `${prefix}values-0`, '00000000000000000000.log');
    const bytes = readFileSync(segment);
    bytes[bytes.indexOf(mark)] ^= 1;
    writeFileSync(segment, bytes);
    await broker.start();
    await start();
    await eventually(() => seen.length === 2, 'what can be read', 60_000);
    expect(seen).toEqual([0, 4]);
    await drained();
    expect(await deadLetters()).toEqual([
      {
        ...{ reason: 'its checksum is wrong', topic: 'values', partition: 0, from: '1', offset: '3' },
        ...{ key: '', headers: {}, value: '' },
      },
    ]);
    // Whoever takes the unit over goes on after it.
    await services.pop()!.close();
    await start();
    await send(encodeBatch([record(5)]));
    await eventually(() => seen.length === 3, 'the next one');
  });

  it('may name a service in its headers, where outsiders write: nothing is taken for sent again', async () => {
    await start();
    const forged = (sequence: string) =>
      [
        [SOURCE_HEADER, 'test'],
        [SEQUENCE_HEADER, sequence],
      ] as const;
    await send(encodeBatch([record(0, { headers: forged('9007199254740991') })]), 'later');
    await send(encodeBatch([record(1, { headers: forged('1') })]), 'later');
    await eventually(() => seen.length === 2, 'both');
  });

  it('is passed over by an operator’s order where a unit fails on it, and put back once that is mended', async () => {
    broken = 1;
    await start();
    await send(encodeBatch([record(0)]));
    await send(encodeBatch([record(1), record(2)]));
    await eventually(() => seen.length === 1 && owners.problems().length === 1, 'the loop to be noticed');
    expect(owners.problems()).toEqual([{ name: 'test', problem: 'fails again and again: a bug' }]);
    const logger = { log: () => undefined, warn: () => undefined, error: () => undefined };
    const tools = { log, database: connection, logger };
    const where = { unit: 'test', topic: values as never, partition: 0, reason: 'a bug' };
    await expect(skipRecords(tools, { ...where, to: 4n })).rejects.toThrow('must be from 2 to 3');
    await expect(skipRecords(tools, { ...where, unit: 'nobody', to: 2n })).rejects.toThrow('has never read');
    expect(await skipRecords(tools, { ...where, to: 2n })).toEqual({ from: '1', to: '2', records: 1 });
    await eventually(() => seen.length === 2, 'what comes after it');
    expect(seen).toEqual([0, 2]);
    await eventually(() => owners.problems().length === 0, 'all to be well');
    await drained();
    const [letter] = await readDeadLetters(log, 'values');
    expect(letter).toMatchObject({ offset: '1', place: '0', reason: 'passed over by an operator: a bug' });
    broken = undefined;
    await requeue(log, letter);
    await eventually(() => seen.length === 3, 'what was put back');
    expect(seen[2]).toBe(1);
  });

  it('is refused a topic that would lose it, with every difference and its remedy', async () => {
    const admin = new Kafka({ brokers: [broker.address], logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    const names = ['wrong.values', 'wrong.later'];
    await admin.createTopics({
      waitForLeaders: false,
      topics: [
        { topic: names[0], numPartitions: 1, configEntries: [{ name: 'cleanup.policy', value: 'compact' }] },
        { topic: names[1], numPartitions: PARTITIONS },
      ],
    });
    await eventually(
      () =>
        admin.fetchTopicMetadata({ topics: names }).then(
          () => true,
          () => false,
        ),
      'the topics',
    );
    await admin.disconnect();
    const refused = kafkaSubject(broker, ON, 'wrong.').open(connection);
    const text = await refused.then(
      () => '',
      (error: unknown) => String(error),
    );
    expect(text).toContain('topic wrong.values has 1 partitions, 3 are configured');
    expect(text).toContain('has cleanup.policy=compact, which must be delete');
    expect(text).toContain(
      'kafka-configs.sh --alter --entity-type topics --entity-name wrong.later --add-config retention.ms=2592000000',
    );
    expect(text).toContain('message.timestamp.type=LogAppendTime');
  });
});
