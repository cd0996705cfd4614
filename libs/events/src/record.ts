import type { Message } from '#lib/messages';

/** A record’s message, or why it is not a message of its topic. */
export type Checked = { readonly message: Message<unknown> } | { readonly reason: string };

/** A record as it was read. */
export interface LogRecord {
  readonly offset: bigint;
  /** when it was written, milliseconds since the epoch, where the log keeps that */
  readonly timestamp?: number;
  readonly key: string;
  readonly value: string;
  /** of a value that is no text */
  readonly encoding?: 'base64';
  readonly headers: Readonly<Record<string, string>>;
  /** why it cannot be handled */
  readonly problem?: string;
  /** the first of a range of offsets that cannot be read; `offset` is the last */
  readonly from?: bigint;
  /** on a record that several units of the process read: the first one leaves its checked message here for the others */
  readonly shared?: { checked?: Checked };
}

/** Headers of a record that came through an outbox: whose, and its number in it. */
export const SOURCE_HEADER = 'zkrisk-source';
export const SEQUENCE_HEADER = 'zkrisk-sequence';
