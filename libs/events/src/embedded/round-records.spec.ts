import { describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { defineTopic, outgoing } from '#lib/messages';
import type { Cursor } from '../handle-batch.js';
import { validate } from '../incoming.js';
import type { Lane } from '../lane.js';
import { RoundRecords } from './round-records.js';

const numbers = defineTopic({
  ...{ name: 'numbers', description: 'test', key: 'none', partitioned: false, retention: { days: 30 } },
  ...{ retainRecords: 5, schemaVersion: 1, payload: z.strictObject({ value: z.int() }) },
});
const header = { id: 'n', sequence: 1, time: Date.UTC(2026, 0, 1) };

function reader(name: string, offset: bigint): Cursor {
  const lane: Lane = { name, spread: 'single', shared: true };
  return {
    subscription: { topic: numbers, lane, everyUnit: false, batch: 10 },
    handler: () => Promise.resolve(),
    ...{ partition: 0, position: { offset, sources: {} } },
  };
}

describe(RoundRecords, () => {
  it('hands a message that is published to all its readers, of which the first one checks it', () => {
    const parse = vi.spyOn(numbers.message, 'safeParse');
    const cursors = ['a', 'b', 'c'].map((name) => reader(name, 7n));
    const records = new RoundRecords(cursors, [], 1);
    records.add([outgoing(numbers, 'k', header, { value: 5 })], 0);
    expect(records.whole).toBe(false);
    for (const cursor of cursors) {
      const [record] = records.next([cursor])!.records;
      expect(record.offset).toBe(7n);
      expect(validate(cursor.subscription, record)).toMatchObject({ message: { payload: { value: 5 } } });
    }
    expect(parse).toHaveBeenCalledTimes(1);
    expect(records.whole).toBe(true);
    parse.mockRestore();
  });

  it('is not whole while a batch was read full: others may follow it', () => {
    const cursor = reader('a', 0n);
    const read = Array.from({ length: 10 }, (_, i) => {
      const { key, value } = outgoing(numbers, 'k', header, { value: i });
      return { offset: BigInt(i), key, value, headers: {} };
    });
    const records = new RoundRecords([cursor], [{ index: 0, records: read }], 1);
    expect(records.next([cursor])!.records).toHaveLength(10);
    expect(records.next([cursor])).toBeUndefined();
    expect(records.whole).toBe(false);
  });
});
