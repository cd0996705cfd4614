import { crc32c } from '@node-rs/crc32';
import { messageOf } from '#lib/errors';
import { CODECS, decompress } from './compression.js';

// A fetch's answer for a partition: record batches of format 2, as the protocol has them
// (kafka.apache.org/documentation/#recordbatch). Read here, and not by the client, so that whatever a producer may send
// can be read, and unreadable batches are passed over by their offsets instead of ending the consumer.

/** A header may have no value, and may come several times. */
export type RecordHeader = readonly [name: string, value: Buffer | null];

export interface WireRecord {
  readonly offset: bigint;
  /** milliseconds since the epoch; the broker’s, where the topic says so */
  readonly timestamp: bigint;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly RecordHeader[];
}

export interface RecordBatch {
  readonly from: bigint;
  /** exclusive */
  readonly to: bigint;
  readonly producerId: bigint;
  readonly transactional: boolean;
  /** a marker of the broker: the end of a transaction */
  readonly control: boolean;
  /** whether the marker says that the transaction was given up */
  readonly aborts: boolean;
  /** empty where there is a problem, and where compaction has left nothing */
  readonly records: readonly WireRecord[];
  /** why its records cannot be read */
  readonly problem?: string;
}

const HEAD_BYTES = 12;
const FORMAT_AT = 16;
/** of a batch; its checksum is of the bytes from CRC_FROM on */
export const HEADER_BYTES = 61;
export const CRC_FROM = 21;
/** Records of a batch may unpack to this much. */
export const LARGEST_BATCH_BYTES = 64 << 20;
/** Headers of one record; each of a record’s headers costs an object here, and two bytes there. */
const MOST_HEADERS = 10_000;

/** Batches of a fetched record set; one that is cut off at the end, as brokers do, is left out. */
export function readRecordSet(data: Buffer): RecordBatch[] {
  const batches: RecordBatch[] = [];
  for (let at = 0; at + HEAD_BYTES <= data.length;) {
    const length = data.readInt32BE(at + 8);
    if (length < FORMAT_AT - HEAD_BYTES + 1 || at + HEAD_BYTES + length > data.length) break;
    batches.push(readBatch(data.subarray(at, at + HEAD_BYTES + length)));
    at += HEAD_BYTES + length;
  }
  return batches;
}

function readBatch(data: Buffer): RecordBatch {
  const from = data.readBigInt64BE(0);
  const format = data[FORMAT_AT];
  const unreadable = { producerId: -1n, transactional: false, control: false, aborts: false, records: [] };
  if (format !== 2)
    // Offsets of older formats are those of the last message of a set.
    return { from, to: from + 1n, ...unreadable, problem: `record format ${format} is not read, only 2 is` };
  if (data.length < HEADER_BYTES)
    return { from, to: from + 1n, ...unreadable, problem: 'the batch is shorter than its header' };
  const attributes = data.readInt16BE(21);
  const batch = {
    from,
    to: from + BigInt(Math.max(0, data.readInt32BE(23))) + 1n,
    producerId: data.readBigInt64BE(43),
    transactional: (attributes & 0x10) !== 0,
    control: (attributes & 0x20) !== 0,
  };
  try {
    if (crc32c(data.subarray(CRC_FROM)) !== data.readUInt32BE(17)) throw new Error('its checksum is wrong');
    const records = recordsOf(data, attributes, batch.from);
    // A marker’s key is its version and whether it aborts (0) or commits (1).
    const aborts = batch.control && records.some(({ key }) => key?.readInt16BE(2) === 0);
    return { ...batch, aborts, records };
  } catch (error) {
    return { ...batch, aborts: false, records: [], problem: messageOf(error) };
  }
}

function recordsOf(data: Buffer, attributes: number, first: bigint): WireRecord[] {
  const codec = CODECS[attributes & 7];
  if (codec === undefined) throw new Error(`codec ${attributes & 7} is not known`);
  const records = decompress(codec, data.subarray(HEADER_BYTES), LARGEST_BATCH_BYTES);
  const appended = (attributes & 8) === 0 ? undefined : data.readBigInt64BE(35);
  return readRecords(records, data.readInt32BE(57), { first, time: data.readBigInt64BE(27), appended });
}

/** Where and when a batch begins; `appended` is the time of all its records, where the broker sets it. */
interface BatchStart {
  readonly first: bigint;
  readonly time: bigint;
  readonly appended?: bigint | undefined;
}

/**
 * The records of a batch.
 *
 * @param data not compressed
 * @throws {Error} where they are not as the protocol has them
 */
export function readRecords(
  data: Buffer,
  count: number,
  { first, time, appended }: BatchStart = { first: 0n, time: 0n },
): WireRecord[] {
  const reader = new VarintReader(data);
  const records: WireRecord[] = [];
  for (let i = 0; i < count; i++) {
    const end = reader.length() + reader.at;
    reader.byte();
    const timestamp = time + BigInt(reader.varint());
    const offset = first + BigInt(reader.varint());
    const key = reader.bytes();
    const value = reader.bytes();
    const headers: RecordHeader[] = [];
    const headerCount = reader.length();
    if (headerCount > MOST_HEADERS) throw new Error(`a record has ${headerCount} headers`);
    for (let h = 0; h < headerCount; h++) headers.push([reader.bytes()?.toString() ?? '', reader.bytes()]);
    if (reader.at !== end) throw new Error(`record ${i} is not as long as it says`);
    records.push({ offset, timestamp: appended ?? timestamp, key, value, headers });
  }
  return records;
}

/** Reads zigzag varints and the bytes they measure. */
class VarintReader {
  at = 0;

  constructor(private readonly data: Buffer) {}

  byte(): number {
    if (this.at >= this.data.length) throw new Error('the records end too early');
    return this.data[this.at++];
  }

  /** Up to 53 bits: times and offsets of records, relative to their batch’s. */
  varint(): number {
    let value = 0;
    for (let scale = 1, byte = 0x80; byte >= 0x80; scale *= 128) {
      if (scale > 2 ** 63) throw new Error('a number is too long');
      byte = this.byte();
      value += (byte & 0x7f) * scale;
    }
    if (value > Number.MAX_SAFE_INTEGER) throw new Error('a number is too large');
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  length(): number {
    const length = this.varint();
    if (length < 0) throw new Error('a length is negative');
    return length;
  }

  /** null where the length is −1 */
  bytes(): Buffer | null {
    const length = this.varint();
    if (length === -1) return null;
    if (length < 0 || this.at + length > this.data.length) throw new Error('the records end too early');
    return this.data.subarray(this.at, (this.at += length));
  }
}

/** A transaction that was given up, as a fetch tells it: its producer, and where it began. */
export interface AbortedTransaction {
  readonly producerId: bigint;
  readonly firstOffset: bigint;
}

/** The batches without those of transactions that were given up; their markers stay. */
export function withoutAborted(
  batches: readonly RecordBatch[],
  aborted: readonly AbortedTransaction[],
): RecordBatch[] {
  const coming = [...aborted].sort((a, b) => (a.firstOffset < b.firstOffset ? -1 : 1));
  const open = new Set<bigint>();
  return batches.map((batch) => {
    while (coming.length > 0 && coming[0].firstOffset < batch.to) open.add(coming.shift()!.producerId);
    if (batch.control) {
      if (batch.aborts) open.delete(batch.producerId);
      return batch;
    }
    if (!batch.transactional || !open.has(batch.producerId)) return batch;
    const { problem: _, ...rest } = batch;
    return { ...rest, records: [] };
  });
}
