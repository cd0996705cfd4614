import { crc32c } from '@node-rs/crc32';
import { SEQUENCE_HEADER, SOURCE_HEADER } from '../../record.js';
import { type Codec, CODECS, compress, compressBeside, decompress } from './compression.js';
import { CRC_FROM, HEADER_BYTES, LARGEST_BATCH_BYTES, readRecords } from './record-set.js';

// Record batches of format 2 as the protocol has them (kafka.apache.org/documentation/#recordbatch), written into one buffer each. The
// client allocates a buffer for every record and every header, which was a fifth of the time of a process that publishes.

/** Records below this size are compressed at once: a thread would take longer to be told. */
const COMPRESSED_AT_ONCE = 8_192;

/** A record before it is written. */
export interface WrittenRecord {
  readonly key: string;
  readonly value: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** A batch whose records are written and compressed; only its header is missing, which the producer's state decides. */
export interface PackedBatch {
  readonly partition: number;
  /** number of records */
  readonly count: number;
  readonly codec: Codec;
  readonly packed: Buffer;
}

/** The producer that sends a batch, as the broker knows it. */
export interface ProducerState {
  /** −1 for one that is not idempotent */
  readonly producerId: bigint;
  readonly producerEpoch: number;
  readonly firstSequence: number;
}

/** Bytes of records one after the other, in a buffer that grows. */
class RecordBytes {
  private buffer: Buffer;
  private at = 0;

  constructor(bytes: number) {
    this.buffer = Buffer.allocUnsafe(bytes);
  }

  get written(): Buffer {
    return this.buffer.subarray(0, this.at);
  }

  /** @param own the number of the record in its source, empty where it has none */
  record(
    place: number,
    { key, value }: WrittenRecord,
    headers: Buffer,
    headerCount: number,
    own: string,
  ): void {
    const keyBytes = Buffer.byteLength(key);
    const valueBytes = Buffer.byteLength(value);
    const ownBytes = own === '' ? 0 : SEQUENCE_NAME.length + varintBytes(own.length) + own.length;
    const count = headerCount + (own === '' ? 0 : 1);
    const size =
      2 +
      varintBytes(place) +
      (varintBytes(keyBytes) + keyBytes) +
      (varintBytes(valueBytes) + valueBytes) +
      varintBytes(count) +
      (headers.length + ownBytes);
    this.reserve(size + 5);
    this.varint(size);
    // Attributes, and the time since the batch's: records of a batch are as old as it.
    this.buffer[this.at++] = 0;
    this.buffer[this.at++] = 0;
    this.varint(place);
    this.varint(keyBytes);
    this.at += this.buffer.write(key, this.at);
    this.varint(valueBytes);
    this.at += this.buffer.write(value, this.at);
    this.varint(count);
    this.at += headers.copy(this.buffer, this.at);
    if (own === '') return;
    this.at += SEQUENCE_NAME.copy(this.buffer, this.at);
    this.varint(own.length);
    this.at += this.buffer.write(own, this.at, 'latin1');
  }

  /** Records that are written already, without their own lengths, at other places of a batch. @param first place of the first */
  moved(records: Buffer, count: number, first: number): void {
    let at = 0;
    for (let i = 0; i < count; i++) {
      const size = readVarint(records, at);
      const start = at + varintBytes(size);
      // Attributes, and the time since the batch's, which is a byte in the batches that are written here.
      const place = start + 2;
      const rest = place + varintBytes(readVarint(records, place));
      at = start + size;
      const length = 2 + varintBytes(first + i) + (at - rest);
      this.reserve(length + 5);
      this.varint(length);
      this.at += records.copy(this.buffer, this.at, start, place);
      this.varint(first + i);
      this.at += records.copy(this.buffer, this.at, rest, at);
    }
  }

  private reserve(bytes: number): void {
    if (this.at + bytes <= this.buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(2 * this.buffer.length, this.at + bytes));
    this.buffer.copy(larger, 0, 0, this.at);
    this.buffer = larger;
  }

  private varint(value: number): void {
    this.at = writeVarint(this.buffer, this.at, value);
  }
}

function varintBytes(value: number): number {
  let bytes = 1;
  for (let rest = 2 * value; rest >= 128; rest = Math.floor(rest / 128)) bytes++;
  return bytes;
}

/** Writes the zigzag varint of a number ≥ 0. @returns where it ends */
function writeVarint(into: Buffer, at: number, value: number): number {
  let rest = 2 * value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) into[at++] = (rest % 128) | 128;
  into[at++] = rest;
  return at;
}

/** A zigzag varint of a number ≥ 0 that {@link writeVarint} has written. */
function readVarint(from: Buffer, at: number): number {
  let value = 0;
  for (let unit = 1; ; unit *= 128) {
    const byte = from[at++];
    value += (byte & 127) * unit;
    if (byte < 128) return value / 2;
  }
}

/** A text after its length. */
function measured(text: string): Buffer {
  const bytes = Buffer.byteLength(text);
  const buffer = Buffer.allocUnsafe(varintBytes(bytes) + bytes);
  buffer.write(text, writeVarint(buffer, 0, bytes));
  return buffer;
}

const SEQUENCE_NAME = measured(SEQUENCE_HEADER);

/** Encoded headers; those of a run of records that share them are encoded once. */
class EncodedHeaders {
  private of: Readonly<Record<string, string>> | undefined;
  private readonly last: Buffer;
  bytes = Buffer.alloc(0);
  count = 0;

  /** @param source a header of its name is added to each */
  constructor(private readonly source: string | undefined) {
    this.last =
      source === undefined ? Buffer.alloc(0) : Buffer.concat([measured(SOURCE_HEADER), measured(source)]);
  }

  take(headers: Readonly<Record<string, string>>): void {
    if (headers === this.of) return;
    this.of = headers;
    const entries = Object.entries(headers);
    this.bytes = Buffer.concat([
      ...entries.flatMap(([name, value]) => [measured(name), measured(value)]),
      this.last,
    ]);
    this.count = entries.length + (this.source === undefined ? 0 : 1);
  }
}

/**
 * The records of a batch, not compressed. With a source each gets the two headers that consumers know repeated messages by.
 *
 * @param numbered the source, and a record's number in it
 */
export function encodeRecords<R extends WrittenRecord>(
  records: readonly R[],
  numbered?: { readonly source: string; readonly sequence: (record: R) => number },
): Buffer {
  const characters = records.reduce((sum, { value }) => sum + value.length + 128, 0);
  const buffer = new RecordBytes(characters);
  const headers = new EncodedHeaders(numbered?.source);
  for (let i = 0; i < records.length; i++) {
    const record = records[i];
    headers.take(record.headers);
    const own = numbered === undefined ? '' : String(numbered.sequence(record));
    buffer.record(i, record, headers.bytes, headers.count, own);
  }
  return buffer.written;
}

/** Records of one partition as a batch; large ones are compressed in a thread. */
export async function packBatch<R extends WrittenRecord>(
  codec: Codec,
  partition: number,
  records: readonly R[],
  numbered?: { readonly source: string; readonly sequence: (record: R) => number },
): Promise<PackedBatch> {
  const packed = await compressed(codec, encodeRecords(records, numbered));
  return { partition, count: records.length, codec, packed };
}

async function compressed(codec: Codec, written: Buffer): Promise<Buffer> {
  return written.length <= COMPRESSED_AT_ONCE ? compress(codec, written) : compressBeside(codec, written);
}

/** A batch of several, and how many it is of. */
export interface JoinedBatch {
  readonly batch: PackedBatch;
  readonly parts: number;
}

/** Records of a joined batch, and their bytes before they are compressed. */
const MOST_JOINED = { records: 1_000, bytes: 900_000 };

/**
 * Batches of one partition, in order, as few larger ones: a request to a broker has one batch of a partition, and each takes its time. Records keep
 * their bytes, but for their place in the batch.
 *
 * @param batches that {@link packBatch} has made, one at least
 */
export async function joinBatches(batches: readonly PackedBatch[]): Promise<JoinedBatch[]> {
  const joined: JoinedBatch[] = [];
  for (let from = 0; from < batches.length;) {
    const [first] = batches.slice(from);
    const parts: { readonly records: Buffer; readonly count: number }[] = [];
    let count = 0;
    let bytes = 0;
    while (from + parts.length < batches.length) {
      const next = batches[from + parts.length];
      if (count + next.count > MOST_JOINED.records || bytes + next.packed.length > MOST_JOINED.bytes) break;
      const records = decompress(next.codec, next.packed, LARGEST_BATCH_BYTES);
      if (bytes + records.length > MOST_JOINED.bytes) break;
      parts.push({ records, count: next.count });
      count += next.count;
      bytes += records.length;
    }
    if (parts.length < 2) joined.push({ batch: first, parts: 1 });
    else {
      const { partition, codec } = first;
      const buffer = new RecordBytes(bytes + 2 * count);
      let place = 0;
      for (const part of parts) {
        buffer.moved(part.records, part.count, place);
        place += part.count;
      }
      const packed = await compressed(codec, buffer.written);
      joined.push({ batch: { partition, count, codec, packed }, parts: parts.length });
    }
    from += Math.max(1, parts.length);
  }
  return joined;
}

/** The records of a batch again. */
export function unpackBatch({
  partition,
  count,
  codec,
  packed,
}: PackedBatch): (WrittenRecord & { readonly partition: number })[] {
  const records = readRecords(decompress(codec, packed, LARGEST_BATCH_BYTES), count);
  return records.map(({ key, value, headers }) => ({
    ...{ partition, key: key?.toString() ?? '', value: value?.toString() ?? '' },
    headers: Object.fromEntries(headers.map(([name, content]) => [name, content?.toString() ?? ''])),
  }));
}

/**
 * A batch as a broker takes it.
 *
 * @param time its records', milliseconds since the epoch
 */
export function recordBatch(
  { count, codec, packed }: PackedBatch,
  producer: ProducerState,
  time: number,
): Buffer {
  const batch = Buffer.allocUnsafe(HEADER_BYTES + packed.length);
  batch.writeBigInt64BE(0n, 0);
  batch.writeInt32BE(batch.length - 12, 8);
  batch.writeInt32BE(0, 12);
  batch.writeInt8(2, 16);
  batch.writeInt16BE(CODECS.indexOf(codec), 21);
  batch.writeInt32BE(count - 1, 23);
  batch.writeBigInt64BE(BigInt(time), 27);
  batch.writeBigInt64BE(BigInt(time), 35);
  batch.writeBigInt64BE(producer.producerId, 43);
  batch.writeInt16BE(producer.producerEpoch, 51);
  batch.writeInt32BE(producer.firstSequence, 53);
  batch.writeInt32BE(count, 57);
  packed.copy(batch, HEADER_BYTES);
  batch.writeUInt32BE(crc32c(batch.subarray(CRC_FROM)), 17);
  return batch;
}
