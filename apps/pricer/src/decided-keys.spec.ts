import { createHash } from 'node:crypto';
import type { EntityManager } from 'typeorm';
import { describe, expect, it } from 'vitest';
import { fake } from '../../../test/support/service-batch.js';
import { DecidedKeys } from './decided-keys.js';

const keyOf = (i: number) => createHash('sha256').update(String(i)).digest('hex').slice(0, 32);

/** Tables with the keys of so many commands. */
const tables = (keys: readonly string[], bytes = 60 * keys.length) =>
  fake<EntityManager>({
    query: ((text: string, [from, to]: [string, string] = ['', '']) => {
      if (text.includes('pg_inherits')) return Promise.resolve([{ bytes: String(bytes) }]);
      const part = keys.filter((key) => key >= from && key <= to);
      return Promise.resolve([{ keys: part.length === 0 ? null : Buffer.from(part.join(''), 'hex') }]);
    }) as EntityManager['query'],
  });

describe('keys of decided commands', () => {
  it('has every one that is in the tables or was added, and hardly any other', async () => {
    const decided = new DecidedKeys();
    const stored = Array.from({ length: 2000 }, (_, i) => keyOf(i));
    const loading = decided.load(tables(stored));
    decided.add(keyOf(2000));
    await loading;
    for (let i = 0; i <= 2000; i++) expect(decided.mayHave(keyOf(i))).toBe(true);
    const taken = Array.from({ length: 2000 }, (_, i) => keyOf(3000 + i)).filter((key) =>
      decided.mayHave(key),
    );
    expect(taken).toEqual([]);
  });

  it('may have any until they are read, and where there are too many to be read', async () => {
    const decided = new DecidedKeys();
    expect(decided.mayHave(keyOf(1))).toBe(true);
    await decided.load(tables([], 1e9));
    expect(decided.mayHave(keyOf(1))).toBe(true);
    await decided.load(tables([]));
    expect(decided.mayHave(keyOf(1))).toBe(false);
  });

  it('keeps commands apart that have an owner, or an id, in common', async () => {
    const decided = new DecidedKeys();
    await decided.load(tables([]));
    const [id, owner] = [keyOf(1).slice(0, 16), keyOf(2).slice(0, 16)];
    for (let i = 10; i < 500; i++) {
      decided.add(id + keyOf(i).slice(16));
      decided.add(keyOf(i).slice(0, 16) + owner);
    }
    expect(decided.mayHave(id + owner)).toBe(false);
    expect(decided.mayHave(id + id)).toBe(false);
  });
});
