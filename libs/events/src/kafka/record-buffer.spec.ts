import { describe, expect, it } from 'vitest';
import { RecordBuffer } from './record-buffer.js';

const record = (offset: bigint) => ({ offset, key: '', value: 'v', headers: {} });
const buffer = () =>
  new RecordBuffer(
    { records: 4, characters: 1000 },
    () => undefined,
    () => undefined,
  );

describe('records that were read ahead', () => {
  it('stay until they are released, and are never passed over where they were dropped', () => {
    const records = buffer();
    records.add([record(5n), record(6n), record(9n)], 12n, 1);
    expect(records.from(5n, 10).map(({ offset }) => offset)).toEqual([5n, 6n, 9n]);
    // Handled up to 9 and committed up to 6: what has not committed can be read again.
    records.release(6n);
    expect(records.from(6n, 10).map(({ offset }) => offset)).toEqual([6n, 9n]);
    expect(records.passed(10n)).toBe(12n);
    records.release(7n);
    const again = [
      () => records.from(6n, 10),
      () => records.passed(6n),
      () => records.at(6n),
      () => records.arrivalOf(6n),
    ];
    for (const read of again) expect(read).toThrow('records from 6 on were dropped up to 7');
    // The partition is read anew, from an earlier place too.
    records.reset();
    expect(records.from(6n, 10)).toEqual([]);
    records.add([record(6n)], 7n, 2);
    expect(records.from(6n, 10).map(({ offset }) => offset)).toEqual([6n]);
  });
});
