import { promisify } from 'node:util';
import { gunzipSync, gzip, gzipSync } from 'node:zlib';
import * as zlib from 'node:zlib';
import { Decompress as ZstdDecompress } from 'fzstd';
import { compressFrame, compressFrameSync, decompressFrameSync } from 'lz4-napi';
import {
  compress as snappyCompressBeside,
  compressSync as snappyCompress,
  uncompressSync as snappyUncompress,
} from 'snappy';
import { ZkriskError } from '#lib/errors';

/** Codecs of Kafka’s record batches; the position is the number in a batch’s attributes. */
export const CODECS = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const;
export type Codec = (typeof CODECS)[number];

/** Compressed data that their codec cannot have written, or that unpack to more than is allowed. */
export class CompressionError extends ZkriskError {
  readonly code = 'compression';
}

type Pack = (data: Buffer) => Buffer;
type Unpack = (data: Buffer, limit: number) => Buffer;

/** Node has Zstandard from 22.15 on; its types for Node 20 do not name it. */
const native = zlib as unknown as {
  readonly zstdCompressSync?: (data: Buffer) => Buffer;
  readonly zstdDecompressSync?: (data: Buffer, options: { maxOutputLength: number }) => Buffer;
};

const PACK: Readonly<Record<Codec, Pack | undefined>> = {
  none: (data) => data,
  gzip: (data) => gzipSync(data),
  snappy: (data) => snappyCompress(data),
  lz4: (data) => compressFrameSync(data),
  zstd: native.zstdCompressSync,
};

const UNPACK: Readonly<Record<Codec, Unpack>> = {
  none: (data) => data,
  gzip: (data, maxOutputLength) => gunzipSync(data, { maxOutputLength }),
  snappy: unpackSnappy,
  lz4: unpackLz4,
  zstd: unpackZstd,
};

/** Whether this process can write a codec: Zstandard takes Node 22.15. All are read everywhere. */
export function canCompress(codec: Codec): boolean {
  return PACK[codec] !== undefined;
}

/** @throws {CompressionError} where {@link canCompress} is false */
export function compress(codec: Codec, data: Buffer): Buffer {
  const pack = PACK[codec];
  if (pack === undefined)
    throw new CompressionError(`${codec} cannot be written on Node ${process.version}`, { codec });
  return pack(data);
}

const PACK_BESIDE: Readonly<Partial<Record<Codec, (data: Buffer) => Promise<Buffer>>>> = {
  gzip: promisify<Buffer, Buffer>(gzip),
  snappy: (data) => snappyCompressBeside(data),
  lz4: (data) => compressFrame(data),
};

/** As {@link compress}, in a thread where the codec's library has one. */
export async function compressBeside(codec: Codec, data: Buffer): Promise<Buffer> {
  return (await PACK_BESIDE[codec]?.(data)) ?? compress(codec, data);
}

/**
 * Unpacks the records of a batch.
 *
 * @param limit most bytes they may unpack to
 * @throws {CompressionError} for data that are corrupt or unpack to more than `limit`
 */
export function decompress(codec: Codec, data: Buffer, limit: number): Buffer {
  try {
    const unpacked = UNPACK[codec](data, limit);
    requireWithin(unpacked.length, limit, codec);
    return unpacked;
  } catch (error) {
    if (error instanceof CompressionError) throw error;
    throw new CompressionError(`${codec}: ${error instanceof Error ? error.message : String(error)}`, {
      codec,
    });
  }
}

function requireWithin(size: number, limit: number, codec: Codec): void {
  if (size > limit)
    throw new CompressionError(`${codec}: unpacks to more than ${limit} bytes`, { codec, limit });
}

/** First bytes of the framing that Java’s client puts around Snappy blocks (xerial/snappy-java); others write one bare block. */
const XERIAL = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0]);
const XERIAL_HEADER_BYTES = 16;

function unpackSnappy(data: Buffer, limit: number): Buffer {
  const blocks = data.subarray(0, XERIAL.length).equals(XERIAL) ? xerialBlocks(data) : [data];
  // Each block begins with its unpacked length.
  requireWithin(
    blocks.reduce((sum, block) => sum + leadingVarint(block), 0),
    limit,
    'snappy',
  );
  const unpacked = blocks.map((block) => snappyUncompress(block, { asBuffer: true }) as Buffer);
  return unpacked.length === 1 ? unpacked[0] : Buffer.concat(unpacked);
}

function xerialBlocks(data: Buffer): Buffer[] {
  const blocks: Buffer[] = [];
  for (let at = XERIAL_HEADER_BYTES; at < data.length;) {
    const size = data.readInt32BE(at);
    if (size < 0 || at + 4 + size > data.length)
      throw new CompressionError('snappy: a block is longer than its batch', { codec: 'snappy' });
    blocks.push(data.subarray(at + 4, at + 4 + size));
    at += 4 + size;
  }
  return blocks;
}

function leadingVarint(data: Buffer): number {
  let value = 0;
  for (let i = 0; i < 5 && i < data.length; i++) {
    value += (data[i] & 0x7f) * 2 ** (7 * i);
    if (data[i] < 0x80) return value;
  }
  throw new CompressionError('snappy: a block has no length', { codec: 'snappy' });
}

const LZ4_MAGIC = 0x184d2204;

/** An LZ4 frame: its blocks are measured first, for the library unpacks whatever there is. */
function unpackLz4(data: Buffer, limit: number): Buffer {
  if (data.length < 7 || data.readUInt32LE(0) !== LZ4_MAGIC)
    throw new CompressionError('lz4: not a frame', { codec: 'lz4' });
  const flags = data[4];
  const largest = 1 << (8 + 2 * ((data[5] >> 4) & 7));
  const trailer = (flags & 0x10) === 0 ? 0 : 4;
  let at = 6 + ((flags & 0x08) === 0 ? 0 : 8) + ((flags & 0x01) === 0 ? 0 : 4) + 1;
  let bound = 0;
  for (;;) {
    const size = data.readUInt32LE(at);
    if (size === 0) break;
    const bytes = size & 0x7fffffff;
    // A compressed block unpacks to at most 255 times its size.
    bound += size >= 0x80000000 ? bytes : Math.min(largest, 255 * bytes);
    requireWithin(bound, limit + largest, 'lz4');
    at += 4 + bytes + trailer;
  }
  return decompressFrameSync(data);
}

function unpackZstd(data: Buffer, limit: number): Buffer {
  if (native.zstdDecompressSync !== undefined)
    return native.zstdDecompressSync(data, { maxOutputLength: limit });
  const parts: Uint8Array[] = [];
  let size = 0;
  let ended = false;
  const stream = new ZstdDecompress((part, last) => {
    requireWithin((size += part.length), limit, 'zstd');
    parts.push(part);
    ended = last ?? false;
  });
  stream.push(data, true);
  if (!ended) throw new CompressionError('zstd: ends within a frame', { codec: 'zstd' });
  return Buffer.concat(parts, size);
}
