import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeBatch } from '../../../../../test/support/record-batches.js';
import { SEQUENCE_HEADER, SOURCE_HEADER } from '../../record.js';
import { canCompress, CODECS } from './compression.js';
import { readRecordSet } from './record-set.js';
import { encodeRecords, packBatch, recordBatch, unpackBatch, type WrittenRecord } from './record-writer.js';

const NO_PRODUCER = { producerId: -1n, producerEpoch: -1, firstSequence: -1 };
const time = Date.UTC(2026, 0, 1, 12);
/** Text of one, two, three and four bytes a character, and long enough to grow the buffer. */
const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 30 }),
  fc.nat({ max: 3_000 }).map((size) => 'ü€'.repeat(size)),
);
const name = fc.string({ minLength: 1, maxLength: 8 }).filter((each) => each !== '__proto__');
const headers = fc.dictionary(name, text, { maxKeys: 3, noNullPrototype: true });
const anyRecords = fc.array(fc.record({ key: text, value: text, headers }), { minLength: 1, maxLength: 200 });
const codecs = CODECS.filter(canCompress);

describe(packBatch, () => {
  it.each(codecs)('is read as it was written, and unpacked to what it was: %s', async (codec) => {
    await fc.assert(
      fc.asyncProperty(anyRecords, fc.nat({ max: 9 }), async (records, partition) => {
        const batch = await packBatch(codec, partition, records);
        const producer = { producerId: 7n, producerEpoch: 2, firstSequence: 41 };
        const [read, ...others] = readRecordSet(recordBatch(batch, producer, time));
        expect(others).toEqual([]);
        expect(read).toMatchObject({ from: 0n, to: BigInt(records.length), producerId: 7n });
        expect(read.problem).toBeUndefined();
        expect(
          read.records.map(({ key, value, headers: own, ...at }) => ({
            ...{ ...at, key: key?.toString(), value: value?.toString() },
            headers: own.map(([header, content]) => [header, content?.toString()]),
          })),
        ).toEqual(
          records.map(({ key, value, headers: own }, i) => ({
            ...{ offset: BigInt(i), timestamp: BigInt(time), key, value, headers: Object.entries(own) },
          })),
        );
        expect(unpackBatch(batch)).toEqual(records.map((record) => ({ ...record, partition })));
      }),
      { numRuns: 20 },
    );
  });

  it('is byte for byte what another writer makes of the same records', async () => {
    const records: WrittenRecord[] = [
      { key: 'a', value: '{"a":1}', headers: {} },
      { key: '', value: '', headers: { 'correlation-id': 'x', ü: '€' } },
    ];
    const batch = await packBatch('none', 0, records);
    const other = encodeBatch(
      records.map(({ key, value, headers: own }) => ({ key, value, headers: Object.entries(own) })),
    );
    other.writeInt32BE(0, 12); // the leader's epoch, which brokers set
    expect(recordBatch(batch, NO_PRODUCER, time)).toEqual(other);
  });

  it('numbers its records for consumers, whatever headers they have of their own', async () => {
    const shared = {};
    const records = [
      { key: 'a', value: '1', headers: shared, sequence: 9 },
      { key: 'b', value: '2', headers: shared, sequence: 1_000_000_000_000 },
      { key: 'c', value: '3', headers: { tracestate: 't' }, sequence: 12 },
    ];
    const batch = await packBatch('none', 0, records, {
      source: 'pricer',
      sequence: ({ sequence }: { sequence: number }) => sequence,
    });
    expect(unpackBatch(batch).map((record) => record.headers)).toEqual([
      { [SOURCE_HEADER]: 'pricer', [SEQUENCE_HEADER]: '9' },
      { [SOURCE_HEADER]: 'pricer', [SEQUENCE_HEADER]: '1000000000000' },
      { tracestate: 't', [SOURCE_HEADER]: 'pricer', [SEQUENCE_HEADER]: '12' },
    ]);
  });

  it('keeps what it has written when its buffer grows', () => {
    const records = Array.from({ length: 50 }, (_, i) => ({
      key: '€'.repeat(i),
      value: '€'.repeat(900),
      headers: {},
    }));
    const whole = encodeRecords(records);
    const parts = records.map((record) => encodeRecords([record]).length);
    expect(whole.length).toBe(parts.reduce((sum, length) => sum + length));
  });
});
