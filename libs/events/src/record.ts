/** A record as it is stored. */
export interface LogRecord {
  readonly offset: bigint;
  readonly key: string;
  readonly value: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Headers of a record that came through an outbox: whose, and its number in it. */
export const SOURCE_HEADER = 'zkrisk-source';
export const SEQUENCE_HEADER = 'zkrisk-sequence';
