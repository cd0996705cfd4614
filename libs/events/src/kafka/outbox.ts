import { randomBytes } from 'node:crypto';
import type { EntityManager } from 'typeorm';
import type { Statement } from '#lib/storage';
import { SEQUENCE_HEADER, SOURCE_HEADER } from '../record.js';
import type { Codec } from './wire/compression.js';
import { type PackedBatch, packBatch, unpackBatch, type WrittenRecord } from './wire/record-writer.js';

/** A message that a source has committed and that is to be published. */
export interface OutboxMessage extends WrittenRecord {
  /** its number: a source's messages of a topic have rising ones */
  readonly sequence: number;
  readonly partition: number;
}

/** Messages to one partition that were committed together: a row of the outbox, and a record batch of the topic. */
export interface OutboxChunk {
  readonly source: string;
  readonly topic: string;
  readonly messages: readonly OutboxMessage[];
}

/** A row as the relay reads it. */
export interface OutboxRow {
  readonly sequence: string;
  readonly topic: string;
  readonly tag: string;
  readonly batch: PackedBatch;
}

/** Messages in a row at most, and their characters: a topic's limit for a batch is above that. A single message may be longer. */
const MESSAGES_IN_CHUNK = 1_000;
const CHARACTERS_IN_CHUNK = 900_000;
const COLUMNS = ['source', 'sequence', 'topic', 'partition', 'messages', 'codec', 'tag', 'packed'] as const;
/** Limits of the batches that {@link FreshBatches} keeps. */
const FRESH_BYTES = 32 << 20;
const FRESH_ROWS = 1_000;

/**
 * Batches that this process has put into the outbox lately: its relay need not read them back. Each row has a random tag, so that
 * a batch whose transaction was rolled back is never taken for the row that has its number later.
 */
export class FreshBatches {
  private readonly batches = new Map<string, PackedBatch>();
  private bytes = 0;

  get tags(): string[] {
    return [...this.batches.keys()];
  }

  put(tag: string, batch: PackedBatch): void {
    this.batches.set(tag, batch);
    this.bytes += batch.packed.length;
    for (const oldest of this.batches.keys()) {
      if (this.bytes <= FRESH_BYTES && this.batches.size <= FRESH_ROWS) break;
      this.drop(oldest);
    }
  }

  get(tag: string): PackedBatch | undefined {
    return this.batches.get(tag);
  }

  drop(tag: string): void {
    this.bytes -= this.batches.get(tag)?.packed.length ?? 0;
    this.batches.delete(tag);
  }
}

/**
 * Puts messages into the outbox: a row for each partition's messages of a transaction, as the record batch that the topic gets. It is
 * written and compressed once, here, and the relay sends it as it is.
 *
 * @param fresh remembers the batches for the relay of this process
 */
export async function putIntoOutbox(
  manager: EntityManager,
  chunks: readonly OutboxChunk[],
  codec: Codec,
  fresh?: FreshBatches,
): Promise<void> {
  if (chunks.length === 0) return;
  const { text, parameters } = await outboxStatement(chunks, codec, fresh);
  await manager.query(text, [...parameters]);
}

/** The statement of {@link putIntoOutbox}, of a message at least. */
export async function outboxStatement(
  chunks: readonly OutboxChunk[],
  codec: Codec,
  fresh?: FreshBatches,
): Promise<Statement> {
  const rows = await Promise.all(
    chunks.flatMap(split).map(async ({ source, topic, messages }) => {
      const [{ partition, sequence }] = messages;
      const numbered = { source, sequence: (message: OutboxMessage) => message.sequence };
      const batch = await packBatch(codec, partition, messages, numbered);
      const tag = randomBytes(8).readBigInt64BE().toString();
      fresh?.put(tag, batch);
      return { source, topic, sequence, batch, tag };
    }),
  );
  // A parameter each: bytes in an array would be written out in hexadecimal.
  const values = rows.map(
    (_, i) => `(${COLUMNS.map((__, column) => `$${i * COLUMNS.length + column + 1}`).join()})`,
  );
  return {
    text: `insert into outbox (${COLUMNS.join()}) values ${values.join()}`,
    parameters: rows.flatMap(({ source, sequence, topic, batch, tag }) => [
      ...[source, sequence, topic, batch.partition, batch.count, batch.codec, tag, batch.packed],
    ]),
  };
}

/** A row as {@link waitingRows} has it. */
interface WaitingRow {
  readonly sequence: string;
  readonly topic: string;
  readonly tag: string;
  readonly partition: number;
  readonly messages: number;
  readonly codec: Codec;
  readonly packed: Buffer | null;
}

/**
 * The statement that reads the first rows of a source that were not relayed, in order.
 *
 * @param fresh batches whose bytes need not be read from their rows
 * @param except topics that are left out
 */
export function waitingRows(
  fresh: FreshBatches,
  after: { readonly source: string; readonly except: readonly string[] },
  most: number,
): Statement {
  return {
    text: `select sequence, topic, tag, partition, messages, codec, case when tag = any($3::bigint[]) then null else packed end as packed
     from outbox where source = $1 and sequence > (select relayed from outbox_relay where source = $1) and topic <> all($2)
     order by sequence limit $4`,
    parameters: [after.source, after.except, fresh.tags, most],
  };
}

/** What {@link waitingRows} has found. @param fresh the batches it was made with */
export function rowsOf(fresh: FreshBatches, rows: readonly unknown[]): OutboxRow[] {
  return (rows as readonly WaitingRow[]).map(
    ({ sequence, topic, tag, partition, messages, codec, packed }) => ({
      ...{ sequence, topic, tag },
      batch: packed === null ? fresh.get(tag)! : { partition, count: messages, codec, packed },
    }),
  );
}

/** The messages of a row. */
export function outboxMessages(batch: PackedBatch): OutboxMessage[] {
  return unpackBatch(batch).map(({ headers, ...record }) => {
    const { [SOURCE_HEADER]: _, [SEQUENCE_HEADER]: sequence, ...own } = headers;
    return { ...record, headers: own, sequence: Number(sequence) };
  });
}

/** Messages by topic and partition, as they first appear: within a partition their order is kept. */
export function chunksOf(
  source: string,
  messages: readonly (OutboxMessage & { readonly topic: string })[],
): OutboxChunk[] {
  const topics = new Map<string, Map<number, OutboxMessage[]>>();
  for (const message of messages) {
    let partitions = topics.get(message.topic);
    if (partitions === undefined) {
      partitions = new Map<number, OutboxMessage[]>();
      topics.set(message.topic, partitions);
    }
    const own = partitions.get(message.partition);
    if (own === undefined) partitions.set(message.partition, [message]);
    else own.push(message);
  }
  return [...topics].flatMap(([topic, partitions]) =>
    [...partitions.values()].map((own) => ({ source, topic, messages: own })),
  );
}

function split({ source, topic, messages }: OutboxChunk): OutboxChunk[] {
  const parts: OutboxMessage[][] = [];
  let characters = Infinity;
  for (const message of messages) {
    const last = parts.at(-1);
    characters += message.value.length;
    if (last !== undefined && characters <= CHARACTERS_IN_CHUNK && last.length < MESSAGES_IN_CHUNK)
      last.push(message);
    else {
      parts.push([message]);
      characters = message.value.length;
    }
  }
  return parts.map((part) => ({ source, topic, messages: part }));
}
