import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeBatch } from '../../../../../test/support/record-batches.js';
import { SEQUENCE_HEADER, SOURCE_HEADER } from '../../record.js';
import { canCompress, CODECS } from './compression.js';
import { readRecordSet } from './record-set.js';
import {
  encodeRecords,
  joinBatches,
  packBatch,
  recordBatch,
  unpackBatch,
  type WrittenRecord,
} from './record-writer.js';

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

describe(joinBatches, () => {
  const record = (value: string): WrittenRecord => ({ key: 'k', value, headers: { a: 'b' } });

  it.each(codecs)('is byte for byte the batch of all records: %s', async (codec) => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyRecords, { minLength: 1, maxLength: 6 }), async (parts) => {
        const records = parts.flat();
        fc.pre(records.length <= 1_000);
        const joined = await joinBatches(await Promise.all(parts.map((part) => packBatch(codec, 3, part))));
        expect(joined.reduce((sum, each) => sum + each.parts, 0)).toBe(parts.length);
        expect(joined.flatMap(({ batch }) => unpackBatch(batch))).toEqual(
          records.map((each) => ({ ...each, partition: 3 })),
        );
        fc.pre(joined.length === 1);
        const { packed, ...batch } = await packBatch(codec, 3, records);
        expect(joined[0].batch).toMatchObject(batch);
        // Compared by their bytes at once: a matcher looks at each.
        expect(joined[0].batch.packed.equals(packed)).toBe(true);
      }),
      { numRuns: 10 },
    );
  });

  it('joins a thousand records and 900,000 bytes at most, in their order', async () => {
    const pack = (values: readonly string[]) => packBatch('lz4', 0, values.map(record));
    const many = await pack(Array.from({ length: 600 }, (_, i) => `m${i}`));
    const large = await pack(['x'.repeat(700_000)]);
    const sizes = async (batches: Parameters<typeof joinBatches>[0]) =>
      (await joinBatches(batches)).map(({ parts, batch }) => [parts, batch.count]);
    expect(await sizes([many, many])).toEqual([
      [1, 600],
      [1, 600],
    ]);
    expect(await sizes([many, large, large, many])).toEqual([
      [2, 601],
      [2, 601],
    ]);
    // One that is larger than any joined batch goes alone, as it is.
    const larger = await pack(['y'.repeat(2_000_000)]);
    const [alone] = await joinBatches([larger]);
    expect(alone.batch).toBe(larger);
    expect(await sizes([large, larger, large])).toEqual([
      [1, 1],
      [1, 1],
      [1, 1],
    ]);
  });
});
