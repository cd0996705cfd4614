import type { DataSource } from 'typeorm';
import { describe, expect, it } from 'vitest';
import { BusyError } from '#lib/service';
import { HistoryReader } from './history-reader.js';

const RANGE = { from: 0, to: 3_600_000, step: 60_000 };

/** A database whose readings end when they are told to. */
class SlowDatabase {
  readonly statements: string[] = [];
  private readonly ends: (() => void)[] = [];
  running = 0;
  most = 0;

  async transaction<Result>(run: (manager: this) => Promise<Result>): Promise<Result> {
    this.most = Math.max(this.most, ++this.running);
    try {
      return await run(this);
    } finally {
      this.running--;
    }
  }

  async query(text: string): Promise<unknown[]> {
    this.statements.push(text);
    if (text.startsWith('set local')) return [];
    await new Promise<void>((end) => this.ends.push(end));
    return [{ count: 0, rows: null }];
  }

  async endAll(): Promise<void> {
    for (let turns = 0; turns < 200; turns++) {
      this.ends.shift()?.();
      await new Promise(setImmediate);
    }
  }
}

describe(HistoryReader, () => {
  it('reads with two connections at most, whoever asks; past 64 that wait it refuses', async () => {
    const database = new SlowDatabase();
    const reader = new HistoryReader(database as unknown as DataSource);
    const asked = Array.from({ length: 100 }, () =>
      reader.read('risk', RANGE).then(
        () => 'read',
        (error: unknown) => (error instanceof BusyError ? 'busy' : String(error)),
      ),
    );
    await database.endAll();
    const answers = await Promise.all(asked);
    expect(answers.filter((answer) => answer === 'busy').length).toBe(100 - 66);
    expect(answers.filter((answer) => answer === 'read').length).toBe(66);
    expect(database.most).toBe(2);
    // Nobody keeps a turn: the next ones are read.
    const later = reader.read('premia', RANGE);
    await database.endAll();
    await expect(later).resolves.toContain('"rows":[]');
    expect(database.running).toBe(0);
  });

  it('a reading that fails gives its turn back', async () => {
    const failing = {
      transaction: () => Promise.reject(new Error('the connection is lost')),
    } as unknown as DataSource;
    const reader = new HistoryReader(failing);
    for (let i = 0; i < 5; i++) await expect(reader.read('risk', RANGE)).rejects.toThrow(/lost/);
  });

  it('ends a reading that takes too long, and says so', async () => {
    const cancelled = Object.assign(new Error('canceling statement'), { driverError: { code: '57014' } });
    const statements: string[] = [];
    const slow = {
      transaction: (run: (manager: unknown) => Promise<unknown>) =>
        run({
          query: (text: string) => {
            statements.push(text);
            return text.startsWith('set local') ? Promise.resolve([]) : Promise.reject(cancelled);
          },
        }),
    } as unknown as DataSource;
    await expect(new HistoryReader(slow, 250).read('risk', RANGE)).rejects.toMatchObject({
      code: 'invalid-input',
      message: expect.stringMatching(/0.25 s/) as string,
    });
    expect(statements[0]).toBe('set local statement_timeout = 250');
  });
});
