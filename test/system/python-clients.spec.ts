import 'reflect-metadata';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Controller, type INestMicroservice, Module, type Type } from '@nestjs/common';
import { APP_FILTER, NestFactory } from '@nestjs/core';
import { Ctx, Payload } from '@nestjs/microservices';
import type { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Consume, ConsumeContext, type EventLog, type Lane, LaneOwners, transportOf } from '#lib/events';
import { ALL_TOPICS, type Message, MESSAGE_EXAMPLES, TOPICS } from '#lib/messages';
import { ProblemFilter } from '#lib/service';
import { eventually, startTestDatabase, type TestDatabase } from '../support/database.js';
import { noKafka, startTestBroker, type TestBroker } from '../support/kafka.js';
import { kafkaSubject, type Subject } from '../support/log-subjects.js';
import { noPython, runClient } from '../support/python.js';

// Every example of the AsyncAPI document is sent by confluent-kafka (librdkafka) and aiokafka, in every way they can: it
// arrives once. Then again while the broker is killed and the service restarted.

/** Topics that those outside write or read: each has examples, of `book` one of every kind. */
const OUTSIDE = ALL_TOPICS.filter(({ name }) => MESSAGE_EXAMPLES[name] !== undefined);
const PREFIX = 'py.';
const ON = { partitions: 3, topics: [...OUTSIDE, TOPICS.consumption] as never };
const LANE: Lane = { name: 'outside', spread: 'single' };
const arrived: string[] = [];

/** A controller each. */
const controllers = OUTSIDE.map((topic): Type => {
  @Controller()
  class OutsideController {
    @Consume(topic, { lane: LANE, batch: 100 })
    take(@Payload() messages: Message<unknown>[], @Ctx() context: ConsumeContext): void {
      context.afterCommit(() => arrived.push(...messages.map(({ id }) => id)));
    }
  }
  return OutsideController;
});
@Module({ controllers, providers: [{ provide: APP_FILTER, useClass: ProblemFilter }] })
class OutsideModule {}

const missing = noKafka() ?? noPython();
describe.skipIf(missing !== undefined)('clients in Python', () => {
  let database: TestDatabase;
  let broker: TestBroker;
  let connection: DataSource;
  let subject: Subject;
  let log: EventLog;
  let service: INestMicroservice;
  let examples: string;

  beforeAll(async () => {
    [database, broker] = await Promise.all([startTestDatabase(), startTestBroker()]);
    connection = await database.connect();
    subject = kafkaSubject(broker, ON, PREFIX);
    log = await subject.open(connection);
    examples = join(database.directory, 'examples.json');
    const own = Object.fromEntries(OUTSIDE.map(({ name }) => [name, MESSAGE_EXAMPLES[name]]));
    writeFileSync(examples, JSON.stringify(own));
    await start();
  }, 300_000);
  afterAll(async () => {
    await service.close();
    await log.close();
    await broker.remove();
    await database.stop();
  });

  async function start(): Promise<void> {
    const strategy = transportOf(await subject.open(connection), connection, new LaneOwners());
    service = await NestFactory.createMicroservice(OutsideModule, { strategy, logger: false });
    await service.listen();
  }
  const send = (round: string, seconds: number) =>
    runClient('send.py', [broker.address, PREFIX, examples, round, String(seconds)]);

  /** The messages sent have arrived, each once; no other has, and none was put aside. */
  async function expectOnce(ids: readonly string[]): Promise<void> {
    await eventually(() => arrived.length >= ids.length, `${ids.length} messages`, 60_000);
    await log.drained(AbortSignal.timeout(60_000));
    expect([...arrived].sort()).toEqual([...ids].sort());
    for (const { name } of OUTSIDE) expect(await subject.read(`${name}.dead`)).toEqual([]);
    arrived.length = 0;
  }

  it('send every example in every codec, by any partitioner, framed, and in transactions', async () => {
    const ids = JSON.parse(await send('calm', 0).done) as string[];
    const count = Object.values(JSON.parse(JSON.stringify(MESSAGE_EXAMPLES)) as object[][]).flat().length;
    expect(ids.length).toBeGreaterThan(12 * count);
    expect(OUTSIDE.map(({ name }) => name)).toEqual(expect.arrayContaining(['book', 'quotes']));
    await expectOnce(ids);
  }, 240_000);

  it('lose and double nothing where the broker is killed and the service restarted', async () => {
    const sending = send('chaos', 0.05);
    await sleep(4_000);
    await broker.kill();
    await service.close();
    await broker.start();
    await start();
    await expectOnce(JSON.parse(await sending.done) as string[]);
  }, 300_000);
});
