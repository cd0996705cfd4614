import { isUtf8 } from 'node:buffer';
import type { LogRecord } from '../../record.js';
import type { RecordHeader, WireRecord } from './record-set.js';

/** Before JSON of a schema registry’s clients: a zero byte and the schema’s number. */
const FRAME_BYTES = 5;

/**
 * A record as the engine handles it: JSON text without a schema registry’s frame, headers as text. One that has no text for a
 * value gets a problem, and keeps its bytes in base64.
 */
export function readRecord({ offset, timestamp, key, value, headers }: WireRecord): LogRecord {
  const text = value?.[0] === 0 && value.length > FRAME_BYTES ? value.subarray(FRAME_BYTES) : value;
  const isReadable = text !== null && isUtf8(text);
  const record = {
    offset,
    timestamp: Number(timestamp),
    key: key?.toString() ?? '',
    headers: textHeaders(headers),
    value: isReadable ? text.toString() : '',
  };
  if (isReadable) return record;
  if (value === null) return { ...record, problem: 'it has no value: a tombstone' };
  const raw = { value: value.toString('base64'), encoding: 'base64' } as const;
  return { ...record, ...raw, problem: 'its value is not UTF-8' };
}

/** Longest header that is looked at: those the engine knows are ids. */
const LONGEST_HEADER_BYTES = 1024;

/**
 * Of a header that comes several times the last one counts, as for Java’s client. Those that are no text a database can keep
 * are left out: the engine knows none that would be.
 */
function textHeaders(headers: readonly RecordHeader[]): Record<string, string> {
  if (headers.length === 0) return {};
  return Object.fromEntries(
    headers.flatMap(([name, value]) => (isText(value) ? [[name, value.toString()]] : [])),
  );
}

function isText(value: Buffer | null): value is Buffer {
  return value !== null && value.length <= LONGEST_HEADER_BYTES && isUtf8(value) && !value.includes(0);
}
