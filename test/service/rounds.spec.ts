import 'reflect-metadata';
import { Controller, type INestMicroservice, Module } from '@nestjs/common';
import { APP_FILTER, NestFactory } from '@nestjs/core';
import { Ctx, Payload } from '@nestjs/microservices';
import type { DataSource } from 'typeorm';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { InvalidInputError } from '#lib/errors';
import { Consume, ConsumeContext, EmbeddedLog, type Lane, LaneOwners, transportOf } from '#lib/events';
import { defineTopic, type Message, outgoing } from '#lib/messages';
import { ProblemFilter } from '#lib/service';
import { write } from '#lib/storage';
import { startTestDatabase, type TestDatabase } from '../support/database.js';

// Lanes of one process that consume in common transactions.

const numbers = defineTopic({
  ...{ name: 'numbers', description: 'test', key: 'none', partitioned: false, retention: { days: 30 } },
  ...{ retainRecords: 5, schemaVersion: 1, payload: z.strictObject({ value: z.int() }) },
});
const doubled = defineTopic({ ...numbers, name: 'doubled' });
type NumberMessage = Message<{ value: number }>;
const number = (value: number, topic: typeof numbers = numbers) =>
  outgoing(topic, 'k', { id: `n${value}`, sequence: value, time: Date.UTC(2026, 0, 1) }, { value });

const FIRST: Lane = { name: 'first', spread: 'single', shared: true };
const SECOND: Lane = { name: 'second', spread: 'single', shared: true };

/** What a lane does with a batch besides adding it up; replaced by the tests. */
let handle: (lane: string, values: readonly number[]) => Promise<void> | void = () => undefined;
/** transactions that batches were handled in, and their values */
let handled: { lane: string; values: number[]; transaction: string }[] = [];

async function take(lane: string, messages: readonly NumberMessage[], { manager }: ConsumeContext) {
  const values = messages.map(({ payload }) => payload.value);
  const [{ transaction }] = await manager.query<[{ transaction: string }]>(
    'select pg_current_xact_id()::text as transaction',
  );
  await write(
    manager,
    `insert into service_state values ('test', $1, to_json($2::int))
     on conflict (service, name) do update set value = to_json(service_state.value::text::int + $2::int)`,
    [lane, values.reduce((sum, value) => sum + value, 0)],
  );
  await handle(lane, values);
  handled.push({ lane, values, transaction });
}

@Controller()
class FirstController {
  @Consume(numbers, { lane: FIRST, batch: 10 })
  async numbers(@Payload() messages: NumberMessage[], @Ctx() context: ConsumeContext): Promise<void> {
    await take('first', messages, context);
    for (const { payload } of messages) context.publish(number(2 * payload.value, doubled));
  }
}

@Controller()
class SecondController {
  @Consume(doubled, { lane: SECOND, batch: 10 })
  doubled(@Payload() messages: NumberMessage[], @Ctx() context: ConsumeContext): Promise<void> {
    return take('second', messages, context);
  }
}

@Module({
  controllers: [FirstController, SecondController],
  providers: [{ provide: APP_FILTER, useClass: ProblemFilter }],
})
class NumbersModule {}

describe('lanes that consume in rounds', () => {
  let server: TestDatabase;
  let connection: DataSource;
  let elsewhere: DataSource;
  let log: EmbeddedLog;
  let service: INestMicroservice;

  beforeAll(async () => {
    server = await startTestDatabase();
    connection = await server.connect();
    elsewhere = await server.connect();
  }, 120_000);
  afterAll(() => server.stop());
  beforeEach(async () => {
    await connection.query(
      'truncate log_record, log_partition, consumer_offset, consumer_unit, service_state',
    );
    handled = [];
    handle = () => undefined;
    log = new EmbeddedLog(connection, [numbers, doubled] as never);
    const strategy = transportOf(log, connection, new LaneOwners());
    service = await NestFactory.createMicroservice(NumbersModule, { strategy, logger: false });
    await service.listen();
  });
  afterEach(() => service.close());

  const sums = async () =>
    new Map(
      (
        await connection.query<{ name: string; value: number }[]>(
          `select name, value from service_state where service = 'test'`,
        )
      ).map(({ name, value }) => [name, value]),
    );
  const drained = () => log.drained(AbortSignal.timeout(20_000));
  const once = (work: () => Promise<unknown>) => {
    let done = false;
    return async () => {
      if (done) return;
      done = true;
      await work();
    };
  };

  it('publish, consume what is published, and what that causes, in one transaction', async () => {
    const wrote = { source: 'test', write: () => Promise.resolve() };
    await log.publish(
      [1, 2, 3].map((value) => number(value)),
      wrote,
    );
    // All of it has committed when the publisher hears of it.
    expect(await sums()).toEqual(new Map([['first', 6], ['second', 12]])); // prettier-ignore
    expect(handled.map(({ lane, values }) => [lane, values])).toEqual([
      ['first', [1, 2, 3]],
      ['second', [2, 4, 6]],
    ]);
    expect(new Set(handled.map(({ transaction }) => transaction)).size).toBe(1);
    await drained();
    expect((await log.lag()).map(({ group, position }) => [group, Number(position)])).toEqual([
      ['first', 3],
      ['second', 3],
    ]);
  });

  it('take nothing of a round in which a message cannot be handled, and then all but that message', async () => {
    handle = (lane, values) => {
      if (lane === 'second' && values.includes(4)) throw new InvalidInputError('value', 'is four');
    };
    await log.publish([1, 2, 3].map((value) => number(value)));
    await drained();
    expect(await sums()).toEqual(new Map([['first', 6], ['second', 8]])); // prettier-ignore
    const dead = await log.records('doubled.dead', 0, 0n, 10n);
    expect(dead.map(({ value }) => (JSON.parse(value) as { reason: string }).reason)).toEqual([
      expect.stringContaining('is four'),
    ]);
    // And they consume together again.
    handled = [];
    await log.publish([number(5)]);
    await drained();
    expect(handled.map(({ lane }) => lane)).toEqual(['first', 'second']);
    expect(handled[0].transaction).toBe(handled[1].transaction);
    // While all are idle, who waits for them asks the tables at once.
    const lag = vi.spyOn(log, 'lag');
    const askedAtOnce = async () => {
      lag.mockClear();
      const again = drained();
      const asked = lag.mock.calls.length;
      await again;
      return asked;
    };
    await expect.poll(askedAtOnce, { timeout: 5000 }).toBe(1);
  });

  it('build on no state without a batch that another process has committed meanwhile', async () => {
    const takeOver = once(async () => {
      await elsewhere.query(`update consumer_unit set batches = batches + 1 where consumer_group = 'first'`);
      await elsewhere.query(`update consumer_offset set next_offset = 3 where consumer_group = 'first'`);
      await elsewhere.query(`insert into service_state values ('test', 'first', '100')`);
    });
    // What we add is deferred: nothing of it may be left.
    handle = (lane) => (lane === 'first' ? takeOver() : undefined);
    await log.publish([1, 2, 3].map((value) => number(value)));
    await drained();
    // Published apart from the round that was rolled back; consumed by the other process.
    expect(await sums()).toEqual(new Map([['first', 100]]));
    await log.publish([number(7)]);
    await drained();
    expect(await sums()).toEqual(new Map([['first', 107], ['second', 14]])); // prettier-ignore
  });

  it('consume in the order of the log what others append to a topic that a round publishes to', async () => {
    const other = new EmbeddedLog(elsewhere);
    const append = once(() => other.publish([number(50, doubled)]));
    handle = (lane) => (lane === 'first' ? append() : undefined);
    await log.publish([1, 2].map((value) => number(value)));
    await drained();
    expect(await sums()).toEqual(new Map([['first', 3], ['second', 56]])); // prettier-ignore
    const records = await log.records('doubled', 0, 0n, 10n);
    const order = records.map(({ value }) => (JSON.parse(value) as NumberMessage).payload.value);
    expect(order).toEqual([50, 2, 4]);
    const committed = handled.filter(({ lane }) => lane === 'second').flatMap(({ values }) => values);
    expect(committed.slice(-3)).toEqual(order);
  });
});
