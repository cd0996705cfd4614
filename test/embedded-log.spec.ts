import 'reflect-metadata';
import { type INestMicroservice, Module } from '@nestjs/common';
import { APP_FILTER, NestFactory } from '@nestjs/core';
import { Ctx, Payload } from '@nestjs/microservices';
import { Controller } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { InvalidInputError } from '#lib/errors';
import {
  Consume,
  ConsumeContext,
  defineTopic,
  EmbeddedLog,
  EmbeddedLogServer,
  type Message,
  outgoing,
} from '#lib/events';
import { ProblemFilter } from '#lib/service';
import { eventually, startTestDatabase, type TestDatabase } from './support/database.js';

const numbers = defineTopic({
  name: 'numbers',
  description: 'test',
  key: 'none',
  partitions: 1,
  retainRecords: 5,
  schemaVersion: 1,
  payload: z.strictObject({ value: z.int() }),
});
const doubled = defineTopic({ ...numbers, name: 'doubled' });

const NOON = Date.UTC(2026, 0, 1, 12);

type NumberMessage = Message<{ value: number }>;
const number = (value: number) =>
  outgoing(numbers, 'k', { id: `n${value}`, sequence: value, time: NOON }, { value });

/** What the handler does with each batch; replaced by the tests. */
let handle: (messages: NumberMessage[], context: ConsumeContext) => Promise<void> | void = () => undefined;
const seen: number[] = [];
let rollbacks = 0;

@Controller()
class NumbersController {
  @Consume(numbers, { group: 'test', batch: 10 })
  async numbers(@Payload() messages: NumberMessage[], @Ctx() context: ConsumeContext): Promise<void> {
    await handle(messages, context);
    context.afterCommit(() => seen.push(...messages.map(({ payload }) => payload.value)));
  }
}

@Module({ controllers: [NumbersController], providers: [{ provide: APP_FILTER, useClass: ProblemFilter }] })
class NumbersModule {}

describe(EmbeddedLogServer, () => {
  let database: TestDatabase;
  let connection: DataSource;
  let log: EmbeddedLog;
  let service: INestMicroservice | undefined;

  beforeAll(async () => {
    database = await startTestDatabase();
    connection = await database.connect();
    log = new EmbeddedLog(connection);
  });
  afterEach(async () => {
    await service?.close();
    service = undefined;
    seen.length = 0;
    rollbacks = 0;
    handle = () => undefined;
    await connection.query('truncate log_record, log_partition, consumer_offset, service_state');
  });
  afterAll(async () => {
    await database.stop();
  });

  async function start(): Promise<void> {
    const strategy = new EmbeddedLogServer(log, connection, () => {
      rollbacks++;
      return Promise.resolve();
    });
    service = await NestFactory.createMicroservice(NumbersModule, { strategy, logger: false });
    await service.listen();
  }

  const values = async (topic: string) =>
    (await log.read(topic, 0, 0n, 1000)).map(
      ({ value }) => JSON.parse(value) as { reason: string; payload: { value: number } },
    );

  it('delivers everything in order, in batches, to a consumer that starts late', async () => {
    for (let i = 0; i < 25; i += 5) await log.publish([0, 1, 2, 3, 4].map((j) => number(i + j)));
    await start();
    await eventually(() => seen.length === 25, '25 messages');
    await log.publish([number(25)]);
    await eventually(() => seen.length === 26, 'one more');
    expect(seen).toEqual(Array.from({ length: 26 }, (_, i) => i));
  });

  it('commits state, messages and offset together, and goes on there after a restart', async () => {
    handle = async (messages, context) => {
      for (const { payload } of messages) {
        await context.manager.query(
          `insert into service_state values ('test', $1, '1') on conflict (service, name) do update set value = to_jsonb(service_state.value::int + 1)`,
          [String(payload.value)],
        );
        context.publish(
          outgoing(
            doubled,
            'k',
            { id: `d${payload.value}`, sequence: 0, time: NOON },
            { value: 2 * payload.value },
          ),
        );
      }
    };
    await log.publish([number(1), number(2)]);
    await start();
    await eventually(() => seen.length === 2, 'two messages');
    await service!.close();
    await log.publish([number(3)]);
    await start();
    await eventually(() => seen.length === 3, 'three messages');
    const rows = await connection.query<{ value: number }[]>(
      `select value from service_state where service = 'test'`,
    );
    expect(rows.map(({ value }) => value)).toEqual([1, 1, 1]);
    expect((await values('doubled')).map(({ payload }) => payload.value)).toEqual([2, 4, 6]);
  });

  it('takes nothing of a batch whose handler fails, and tries it again', async () => {
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
    expect(rollbacks).toBe(2);
    expect(await values('doubled')).toHaveLength(1);
  });

  it('sends poison to the dead-letter topic with its reason, and goes on', async () => {
    handle = (messages) => {
      if (messages.some(({ payload }) => payload.value === 2))
        throw new InvalidInputError('value', 'must not be two');
    };
    await log.publish([
      number(1),
      { topic: 'numbers', key: 'k', value: 'not json' },
      {
        topic: 'numbers',
        key: 'k',
        value: JSON.stringify({
          schemaVersion: 1,
          id: 'x',
          sequence: 0,
          time: NOON,
          payload: { value: 'text' },
        }),
      },
      number(2),
      number(3),
    ]);
    await start();
    await eventually(() => seen.length === 2, 'the good messages');
    expect(seen).toEqual([1, 3]);
    await eventually(async () => (await values('numbers.dead')).length === 3, 'dead letters');
    const reasons = (await values('numbers.dead')).map(({ reason }) => reason);
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
    expect((await values('numbers.dead')).map(({ reason }) => reason)).toEqual(['even', 'even']);
  });

  it('shares a group between two consumers without doing anything twice', async () => {
    handle = async () => {
      await new Promise((resolve) => setTimeout(resolve, 5));
    };
    await start();
    const first = service!;
    await start();
    for (let i = 0; i < 60; i++) await log.publish([number(i)]);
    await eventually(async () => (await log.lag()).every(({ records }) => records === 0n), 'the end');
    await eventually(() => seen.length >= 60, 'all');
    expect([...seen].sort((a, b) => a - b)).toEqual(Array.from({ length: 60 }, (_, i) => i));
    await first.close();
  });

  it('keeps what a slow group has not read, and trims the rest', async () => {
    await start();
    for (let i = 0; i < 20; i++) await log.publish([number(i)]);
    await eventually(() => seen.length === 20, 'all');
    await log.position('slow', 'numbers', 0);
    expect(await log.trim('numbers', 5)).toBe(0);
    await connection.query(`update consumer_offset set next_offset = 12 where consumer_group = 'slow'`);
    expect(await log.trim('numbers', 5)).toBe(12);
    expect((await log.read('numbers', 0, 0n, 100)).map(({ offset }) => Number(offset))).toEqual([
      12, 13, 14, 15, 16, 17, 18, 19,
    ]);
  });
});
