import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type BatchRecord,
  encodeBatch,
  time,
  zstdFrame,
} from '../../../../../test/support/record-batches.js';
import { canCompress, CODECS, compress } from './compression.js';
import { readRecord } from './read-record.js';
import { LARGEST_BATCH_BYTES, readRecordSet, withoutAborted } from './record-set.js';

const bytes = fc.uint8Array({ maxLength: 40 }).map((data) => Buffer.from(data));
const nullable = fc.option(bytes, { nil: null });
const anyRecord = fc.record({
  key: nullable,
  value: nullable,
  headers: fc.array(fc.tuple(fc.string({ maxLength: 5 }), nullable), { maxLength: 4 }),
});
const anyRecords: fc.Arbitrary<BatchRecord[]> = fc.array(anyRecord, { minLength: 1, maxLength: 20 });
const one: BatchRecord[] = [{ key: 'k', value: '{}' }];
const packed = CODECS.map((codec) => ({
  codec,
  attributes: CODECS.indexOf(codec),
  pack: canCompress(codec) ? (data: Buffer) => compress(codec, data) : zstdFrame,
}));

describe('a record set', () => {
  it.each(packed)('is read whatever its records hold: $codec', ({ attributes, pack }) => {
    fc.assert(
      fc.property(anyRecords, fc.integer({ min: 0, max: 1e9 }), (records, base) => {
        const set = encodeBatch(records, { attributes, pack, baseOffset: BigInt(base) });
        const [batch] = readRecordSet(Buffer.concat([set, set.subarray(0, set.length - 1)]));
        expect(batch.problem).toBeUndefined();
        expect(batch.to - batch.from).toBe(BigInt(records.length));
        expect(batch.records).toEqual(
          records.map(({ key, value, headers = [] }, i) => ({
            ...{ offset: BigInt(base + i), timestamp: BigInt(time), key, value },
            headers: headers.map(([name, content]) => [name, content]),
          })),
        );
      }),
      { numRuns: 50 },
    );
  });

  it('never fails, and never loses its place, whatever byte is wrong', () => {
    const good = encodeBatch(one, { baseOffset: 100n });
    for (const { attributes, pack } of packed) {
      const set = encodeBatch(
        Array.from({ length: 5 }, (_, i) => ({ key: `k${i}`, value: `{"value":${i}}`.repeat(20) })),
        { attributes, pack },
      );
      for (let i = 12; i < set.length; i++) {
        const wrong = Buffer.from(set);
        wrong[i] ^= 0x41;
        const batches = readRecordSet(Buffer.concat([wrong, good]));
        expect(batches).toHaveLength(2);
        expect(batches[1].records).toHaveLength(1);
        // The leader’s epoch, which brokers set, is all that the checksum leaves out.
        if (i >= 16) expect([i, batches[0].problem]).not.toEqual([i, undefined]);
      }
    }
  });

  it('says which offsets it cannot read, and why', () => {
    const problemOf = (set: Buffer) => readRecordSet(set)[0].problem;
    expect(problemOf(encodeBatch(one, { format: 1 }))).toBe('record format 1 is not read, only 2 is');
    expect(problemOf(encodeBatch(one, { attributes: 6 }))).toBe('codec 6 is not known');
    const wrong = encodeBatch(one);
    wrong[wrong.length - 1] ^= 1;
    expect(problemOf(wrong)).toBe('its checksum is wrong');
    expect(problemOf(encodeBatch(one, { count: 2 }))).toBe('the records end too early');
    const many = { value: '', headers: Array.from({ length: 10_001 }, () => ['', null] as const) };
    expect(problemOf(encodeBatch([many]))).toBe('a record has 10001 headers');
    const set = encodeBatch(one, { attributes: 1, baseOffset: 7n, lastOffsetDelta: 4 });
    expect(readRecordSet(set)[0]).toMatchObject({ from: 7n, to: 12n, records: [] });
    expect(problemOf(set)).toMatch(/^gzip: /);
  });

  it('does not unpack without end', () => {
    const zeros = Buffer.alloc(LARGEST_BATCH_BYTES + 1);
    const rle = Buffer.alloc(4);
    rle.writeUIntLE(((1 << 17) << 3) | 2, 0, 3);
    const zstdBomb = Buffer.concat([
      Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x38]),
      ...Array.from({ length: 4_000 }, () => rle),
    ]);
    const bombs = [
      { attributes: 1, bomb: gzipSync(zeros, { level: 1 }) },
      { attributes: 2, bomb: compress('snappy', zeros) },
      { attributes: 3, bomb: compress('lz4', zeros) },
      { attributes: 4, bomb: zstdBomb },
    ];
    for (const { attributes, bomb } of bombs) {
      const [{ problem }] = readRecordSet(encodeBatch(one, { attributes, pack: () => bomb }));
      expect(problem).toMatch(/^\w+: (unpacks to more than|Cannot create a Buffer larger than)/);
    }
  });

  it('reads Snappy in Java’s framing', () => {
    const block = (data: Buffer) => {
      const size = Buffer.alloc(4);
      const content = compress('snappy', data);
      size.writeInt32BE(content.length);
      return Buffer.concat([size, content]);
    };
    const pack = (data: Buffer) =>
      Buffer.concat([
        Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1]),
        block(data.subarray(0, 5)),
        block(data.subarray(5)),
      ]);
    const [batch] = readRecordSet(encodeBatch(one, { attributes: 2, pack }));
    expect(batch.records[0].value?.toString()).toBe('{}');
  });

  it('leaves out what belongs to transactions that were given up', () => {
    const marker = (aborts: boolean) => [{ key: Buffer.from([0, 0, 0, aborts ? 0 : 1]), value: 'end' }];
    const data = (baseOffset: bigint, producerId: bigint, key: string | Buffer = 'k') =>
      encodeBatch([{ key, value: String(baseOffset) }], { attributes: 0x10, producerId, baseOffset });
    const end = (baseOffset: bigint, producerId: bigint, aborts: boolean) =>
      encodeBatch(marker(aborts), { attributes: 0x30, producerId, baseOffset });
    const set = Buffer.concat([
      // A key of four zero bytes is no marker.
      data(10n, 2n, Buffer.alloc(4)),
      data(11n, 2n),
      data(12n, 1n),
      encodeBatch([{ value: '13' }], { baseOffset: 13n, producerId: 1n }),
      end(14n, 1n, true),
      data(15n, 1n),
      end(16n, 1n, false),
      data(17n, 2n),
      end(18n, 2n, true),
      data(19n, 2n),
    ]);
    // Both began before the fetched records.
    const aborted = [
      { producerId: 2n, firstOffset: 5n },
      { producerId: 1n, firstOffset: 3n },
    ];
    const batches = withoutAborted(readRecordSet(set), aborted);
    const values = batches
      .filter(({ control }) => !control)
      .flatMap(({ records }) => records.map(({ value }) => value?.toString()));
    expect(values).toEqual(['13', '15', '19']);
    expect(batches).toHaveLength(10);
  });
});

describe('a record', () => {
  const read = (record: BatchRecord) => readRecord(readRecordSet(encodeBatch([record]))[0].records[0]);

  it('has the text of its value and of its headers', () => {
    const headers = [
      ['twice', 'first'],
      ['twice', 'last'],
      ['none', null],
      ['binary', Buffer.from([0xff, 0xfe])],
      ['zero', 'a\0b'],
      ['__proto__', 'x'],
    ] as const;
    const record = read({ key: null, value: '{"a":1}', headers });
    expect(record).toMatchObject({ key: '', value: '{"a":1}', timestamp: time });
    expect(Object.entries(record.headers)).toEqual([
      ['twice', 'last'],
      ['__proto__', 'x'],
    ]);
    expect(record.problem).toBeUndefined();
  });

  it('is read without the frame of a schema registry', () => {
    const frame = Buffer.from([0, 0, 0, 255, 254]);
    expect(read({ value: Buffer.concat([frame, Buffer.from('{"a":1}')]) })).toMatchObject({
      value: '{"a":1}',
    });
  });

  it('without a text for a value says so', () => {
    expect(read({ value: null }).problem).toBe('it has no value: a tombstone');
    const binary = read({ value: Buffer.from([0x7b, 0xff, 0x7d]) });
    expect(binary).toMatchObject({ problem: 'its value is not UTF-8', value: 'e/99', encoding: 'base64' });
  });
});
