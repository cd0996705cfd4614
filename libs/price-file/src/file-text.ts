import { readFileSync, statSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { messageOf } from '#lib/errors';
import { PriceFileError } from './price-file-error.js';

/** Largest file that is read, unpacked: twenty years of one-minute candles take a quarter of this size. */
const LARGEST_BYTES = 2 ** 29 - 2 ** 20;

/**
 * Text of a file, unpacked where its first bytes say that it is gzip.
 *
 * @throws {PriceFileError} for a file that cannot be read, is larger than 511 MiB, or is not UTF-8 (or UTF-16 with a byte-order mark)
 */
export function fileText(path: string): string {
  const bytes = fileBytes(path);
  const utf16 = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
  const encoding = utf16 ? (bytes[0] === 0xff ? 'utf-16le' : 'utf-16be') : 'utf-8';
  try {
    // The decoder takes the byte-order mark away.
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new PriceFileError(path, {}, 'is not text in UTF-8; save it as CSV in UTF-8', { cause });
  }
}

function fileBytes(path: string): Uint8Array {
  const tooLarge = (cause?: unknown) =>
    new PriceFileError(path, {}, `is larger than ${LARGEST_BYTES >> 20} MiB; split it by time`, { cause });
  let bytes: Uint8Array;
  try {
    if (statSync(path).size > LARGEST_BYTES) throw tooLarge();
    bytes = readFileSync(path);
  } catch (cause) {
    if (cause instanceof PriceFileError) throw cause;
    throw new PriceFileError(path, {}, `cannot be read (${messageOf(cause)}); give the path of a CSV file`, {
      cause,
    });
  }
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    return gunzipSync(bytes, { maxOutputLength: LARGEST_BYTES });
  } catch (cause) {
    if (cause instanceof RangeError) throw tooLarge(cause);
    throw new PriceFileError(path, {}, `cannot be unpacked as gzip (${messageOf(cause)})`, { cause });
  }
}
