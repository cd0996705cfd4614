import { createRequire } from 'node:module';
import { connect } from 'node:net';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

// Record batches byte by byte, and the request that brings them to a broker: batches that any client may send, and some that none should.

const crc32c = createRequire(import.meta.url)('kafkajs/src/protocol/recordBatch/crc32C') as (
  data: Buffer,
) => number;

export interface BatchRecord {
  readonly key?: string | Buffer | null;
  readonly value: string | Buffer | null;
  readonly headers?: readonly (readonly [string, string | Buffer | null])[];
  /** relative to the batch’s; by default its place */
  readonly offsetDelta?: number;
}

export interface BatchOptions {
  readonly attributes?: number;
  /** transformation of the records’ bytes */
  readonly pack?: (records: Buffer) => Buffer;
  readonly producerId?: bigint;
  readonly baseOffset?: bigint;
  readonly format?: number;
  readonly lastOffsetDelta?: number;
  readonly count?: number;
}

export const time = Date.UTC(2026, 0, 1, 12);

export function encodeBatch(records: readonly BatchRecord[], options: BatchOptions = {}): Buffer {
  const { attributes = 0, pack = (data) => data, producerId = -1n, baseOffset = 0n, format = 2 } = options;
  const head = Buffer.alloc(61);
  head.writeBigInt64BE(baseOffset, 0);
  head.writeInt32BE(-1, 12);
  head.writeInt8(format, 16);
  head.writeInt16BE(attributes, 21);
  head.writeInt32BE(options.lastOffsetDelta ?? records.length - 1, 23);
  head.writeBigInt64BE(BigInt(time), 27);
  head.writeBigInt64BE(BigInt(time), 35);
  head.writeBigInt64BE(producerId, 43);
  head.writeInt16BE(producerId === -1n ? -1 : 0, 51);
  head.writeInt32BE(producerId === -1n ? -1 : 0, 53);
  head.writeInt32BE(options.count ?? records.length, 57);
  const batch = Buffer.concat([head, pack(Buffer.concat(records.map(encodeRecord)))]);
  batch.writeInt32BE(batch.length - 12, 8);
  batch.writeUInt32BE(crc32c(batch.subarray(21)), 17);
  return batch;
}

function encodeRecord({ key = null, value, headers = [], offsetDelta }: BatchRecord, place: number): Buffer {
  const body = Buffer.concat([
    Buffer.from([0]),
    varint(0),
    varint(offsetDelta ?? place),
    bytes(key),
    bytes(value),
    varint(headers.length),
    ...headers.flatMap(([name, content]) => [bytes(name), bytes(content)]),
  ]);
  return Buffer.concat([varint(body.length), body]);
}

function bytes(data: string | Buffer | null): Buffer {
  if (data === null) return varint(-1);
  const buffer = Buffer.from(data as string);
  return Buffer.concat([varint(buffer.length), buffer]);
}

function varint(value: number): Buffer {
  const out: number[] = [];
  let rest = value < 0 ? -2 * value - 1 : 2 * value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) out.push((rest % 128) | 128);
  return Buffer.from([...out, rest]);
}

/** A Zstandard frame of bare blocks, which a decoder must read, without an encoder. */
export function zstdFrame(data: Buffer): Buffer {
  const blocks: Buffer[] = [];
  for (let at = 0; at === 0 || at < data.length; at += 1 << 16) {
    const block = data.subarray(at, at + (1 << 16));
    const header = Buffer.alloc(3);
    header.writeUIntLE((block.length << 3) | (at + block.length >= data.length ? 1 : 0), 0, 3);
    blocks.push(header, block);
  }
  // No content size, no checksum, a window of 128 kB: as a stream is written.
  return Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x38]), ...blocks]);
}

/** A topic that was just created: it has no leader yet. */
const COMING = [3, 5, 6];

/** Sends one record set to a partition and returns the broker’s error code. */
export async function produce(...request: Parameters<typeof produceOnce>): Promise<number> {
  for (let tries = 0; ; tries++) {
    const code = await produceOnce(...request);
    if (!COMING.includes(code) || tries === 100) return code;
    await sleep(50);
  }
}

async function produceOnce(
  address: string,
  topic: string,
  partition: number,
  set: Buffer,
  version = 7,
): Promise<number> {
  const string = (text: string) => {
    const length = Buffer.alloc(2);
    length.writeInt16BE(text.length);
    return Buffer.concat([length, Buffer.from(text)]);
  };
  const int = (value: number, size: 2 | 4) => {
    const buffer = Buffer.alloc(size);
    buffer.writeIntBE(value, 0, size);
    return buffer;
  };
  const request = Buffer.concat([
    ...[int(0, 2), int(version, 2), int(1, 4), string('raw')],
    ...(version >= 3 ? [int(-1, 2)] : []),
    ...[int(-1, 2), int(10_000, 4), int(1, 4), string(topic), int(1, 4), int(partition, 4)],
    ...[int(set.length, 4), set],
  ]);
  const [host, port] = address.split(':');
  const socket = connect(Number(port), host);
  await once(socket, 'connect');
  socket.write(Buffer.concat([int(request.length, 4), request]));
  try {
    const chunks: Buffer[] = [];
    for await (const chunk of socket as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      const answer = Buffer.concat(chunks);
      if (answer.length < 4 || answer.length < 4 + answer.readInt32BE(0)) continue;
      // Size, correlation id, one topic with its name, one partition with its number: then the code.
      return answer.readInt16BE(4 + 4 + 4 + 2 + topic.length + 4 + 4);
    }
    throw new Error('the broker closes the connection');
  } finally {
    socket.destroy();
  }
}
