import { promisify } from 'node:util';
import { deflateRaw, inflateRaw } from 'node:zlib';
import type { EntityManager } from 'typeorm';

const pack = promisify<Buffer, { level: number }, Buffer>(deflateRaw);
const unpack = promisify<Buffer, Buffer>(inflateRaw);

/** A message that a source has committed and that is to be published. */
export interface OutboxMessage {
  /** its number: a source's messages of a topic have rising ones */
  readonly sequence: number;
  readonly partition: number;
  readonly key: string;
  readonly value: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Messages of one topic that were committed together: a row of the outbox. */
export interface OutboxChunk {
  readonly source: string;
  readonly topic: string;
  readonly messages: readonly OutboxMessage[];
}

/** Messages in a row at most: so that a relay reads little at once. */
const MESSAGES_IN_CHUNK = 1_000;

/** The line before a message's value; the value itself is the next line, or here where it has lines of its own. */
type Head = [sequence: number, partition: number, key: string, headers?: object | null, value?: string];

function textOf(messages: readonly OutboxMessage[]): string {
  const lines: string[] = [];
  for (const { sequence, partition, key, value, headers } of messages) {
    const head: Head = [sequence, partition, key];
    const plain = !value.includes('\n');
    if (!plain || Object.keys(headers).length > 0) head.push(headers);
    if (!plain) head.push(value);
    lines.push(JSON.stringify(head), plain ? value : '');
  }
  return lines.join('\n');
}

/**
 * Puts messages into the outbox, a row for a topic's messages of a transaction, packed: messages of a topic repeat each other, and
 * a database writes them twice, to its log and to its table. Packing runs beside the event loop.
 */
export async function putIntoOutbox(manager: EntityManager, chunks: readonly OutboxChunk[]): Promise<void> {
  const rows = await Promise.all(
    chunks.flatMap(split).map(async ({ source, topic, messages }) => {
      const packed = await pack(Buffer.from(textOf(messages)), { level: 1 });
      return { source, sequence: messages[0].sequence, topic, count: messages.length, packed };
    }),
  );
  if (rows.length === 0) return;
  await manager.query(
    `insert into outbox (source, sequence, topic, messages, packed)
     select * from unnest($1::text[], $2::bigint[], $3::text[], $4::int[], $5::bytea[])`,
    [
      rows.map(({ source }) => source),
      rows.map(({ sequence }) => sequence),
      rows.map(({ topic }) => topic),
      rows.map(({ count }) => count),
      rows.map(({ packed }) => packed),
    ],
  );
}

/** The messages of a row's `packed`. */
export async function outboxMessages(packed: Buffer): Promise<OutboxMessage[]> {
  const lines = (await unpack(packed)).toString().split('\n');
  const messages: OutboxMessage[] = [];
  for (let at = 0; at < lines.length; at += 2) {
    const [sequence, partition, key, headers, value] = JSON.parse(lines[at]) as Head;
    messages.push({
      ...{ sequence, partition, key, value: value ?? lines[at + 1] },
      headers: (headers ?? {}) as Record<string, string>,
    });
  }
  return messages;
}

/** Messages by topic, topics as they first appear: within a topic their order is kept. */
export function chunksOf(
  source: string,
  messages: readonly (OutboxMessage & { readonly topic: string })[],
): OutboxChunk[] {
  const topics = new Map<string, OutboxMessage[]>();
  for (const message of messages) {
    const own = topics.get(message.topic);
    if (own === undefined) topics.set(message.topic, [message]);
    else own.push(message);
  }
  return [...topics].map(([topic, own]) => ({ source, topic, messages: own }));
}

function split({ source, topic, messages }: OutboxChunk): OutboxChunk[] {
  const parts: OutboxChunk[] = [];
  for (let at = 0; at < messages.length; at += MESSAGES_IN_CHUNK)
    parts.push({ source, topic, messages: messages.slice(at, at + MESSAGES_IN_CHUNK) });
  return parts;
}
