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

function reader(name: string, offset: bigint, topic = numbers): Cursor {
  const lane: Lane = { name, spread: 'single', shared: true };
  return {
    subscription: { topic, lane, everyUnit: false, batch: 10 },
    handler: () => Promise.resolve(),
    ...{ partition: 0, position: { offset, sources: {} }, committed: offset },
  };
}

describe(RoundRecords, () => {
  it('hands a message that is published to all its readers, of which the first one checks it', () => {
    const check = vi.spyOn(numbers, 'isMessage');
    const cursors = ['a', 'b', 'c'].map((name) => reader(name, 7n));
    const records = new RoundRecords(cursors, [], 1);
    records.add([outgoing(numbers, 'k', header, { value: 5 })], 0);
    expect(records.whole).toBe(false);
    for (const cursor of cursors) {
      const [record] = records.next([cursor])!.records;
      expect(record.offset).toBe(7n);
      expect(validate(cursor.subscription, record)).toMatchObject({ message: { payload: { value: 5 } } });
    }
    expect(check).toHaveBeenCalledTimes(1);
    expect(records.whole).toBe(true);
    check.mockRestore();
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

  it('hands out nothing of a unit’s later topics while there may be more of an earlier one: wherever a round ends, the order is the same', () => {
    const later = defineTopic({ ...numbers, name: 'later' });
    const unit = [reader('a', 0n), reader('a', 0n, later)];
    const recordsOf = (count: number) =>
      Array.from({ length: count }, (_, i) => {
        const { key, value } = outgoing(numbers, 'k', header, { value: i });
        return { offset: BigInt(i), key, value, headers: {} };
      });
    const full = new RoundRecords(
      unit,
      [10, 1].map((count, index) => ({ index, records: recordsOf(count) })),
      1,
    );
    expect(full.next(unit)!.cursor).toBe(unit[0]);
    expect(full.next(unit)).toBeUndefined();
    const all = new RoundRecords(
      unit,
      [9, 1].map((count, index) => ({ index, records: recordsOf(count) })),
      1,
    );
    expect([all.next(unit)!.cursor, all.next(unit)!.cursor]).toEqual(unit);
    expect(all.whole).toBe(true);
  });
});
