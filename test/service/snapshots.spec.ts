import { Logger } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type BookEvent, vestingOf } from '#lib/exchange';
import { addressOf } from '#lib/storage';
import { WorkerPool } from '#lib/runtime';
import { Journal, LedgerSnapshots, LedgerStore, pricerConfig } from '../../apps/pricer/src/index.js';
import { Replayer, simulatedMarket, startEngine } from '../../apps/zkrisk/src/index.js';
import { eventually, startTestDatabase, type TestDatabase } from '../support/database.js';
import { QUICK_MODEL } from '../support/topology.js';

// Snapshots of the ledger are taken beside the writer of the book, from its committed events.

const vesting = vestingOf(pricerConfig(QUICK_MODEL).FIRST_PARAMETERS);
const deposit = (number: number): BookEvent => ({
  ...{ kind: 'account-deposited', at: number, commandId: `deposit-${number}` },
  ...{ account: `account-${number % 25_000}`, amount: `${number}.25` },
});

describe('snapshots of the ledger', () => {
  let server: TestDatabase;
  let database: DataSource;
  let store: LedgerStore;
  let snapshots: LedgerSnapshots;
  let told = 0;
  /** One is due, whatever came before. */
  const take = () => {
    snapshots.committed({ eventCount: (told += 1_000_000), accountCount: 0 });
  };

  beforeAll(async () => {
    Logger.overrideLogger(false);
    server = await startTestDatabase();
    database = await server.connect();
    store = new LedgerStore(database, vesting);
  });
  beforeEach(() => {
    snapshots = new LedgerSnapshots({ address: addressOf(database), vesting }, 1);
    snapshots.start(0);
  });
  afterEach(async () => {
    await snapshots.close();
    await database.query('truncate journal, command_outcome, ledger_snapshot, ledger_snapshot_part');
  });
  afterAll(() => server.stop());

  const journalled = async (first: number, last: number) => {
    const events = Array.from({ length: last - first + 1 }, (_, i) => deposit(first + i));
    await new Journal().append(database.manager, first, events);
  };
  const stored = async () =>
    (
      await database.query<{ sequence: string }[]>('select sequence from ledger_snapshot order by sequence')
    ).map(({ sequence }) => Number(sequence));
  const parts = async () => {
    const [{ count }] = await database.query<[{ count: string }]>(
      'select count(*) from ledger_snapshot_part',
    );
    return Number(count);
  };
  const folded = async () => {
    const ledger = store.empty();
    await store.catchUp(ledger);
    return ledger;
  };
  /** Nobody writes a part until it is called. */
  const blockParts = async () => {
    const runner = database.createQueryRunner();
    await runner.startTransaction();
    await runner.query('lock table ledger_snapshot_part in share mode');
    return async () => {
      await runner.rollbackTransaction();
      await runner.release();
    };
  };
  const waiting = async () => {
    const [{ count }] = await database.query<[{ count: string }]>(
      `select count(*) from pg_locks where not granted and relation = 'ledger_snapshot_part'::regclass
         and database = (select oid from pg_database where datname = current_database())`,
    );
    return Number(count);
  };

  it('are in parts that hold together what the journal comes to, bit for bit; the newest three stay', async () => {
    for (let last = 30_000; last <= 70_000; last += 10_000) {
      await journalled(last === 30_000 ? 1 : last - 9_999, last);
      take();
      await eventually(async () => (await stored()).at(-1) === last, `a snapshot of event ${last}`);
      await eventually(() => snapshots.taken === (last - 20_000) / 10_000, 'the thread to say so');
    }
    expect(await stored()).toEqual([50_000, 60_000, 70_000]);
    expect(await store.verifySnapshots()).toEqual([50_000, 60_000, 70_000].map((sequence) => ({ sequence })));
    // The totals, and 25,000 accounts with their places and their cash, of each more than a part holds.
    expect(await parts()).toBe(3 * 8);
    const ledger = await store.newestSnapshot();
    expect(ledger.snapshot()).toEqual((await folded()).snapshot());
    expect(ledger.accountCount).toBe(25_000);
    expect(snapshots.failed).toBe(0);
  });

  it('are not taken more often than there are accounts, however few events are asked for', async () => {
    await journalled(1, 100);
    for (let eventCount = 1; eventCount < 100; eventCount++)
      snapshots.committed({ eventCount, accountCount: 100 });
    await snapshots.stop();
    expect(await stored()).toEqual([]);
    snapshots.start(0);
    snapshots.committed({ eventCount: 100, accountCount: 100 });
    await eventually(() => snapshots.taken === 1, 'a snapshot');
    expect(await stored()).toEqual([100]);
  });

  it('are whole or not there: killed in the middle of writing one, a thread leaves nothing', async () => {
    await journalled(1, 30_000);
    const release = await blockParts();
    const stop = new Int32Array(new SharedArrayBuffer(4));
    const thread = new WorkerPool<string, unknown>(
      new URL('../../apps/pricer/src/snapshot.worker.js', import.meta.url),
      1,
      { workerData: { address: addressOf(database), vesting, stop } },
    );
    const killed = thread.run('take').catch((error: unknown) => error);
    await eventually(async () => (await waiting()) > 0, 'it to have begun one');
    await thread.close();
    expect(await killed).toBeInstanceOf(Error);
    await release();
    await eventually(async () => (await waiting()) === 0, 'the server to notice');
    expect([await stored(), await parts()]).toEqual([[], 0]);
    take();
    await eventually(() => snapshots.taken === 1, 'another one');
    expect(await store.verifySnapshots()).toEqual([{ sequence: 30_000 }]);
  });

  it('are left where they are when the writer ends, at once', async () => {
    await journalled(1, 30_000);
    const release = await blockParts();
    take();
    await eventually(async () => (await waiting()) > 0, 'one to be begun');
    const ended = snapshots.close();
    await release();
    await ended;
    expect([snapshots.taken, snapshots.failed]).toEqual([0, 0]);
    expect([await stored(), await parts()]).toEqual([[], 0]);
    const [{ count }] = await database.query<[{ count: string }]>(
      `select count(*) from pg_stat_activity
         where state like 'idle in transaction%' and datname = current_database()`,
    );
    expect(Number(count)).toBe(0);
  });

  it('of two processes at once are one', async () => {
    await journalled(1, 30_000);
    const other = new LedgerSnapshots({ address: addressOf(database), vesting }, 1);
    other.start(0);
    const release = await blockParts();
    take();
    other.committed({ eventCount: 30_000, accountCount: 0 });
    await eventually(async () => (await waiting()) === 1, 'the first');
    await release();
    await eventually(() => snapshots.lastSeconds !== undefined && other.lastSeconds !== undefined, 'both');
    expect(snapshots.taken + other.taken).toBe(1);
    expect([snapshots.failed, other.failed]).toEqual([0, 0]);
    expect(await store.verifySnapshots()).toEqual([{ sequence: 30_000 }]);
    await other.close();
  });

  it('are not taken of a journal with a gap; a failure is counted, and the next one is tried afresh', async () => {
    await journalled(1, 10);
    await journalled(12, 20);
    take();
    await eventually(() => snapshots.failed === 1, 'a failure');
    expect(await stored()).toEqual([]);
    await journalled(11, 11);
    take();
    await eventually(() => snapshots.taken === 1, 'a snapshot');
    expect(await store.verifySnapshots()).toEqual([{ sequence: 20 }]);
  });

  it('do not hold up the writer, which starts again from one as it was', async () => {
    const start = () =>
      startEngine({
        ...QUICK_MODEL,
        ...{ DATABASE_URL: server.url, PORT: '0', LOG_LEVEL: 'error', SNAPSHOT_EVERY_EVENTS: '40' },
      });
    const release = await blockParts();
    let engine = await start();
    const replay = (bars: number) =>
      new Replayer(simulatedMarket(5, bars), engine.log, engine.database, {
        ...{ speed: undefined, liquidity: 1_000_000, warmUpBars: 0 },
        flow: { seed: 3, accounts: 20, tradesPerBar: 4, medianNotional: 10_000, firstBar: 33 },
      }).run(new AbortController().signal);
    await replay(50);
    // One waits for the table since the fortieth event, and the replay goes on past it.
    await eventually(async () => (await waiting()) === 1, 'one to be begun');
    await replay(60);
    expect(await waiting()).toBe(1);
    expect(engine.pricer.engine.ledger.eventCount).toBeGreaterThan(150);
    expect(await stored()).toEqual([]);
    await release();
    await eventually(async () => (await stored()).length > 0, 'the snapshot');
    await replay(75);
    await eventually(async () => (await stored()).length > 1, 'another one');
    const before = engine.pricer.engine.ledger.snapshot();
    await engine.stop();
    for (const { difference } of await store.verifySnapshots()) expect(difference).toBeUndefined();
    engine = await start();
    expect(engine.pricer.engine.ledger.snapshot()).toEqual(before);
    expect((await folded()).snapshot()).toEqual(before);
    await engine.stop();
  });
});
