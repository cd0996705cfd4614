import { createHash } from 'node:crypto';
import type { Outgoing } from '#lib/messages';
import type { LogRecord } from './record.js';

/** A record that could not be handled, as its dead-letter topic tells it. */
export interface DeadLetter {
  readonly reason: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
  /** the first of the offsets that could not be read; they end with `offset` */
  readonly from?: string;
  readonly key: string;
  /** as many as there is room for */
  readonly headers: Readonly<Record<string, string>>;
  /** the value’s beginning, where it is too long to be repeated; the record is at its offset */
  readonly value: string;
  readonly encoding?: 'base64';
  /** of the value, where it was cut off: its length in characters and its SHA-256 */
  readonly cut?: { readonly length: number; readonly sha256: string };
}

/** Characters of a value that are repeated: a dead letter must always fit into its topic. */
const LONGEST_VALUE = 64 << 10;

/** The name of a topic's dead-letter topic. */
export function deadLetterTopic(topic: string): string {
  return `${topic}.dead`;
}

export function deadLetter(topic: string, partition: number, record: LogRecord, reason: string): Outgoing {
  const { offset, from, key, headers, value, encoding } = record;
  const cut = value.length > LONGEST_VALUE;
  const letter: DeadLetter = {
    ...{ reason: reason.slice(0, LONGEST_VALUE), topic, partition, offset: offset.toString() },
    ...(from === undefined ? {} : { from: from.toString() }),
    ...{ key: key.slice(0, LONGEST_VALUE), headers: firstOf(headers) },
    value: cut ? value.slice(0, LONGEST_VALUE) : value,
    ...(encoding === undefined ? {} : { encoding }),
    ...(cut
      ? { cut: { length: value.length, sha256: createHash('sha256').update(value).digest('hex') } }
      : {}),
  };
  // The record’s own key is any client’s bytes: a database’s text cannot keep all.
  return { topic: deadLetterTopic(topic), key: `${partition}@${offset}`, value: JSON.stringify(letter) };
}

function firstOf(headers: LogRecord['headers']): Record<string, string> {
  let room = LONGEST_VALUE;
  return Object.fromEntries(
    Object.entries(headers).filter(([name, value]) => (room -= name.length + value.length) >= 0),
  );
}
