// Long because it is one list: every promise of a round, over one database.
import 'reflect-metadata';
import { Controller, type INestMicroservice, Module } from '@nestjs/common';
import { APP_FILTER, NestFactory } from '@nestjs/core';
import { Ctx, Payload } from '@nestjs/microservices';
import type { DataSource, EntityManager } from 'typeorm';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { InvalidInputError } from '#lib/errors';
import {
  Consume,
  ConsumeContext,
  type Cursor,
  EmbeddedLog,
  type Lane,
  LaneOwners,
  type NextTurn,
  transportOf,
} from '#lib/events';
import { defineTopic, type Message, type Outgoing, outgoing } from '#lib/messages';
import { ProblemFilter } from '#lib/service';
import { flushStatements, ServiceStateRepository, write } from '#lib/storage';
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
/** Messages that the first lane publishes later, for each batch; replaced by the tests. */
let later: ((values: readonly number[]) => Promise<Outgoing[]>) | undefined;
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
    if (later !== undefined) context.publishLater(later(messages.map(({ payload }) => payload.value)));
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
    later = undefined;
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
    // Everything has committed when the publisher is told.
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

  /** Turns that each publish one more than the sum of the second lane so far. */
  const growing = (turns: number) => {
    const read: number[] = [];
    const next = async (manager: EntityManager) => {
      if (read.length === turns) return undefined;
      await flushStatements(manager);
      const rows = await manager.query<{ value: number }[]>(
        `select value from service_state where service = 'test' and name = 'second'`,
      );
      read.push(rows.at(0)?.value ?? 0);
      const write = (writing: EntityManager) =>
        new ServiceStateRepository('turns').save(writing, 'given', read.length);
      return { messages: [number(1 + read.at(-1)!)], also: { source: 'test', write } };
    };
    return { read, next };
  };
  const takeTurns = (next: NextTurn) =>
    log.publishInTurns(next, connection.manager, AbortSignal.timeout(20_000), true);
  const given = () =>
    connection.query(`select value from service_state where service = 'turns' and name = 'given'`);

  it('take turns in one transaction, each after everything that the one before has caused', async () => {
    const { read, next } = growing(4);
    expect(await takeTurns(next)).toBe(true);
    // Each adds twice its number: 2 (0 + 1), and so on.
    expect(read).toEqual([0, 2, 8, 26]);
    expect(await sums()).toEqual(new Map([['first', 40], ['second', 80]])); // prettier-ignore
    expect(await given()).toEqual([{ value: 4 }]);
    expect(handled.map(({ lane }) => lane)).toEqual(['first', 'second', 'first', 'second', 'first', 'second', 'first', 'second']); // prettier-ignore
    expect(new Set(handled.map(({ transaction }) => transaction)).size).toBe(1);
    // What they have published is there for others, under the offsets that it was consumed under.
    const values = (await log.records('doubled', 0, 0n, 10n)).map(
      ({ value }) => (JSON.parse(value) as NumberMessage).payload.value,
    );
    expect(values).toEqual([2, 6, 18, 54]);
    await drained();
  });

  it('give turns back that were rolled back with a message that cannot be handled', async () => {
    handle = (lane, values) => {
      if (lane === 'second' && values.includes(18)) throw new InvalidInputError('value', 'is eighteen');
    };
    expect(await takeTurns(growing(4).next)).toBe(false);
    expect(await given()).toEqual([]);
    expect(await sums()).toEqual(new Map());
    // Apart, the message is found that cannot be handled; and they are taken together again.
    const apart = growing(4);
    expect(await log.publishInTurns(apart.next, connection.manager, AbortSignal.timeout(20_000))).toBe(true);
    expect(apart.read).toEqual([0, 2, 8, 8]);
    handle = () => undefined;
    await expect.poll(() => takeTurns(growing(1).next), { timeout: 5000 }).toBe(true);
  });

  it('go on while messages are made that follow later, and commit with them', async () => {
    let ready: () => void = () => undefined;
    const all = new Promise<void>((resolve) => (ready = resolve));
    // Those of the first turn are ready when the last one is handled.
    handle = (lane, values) => {
      if (lane === 'second' && values.includes(54)) ready();
    };
    later = async (values) => {
      await all;
      return values.map((value) => number(1000 * value, doubled));
    };
    const { read, next } = growing(4);
    expect(await takeTurns(next)).toBe(true);
    expect(read).toEqual([0, 2, 8, 26]);
    expect(await sums()).toEqual(new Map([['first', 40], ['second', 40_080]])); // prettier-ignore
    expect(handled.at(-1)!.values).toEqual([1000, 3000, 9000, 27_000]);
    expect(new Set(handled.map(({ transaction }) => transaction)).size).toBe(1);
  });

  it('are rolled back with messages that could not be made, and wait for those of a batch alone', async () => {
    let fails = true;
    later = (values) => {
      if (!fails) return Promise.resolve(values.map((value) => number(10 * value, doubled)));
      fails = false;
      return Promise.reject(new Error('not made'));
    };
    await log.publish([number(1)]);
    await drained();
    // The batch was handled twice; one of the two is committed.
    expect(handled.filter(({ lane }) => lane === 'first')).toHaveLength(2);
    expect(await sums()).toEqual(new Map([['first', 1], ['second', 12]])); // prettier-ignore
  });

  it('take no turns where there is a consumer elsewhere, which every turn would have to wait for', async () => {
    await connection.query(
      `insert into consumer_offset (consumer_group, topic, partition, next_offset) values ('elsewhere', 'numbers', 0, 0)`,
    );
    const { read, next } = growing(1);
    expect(await takeTurns(next)).toBe(false);
    expect(read).toEqual([]);
  });

  it('read the records of units that stand at the same place once', async () => {
    const other = new EmbeddedLog(elsewhere);
    await other.publish([number(1), number(2)]);
    const lane = { subscription: { topic: numbers, lane: FIRST, everyUnit: false, batch: 10 }, partition: 0 };
    const reader = (offset: bigint) => ({ ...lane, position: { offset, sources: {} } }) as unknown as Cursor;
    const read = await log.readTogether([reader(0n), reader(1n), reader(0n)]);
    expect(read.map(({ index, records }) => [index, records.map(({ offset }) => Number(offset))])).toEqual([
      [0, [0, 1]],
      [1, [1]],
      [2, [0, 1]],
    ]);
    const [first, second, third] = read.map(({ records }) => records.at(-1)!.shared);
    expect(first).toBeDefined();
    expect(third).toBe(first);
    expect(second).not.toBe(first);
  });

  it('build on no state without a batch that another process has committed meanwhile', async () => {
    const takeOver = once(async () => {
      await elsewhere.query(`update consumer_unit set batches = batches + 1 where consumer_group = 'first'`);
      await elsewhere.query(`update consumer_offset set next_offset = 3 where consumer_group = 'first'`);
      await elsewhere.query(`insert into service_state values ('test', 'first', '100')`);
    });
    // Our addition is deferred, and must be gone.
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
