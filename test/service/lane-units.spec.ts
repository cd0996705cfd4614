// Long because it is one list: every promise of a lane’s unit, over one log.
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
  type LogRecord,
  type NumberedLog,
} from '#lib/events';
import { InvalidInputError } from '#lib/errors';
import { defineTopic, type Message, outgoing } from '#lib/messages';
import {
  deferWrites,
  flushStatements,
  flushWrites,
  OpenTransaction,
  ServiceStateRepository,
  write,
} from '#lib/storage';
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
      committed: 0n,
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

/** As {@link Process}, which decides ahead of commits and reads its records from lists. */
class AheadProcess {
  state = 0;
  restored = 0;
  readonly announced: number[] = [];
  readonly unit: LaneUnit;
  readonly cursors: Readonly<Record<'terms' | 'factors', Cursor>>;
  /** records of each topic, in batches that are taken one by one */
  readonly waiting: { readonly topic: 'terms' | 'factors'; readonly values: readonly number[] }[] = [];
  /** called when a batch has been decided, before its commit is sent */
  decided: () => Promise<void> = () => Promise.resolve();

  constructor(
    private readonly database: DataSource,
    { ahead = true }: { ahead?: boolean } = {},
  ) {
    const cursor = (topic: typeof terms, decide: (value: number) => number): Cursor => ({
      subscription: { topic, lane: LANE, everyUnit: false, batch: 10, ahead },
      handler: async (messages, context: ConsumeContext) => {
        for (const { payload } of messages as Message<{ value: number }>[]) {
          if (payload.value === 13) throw new InvalidInputError('value', 'is 13');
          this.state = decide(payload.value);
        }
        const { state } = this;
        await states.save(context.manager, 'state', state);
        context.afterCommit(() => this.announced.push(state));
        await this.decided();
      },
      partition: 0,
      position: { offset: 0n, sources: {} },
      committed: 0n,
    });
    this.cursors = {
      terms: cursor(terms, (value) => this.state + value),
      factors: cursor(factors, (value) => this.state * value),
    };
    const owners = new LaneOwners();
    owners.register(LANE, {
      restore: async () => {
        this.restored++;
        this.state = await stored(database);
      },
    });
    const log = {
      ...{ partitions: 1, deadLetters: 0, notesOf: () => [], announce: () => undefined },
    } as unknown as EventLog;
    const numbers: NumberedLog = {
      nextNumber: () => Promise.resolve(1),
      ready: () => Promise.resolve([]),
    };
    const records = (topic: 'terms' | 'factors'): LogRecord[] =>
      this.waiting
        .filter((batch) => batch.topic === topic)
        .flatMap(({ values }) => values)
        .map((value, i) => {
          const header = { id: `${topic}-${i}`, sequence: 1, time: Date.UTC(2026, 0, 1) };
          const { key, value: text } = outgoing(terms, 'k', header, { value });
          return { offset: BigInt(i), key, value: text, headers: {}, timestamp: 1 };
        });
    this.unit = new LaneUnit(LANE, 0, Object.values(this.cursors), {
      source: {
        next: () => {
          // In the order in which batches wait, as far as each topic was handled.
          const seen = { terms: 0, factors: 0 };
          for (const { topic, values } of this.waiting) {
            const cursor = this.cursors[topic];
            const from = seen[topic];
            seen[topic] += values.length;
            const at = Number(cursor.position.offset);
            if (at >= seen[topic]) continue;
            return Promise.resolve({
              cursor,
              records: records(topic).slice(Math.max(at, from), seen[topic]),
            });
          }
          return Promise.resolve(undefined);
        },
        wait: () => Promise.resolve(),
        first: () => Promise.resolve(0n),
      },
      ...{ log, database, owners, offsets: new ConsumerOffsets(database), logger: QUIET, ahead: numbers },
    });
  }

  /** Steps until nothing waits and nothing is being committed. */
  async settle(): Promise<void> {
    while (await this.unit.step());
  }

  async tables(): Promise<{ state: number; terms: number; batches: number }> {
    const [offset] = await this.database.query<{ next_offset: string }[]>(
      `select next_offset from consumer_offset where topic = 'terms'`,
    );
    const [unit] = await this.database.query<{ batches: string }[]>('select batches from consumer_unit');
    return {
      state: await stored(this.database),
      terms: Number(offset.next_offset),
      batches: Number(unit.batches),
    };
  }
}

const states = new ServiceStateRepository('sum');
const QUIET = { log: () => undefined, warn: () => undefined, error: () => undefined };

describe('a unit that decides ahead of commits', () => {
  let server: TestDatabase;
  let database: DataSource;
  beforeAll(async () => {
    server = await startTestDatabase();
    database = await server.connect();
  }, 120_000);
  afterAll(() => server.stop());
  beforeEach(() => database.query('truncate consumer_offset, consumer_unit, service_state'));

  /** Keeps the unit's next commit from going through until it is called. */
  async function holdCommits(): Promise<() => Promise<void>> {
    const runner = database.createQueryRunner();
    await runner.startTransaction();
    await runner.query('select from consumer_unit for update');
    return async () => {
      await runner.rollbackTransaction();
      await runner.release();
    };
  }

  it('decides the next batch while one is being committed, and tells of neither before its own commit', async () => {
    const process = new AheadProcess(database);
    await process.unit.restore();
    process.waiting.push({ topic: 'terms', values: [2] }, { topic: 'terms', values: [3] });
    process.waiting.push({ topic: 'factors', values: [10] });
    const release = await holdCommits();
    await process.unit.step();
    expect(process.state).toBe(2);
    const second = process.unit.step();
    await expect.poll(() => process.state).toBe(5);
    // Decided in memory, and nothing of either is in the tables, or told of; the records may be needed again.
    expect(await process.tables()).toEqual({ state: 0, terms: 0, batches: 0 });
    expect(process.announced).toEqual([]);
    expect(process.cursors.terms).toMatchObject({ position: { offset: 1n }, committed: 0n });
    await release();
    await second;
    await process.settle();
    expect(await process.tables()).toEqual({ state: 50, terms: 2, batches: 3 });
    expect(process.announced).toEqual([2, 5, 50]);
    expect(process.cursors.terms).toMatchObject({ position: { offset: 2n }, committed: 2n });
    expect(process.restored).toBe(1);
  });

  it('gives up what it has decided on a batch that does not commit, and decides both again', async () => {
    const process = new AheadProcess(database);
    await process.unit.restore();
    process.waiting.push({ topic: 'terms', values: [2] }, { topic: 'terms', values: [3] });
    const release = await holdCommits();
    await process.unit.step();
    const second = process.unit.step();
    await expect.poll(() => process.state).toBe(5);
    // The connection that commits the first is cut at the server.
    await database.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()
         and wait_event_type = 'Lock'`,
    );
    await release();
    await second;
    expect(process.announced).toEqual([]);
    await process.settle();
    expect(await process.tables()).toEqual({ state: 5, terms: 2, batches: 2 });
    expect(process.announced).toEqual([2, 5]);
    expect(process.restored).toBe(2);
  });

  it('builds on no batch that another process has consumed meanwhile, with neither of its own two', async () => {
    const process = new AheadProcess(database);
    await process.unit.restore();
    process.waiting.push({ topic: 'terms', values: [2] }, { topic: 'terms', values: [3] });
    // Another process takes the first record, and makes it 100.
    await database.query(`update consumer_unit set batches = batches + 1`);
    await database.query(`update consumer_offset set next_offset = 1 where topic = 'terms'`);
    await database.query(`insert into service_state (service, name, value) values ('sum', 'state', '100')`);
    await process.settle();
    expect(await process.tables()).toEqual({ state: 103, terms: 2, batches: 2 });
    expect(process.announced).toEqual([103]);
  });

  it('handles messages one by one where one of a batch fails, after the batch before has committed', async () => {
    const process = new AheadProcess(database);
    await process.unit.restore();
    process.waiting.push({ topic: 'terms', values: [2] }, { topic: 'terms', values: [4, 13, 5] });
    const release = await holdCommits();
    await process.unit.step();
    const second = process.unit.step();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await process.tables()).toEqual({ state: 0, terms: 0, batches: 0 });
    await release();
    await second;
    await process.settle();
    expect(await process.tables()).toEqual({ state: 11, terms: 4, batches: 4 });
    expect(process.announced).toEqual([2, 6, 11]);
  });

  it('waits for the commit before where a handler must not run ahead of it', async () => {
    const process = new AheadProcess(database, { ahead: false });
    await process.unit.restore();
    process.waiting.push({ topic: 'terms', values: [2] }, { topic: 'terms', values: [3] });
    const release = await holdCommits();
    await process.unit.step();
    const second = process.unit.step();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(process.state).toBe(2);
    await release();
    await second;
    await process.settle();
    expect((await process.tables()).state).toBe(5);
  });

  it('reads after a flush what the batch before has written', async () => {
    const process = new AheadProcess(database);
    await process.unit.restore();
    let open!: () => void;
    const before = new Promise<void>((resolve) => (open = resolve));
    const transaction = await OpenTransaction.begin(database, before);
    const read = states.load<number>(transaction.manager, 'state');
    await database.transaction((manager) => states.save(manager, 'state', 7));
    open();
    expect(await read).toBe(7);
    await transaction.rollback();
  });

  it('commits all statements of a transaction or none', async () => {
    const add = (batches: unknown) => ({
      text: 'insert into consumer_unit (consumer_group, batches) values ($1, $2)',
      parameters: [`of ${String(batches)}`, batches],
    });
    const count = async () => (await database.query<unknown[]>('select from consumer_unit')).length;
    const commit = async (...values: unknown[]) =>
      (await OpenTransaction.begin(database)).commit(values.map(add));
    await expect(commit(1, 'no number', 2)).rejects.toThrow(/invalid input syntax/);
    expect(await count()).toBe(0);
    // The driver would leave this one out, and commit the others.
    const circular: Record<string, unknown> = {};
    circular.self = circular;
    await expect(commit(1, circular, 2)).rejects.toThrow(/is no parameter/);
    expect(await count()).toBe(0);
    await commit(1, 2);
    expect(await count()).toBe(2);
  });
});
