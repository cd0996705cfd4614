import type { DataSource } from 'typeorm';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type BookEvent, commandKeyText, commandOf } from '#lib/exchange';
import { OpenTransaction } from '#lib/storage';
import { Journal } from '../../apps/pricer/src/index.js';
import { startTestDatabase, type TestDatabase } from '../support/database.js';

// The journal of the book while a batch is decided ahead of the commit of the one before.

const AT = Date.UTC(2026, 0, 15);
const deposit = (commandId: string, digest: string): BookEvent => ({
  ...{ kind: 'account-deposited', at: AT, digest, commandId, account: 'ann', amount: '5' },
});
const asked = (commandId: string, digest: string): BookEvent => ({
  ...{ kind: 'liquidity-asked', at: AT, digest, commandId, provider: 'lp', ask: 'deposit' },
  ...{ amount: '5', shares: '0' },
});
const deposited = (commandId: string): BookEvent => ({
  ...{ kind: 'liquidity-deposited', at: AT, commandId, provider: 'lp', amount: '5', shares: '5' },
});
const keyOf = (event: BookEvent) => commandOf(event)!;
const textOf = (event: BookEvent) => commandKeyText(keyOf(event));

describe('the journal ahead of a commit', () => {
  let server: TestDatabase;
  let database: DataSource;
  let journal: Journal;
  const open = new Set<OpenTransaction>();
  beforeAll(async () => {
    server = await startTestDatabase();
    database = await server.connect();
    // The month's partitions are there.
    await new Journal().append(database.manager, 1, [deposit('first', 'f')]);
  }, 120_000);
  afterAll(() => server.stop());
  beforeEach(async () => {
    await database.query('truncate journal, command_outcome');
    journal = new Journal();
  });
  afterEach(async () => {
    for (const transaction of open) await transaction.rollback();
    open.clear();
  });

  /** A transaction in which events are decided, the first of which has this sequence. */
  async function decide(first: number, events: readonly BookEvent[], before?: Promise<void>) {
    const transaction = await OpenTransaction.begin(database, before);
    open.add(transaction);
    await journal.append(transaction.manager, first, events);
    return {
      transaction,
      commit: () => {
        open.delete(transaction);
        return transaction.commit([]);
      },
    };
  }

  it('knows the commands of a batch that has not committed, by their content, and tells nobody else', async () => {
    const one = deposit('1', 'one');
    const first = await decide(1, [one, deposit('2', 'two')]);
    const next = await OpenTransaction.begin(database);
    open.add(next);
    const keys = [keyOf(one), keyOf(deposit('3', 'three'))];
    expect([...(await journal.digests(next.manager, keys))]).toEqual([[textOf(one), 'one']]);
    // An answer is for what has committed alone.
    expect((await journal.outcomes(database.manager, keys)).size).toBe(0);
    await first.commit();
    expect([...(await journal.digests(next.manager, keys))]).toEqual([[textOf(one), 'one']]);
    expect((await journal.outcomes(database.manager, keys)).get(textOf(one))).toMatchObject({
      digest: 'one',
    });
  });

  it('forgets them with the state that is read anew', async () => {
    const one = deposit('1', 'one');
    await decide(1, [one]);
    journal.forget();
    expect((await journal.digests(database.manager, [keyOf(one)])).size).toBe(0);
  });

  it('knows a command by the digest it was first decided with, here as in the tables', async () => {
    const command = asked('l', 'content');
    const first = await decide(1, [command]);
    let committed!: Promise<void>;
    const before = new Promise<void>((resolve) => {
      // It is carried out in the next batch, which waits for the row of the one before.
      setTimeout(() => {
        committed = first.commit();
        void committed.then(resolve);
      }, 50);
    });
    const second = await decide(2, [deposited('l')], before);
    const next = await OpenTransaction.begin(database);
    open.add(next);
    expect([...(await journal.digests(next.manager, [keyOf(command)])).values()]).toEqual(['content']);
    await second.commit();
    expect([...(await journal.digests(next.manager, [keyOf(command)])).values()]).toEqual(['content']);
    expect(await database.query('select sequence, asked from command_outcome')).toEqual([
      { sequence: '2', asked: '1' },
    ]);
  });
});
