import type { DataSource, EntityManager } from 'typeorm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  type ConsumeContext,
  ConsumerOffsets,
  type Cursor,
  type EventLog,
  type Lane,
  LaneOwners,
  LaneUnit,
} from '#lib/events';
import { defineTopic, type Message, outgoing } from '#lib/messages';
import { deferWrites, flushStatements, flushWrites, ServiceStateRepository, write } from '#lib/storage';
import { startTestDatabase, type TestDatabase } from '../support/database.js';

const LANE: Lane = { name: 'sum', spread: 'single' };
const terms = defineTopic({
  ...{ name: 'terms', description: 'test', key: 'none', partitioned: false, retention: { days: 30 } },
  ...{ retainRecords: 5, schemaVersion: 1, payload: z.strictObject({ value: z.int() }) },
});
const factors = defineTopic({ ...terms, name: 'factors' });

/** A service in a process of its own: its state is a number, which terms are added to and factors multiply. */
class Process {
  state = 0;
  readonly unit: LaneUnit;
  private readonly cursors: Record<'terms' | 'factors', Cursor>;

  constructor(database: DataSource) {
    const cursor = (topic: typeof terms, decide: (value: number) => number): Cursor => ({
      subscription: { topic: topic, lane: LANE, everyUnit: false, batch: 10 },
      handler: async (messages, { manager }: ConsumeContext) => {
        for (const { payload } of messages as Message<{ value: number }>[])
          this.state = decide(payload.value);
        await this.save(manager);
      },
      partition: 0,
      position: { offset: 0n, sources: {} },
    });
    this.cursors = {
      terms: cursor(terms, (value) => this.state + value),
      factors: cursor(factors, (value) => this.state * value),
    };
    const owners = new LaneOwners();
    owners.register(LANE, {
      restore: async () => {
        this.state = await stored(database);
      },
    });
    const log = {
      ...{ partitions: 1, deadLetters: 0, notesOf: () => [], announce: () => undefined },
      append: () => Promise.resolve(),
    } as unknown as EventLog;
    this.unit = new LaneUnit(LANE, 0, Object.values(this.cursors), {
      source: {
        next: () => Promise.resolve(undefined),
        wait: () => Promise.resolve(),
        first: () => Promise.resolve(0n),
      },
      ...{ log, database, owners, offsets: new ConsumerOffsets(database), logger: console },
    });
  }

  take(topic: 'terms' | 'factors', value: number): Promise<void> {
    const cursor = this.cursors[topic];
    const { value: text, key } = outgoing(
      terms,
      'k',
      { id: `${topic}-${value}`, sequence: 1, time: Date.UTC(2026, 0, 1) },
      { value },
    );
    const record = { offset: cursor.position.offset, key, value: text, headers: {}, timestamp: 1 };
    return this.unit.consume(cursor, [record]);
  }

  private save(manager: EntityManager): Promise<unknown> {
    return manager.query(
      `insert into service_state (service, name, value) values ('sum', 'state', $1::json)
       on conflict (service, name) do update set value = excluded.value`,
      [JSON.stringify(this.state)],
    );
  }
}

describe('writes that a transaction defers', () => {
  let server: TestDatabase;
  let database: DataSource;
  const states = new ServiceStateRepository('test');
  const add = 'insert into consumer_unit (consumer_group, batches) values ($1, $2)';
  beforeAll(async () => {
    server = await startTestDatabase();
    database = await server.connect();
  }, 120_000);
  afterAll(() => server.stop());
  beforeEach(() => database.query('truncate consumer_unit, service_state'));

  it('are sent together, in order, of a value the last one; a removed one is gone', async () => {
    await database.transaction((manager) => states.save(manager, 'old', 0));
    await database.transaction(async (manager) => {
      deferWrites(manager);
      for (const value of [1, 2, 3]) await states.save(manager, 'count', value);
      await states.saveTexts(manager, [['old', null]]);
      await write(manager, add, ['a', 1]);
      await write(manager, 'update consumer_unit set batches = batches + 5 where consumer_group = $1', ['a']);
      expect(await manager.query('select from consumer_unit')).toEqual([]);
      await flushStatements(manager);
      expect(await manager.query('select batches from consumer_unit')).toEqual([{ batches: '6' }]);
      // A read of values sees those that were deferred.
      expect([...(await states.all<number>(manager))]).toEqual([['count', 3]]);
      await states.save(manager, 'count', 4);
      await flushWrites(manager);
    });
    expect([...(await states.all<number>(database.manager))]).toEqual([['count', 4]]);
  });

  it('fail with the statement that failed first, and nothing of the transaction stays', async () => {
    const failing = database.transaction(async (manager) => {
      deferWrites(manager);
      await states.save(manager, 'count', 1);
      for (const batches of [1, 2]) await write(manager, add, ['same', batches]);
      await write(manager, add, ['later', 1]);
      await flushWrites(manager);
    });
    await expect(failing).rejects.toThrow(/duplicate key value/);
    expect(await database.query('select from consumer_unit')).toEqual([]);
    expect((await states.all(database.manager)).size).toBe(0);
  });

  it('are none outside of a transaction', () => {
    expect(() => {
      deferWrites(database.manager);
    }).toThrow(/there is none/);
  });
});

async function stored(database: DataSource): Promise<number> {
  const rows = await database.query<{ value: number }[]>(
    `select value from service_state where service = 'sum'`,
  );
  return rows.at(0)?.value ?? 0;
}

describe('a unit that changes hands', () => {
  let server: TestDatabase;
  let database: DataSource;
  beforeAll(async () => {
    server = await startTestDatabase();
    database = await server.connect();
  }, 120_000);
  afterAll(() => server.stop());
  beforeEach(() => database.query('truncate consumer_offset, consumer_unit, service_state'));

  it('builds on no state without a batch that its last holder has committed meanwhile, of whatever topic', async () => {
    const [before, after] = [new Process(database), new Process(database)];
    await before.unit.restore();
    await before.take('terms', 2);
    await after.unit.restore();
    expect(after.state).toBe(2);
    // The last holder ends a batch that it had begun; the next one has read the state without it.
    await before.take('terms', 3);
    await expect(after.take('factors', 10)).rejects.toThrow(/another process of sum has consumed a batch/);
    expect(await stored(database)).toBe(5);
    await after.unit.restore();
    await after.take('factors', 10);
    expect(await stored(database)).toBe(50);
    // And the last holder, should it come to itself, changes nothing any more.
    await expect(before.take('factors', 7)).rejects.toThrow(/another process/);
    await expect(before.take('terms', 7)).rejects.toThrow(/another process/);
    expect(await stored(database)).toBe(50);
  });
});
