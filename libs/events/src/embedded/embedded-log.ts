import { EventEmitter } from 'node:events';
import type { DataSource, EntityManager } from 'typeorm';
import { outgoingHeaders } from '#lib/runtime';
import { EventLog, type Lag } from '../event-log.js';
import type { Outgoing, Topic } from '#lib/messages';
import { partitionFor } from '../partitions.js';
import { requireSizes } from '../message-size.js';
import type { LogRecord } from '../record.js';
import { waitForEvent } from '../wait-for-event.js';

/** Emitted when a consumer has found nothing to do; no topic has this name. */
const IDLE = ' idle';

/**
 * A durable, partitioned, append-only log in PostgreSQL tables: the embedded stand-in for Kafka, with the same
 * promises a consumer relies on (order in a partition, offsets of groups, everything kept until consumed).
 *
 * Offsets are handed out under a lock on the partition's row that is held until the commit, so a reader never
 * sees offset n+1 before offset n.
 */
export class EmbeddedLog extends EventLog {
  private readonly appended = new EventEmitter().setMaxListeners(0);

  /**
   * @param topics topics that housekeeping trims
   * @param partitions of keyed topics
   */
  constructor(
    private readonly database: DataSource,
    private readonly topics: readonly Topic<never>[] = [],
    readonly partitions = 1,
  ) {
    super();
  }

  async append(manager: EntityManager, _source: string, messages: readonly Outgoing[]): Promise<void> {
    if (messages.length === 0) return;
    requireSizes(messages);
    const now = Date.now();
    // Partitions are locked in one order everywhere, so that two writers of several topics cannot wait for each other.
    await manager.query(
      `with incoming as (
         select * from unnest($1::text[], $2::int[], $3::text[], $4::text[], $5::jsonb[], $6::bigint[])
           with ordinality as m (topic, partition, key, value, headers, appended_at, ordinal)
       ), counted as (
         select topic, partition, count(*) as size from incoming group by topic, partition
       ), reserved as (
         insert into log_partition as p (topic, partition, next_offset)
         select topic, partition, size from counted order by topic, partition
         on conflict (topic, partition) do update set next_offset = p.next_offset + excluded.next_offset
         returning topic, partition, next_offset
       )
       insert into log_record (topic, partition, record_offset, key, value, headers, appended_at)
       select topic, partition,
         next_offset - size + row_number() over (partition by topic, partition order by ordinal) - 1, key, value, headers, appended_at
       from incoming join counted using (topic, partition) join reserved using (topic, partition)`,
      [
        messages.map(({ topic }) => topic),
        messages.map((message) => partitionFor(message, this.partitions)),
        messages.map(({ key }) => key),
        messages.map(({ value }) => value),
        messages.map(({ headers }) => JSON.stringify(outgoingHeaders(headers))),
        messages.map(({ appendedAt }) => appendedAt ?? now),
      ],
    );
  }

  announce(topics: Iterable<string>): void {
    for (const topic of topics) this.appended.emit(topic);
  }

  async publish(
    messages: readonly Outgoing[],
    also?: { source: string; write: (manager: EntityManager) => Promise<void> },
  ): Promise<void> {
    await this.database.transaction(async (manager) => {
      await this.append(manager, also?.source ?? '', messages);
      await also?.write(manager);
    });
    this.announce(new Set(messages.map(({ topic }) => topic)));
  }

  /** Its records are in one database with all their effects: there is nothing to rebuild from. */
  notesOf(): Outgoing[] {
    return [];
  }

  async read(topic: string, partition: number, from: bigint, limit: number): Promise<LogRecord[]> {
    const rows = await this.database.query<StoredRecord[]>(
      `select record_offset, key, value, headers, appended_at from log_record
       where topic = $1 and partition = $2 and record_offset >= $3 order by record_offset limit $4`,
      [topic, partition, from.toString(), limit],
    );
    return rows.map(recordOf);
  }

  /**
   * Reads several topics as of one moment, in the order given. One statement sees one snapshot: where a message is
   * seen, so is everything that was committed before it, whatever topic it is in.
   */
  async readTogether(
    consumers: readonly { topic: string; partition: number; from: bigint; limit: number }[],
  ): Promise<{ index: number; records: LogRecord[] }[]> {
    const rows = await this.database.query<(StoredRecord & { ordinal: string })[]>(
      `select c.ordinal, r.record_offset, r.key, r.value, r.headers, r.appended_at
       from unnest($1::text[], $2::int[], $3::bigint[], $4::int[])
         with ordinality as c (topic, partition, start, size, ordinal)
       cross join lateral (
         select record_offset, key, value, headers, appended_at from log_record
         where topic = c.topic and partition = c.partition and record_offset >= c.start
         order by record_offset limit c.size) r
       order by c.ordinal, r.record_offset`,
      [
        consumers.map(({ topic }) => topic),
        consumers.map(({ partition }) => partition),
        consumers.map(({ from }) => from.toString()),
        consumers.map(({ limit }) => limit),
      ],
    );
    const byConsumer = new Map<number, LogRecord[]>();
    for (const row of rows) {
      const index = Number(row.ordinal) - 1;
      const records = byConsumer.get(index) ?? [];
      records.push(recordOf(row));
      byConsumer.set(index, records);
    }
    return [...byConsumer].map(([index, records]) => ({ index, records }));
  }

  /** The oldest record kept of a partition. */
  async first(topic: string, partition: number): Promise<bigint> {
    const [{ first }] = await this.database.query<[{ first: string }]>(
      'select coalesce(min(record_offset), 0) as first from log_record where topic = $1 and partition = $2',
      [topic, partition],
    );
    return BigInt(first);
  }

  async lag(): Promise<Lag[]> {
    const rows = await this.database.query<
      { consumer_group: string; topic: string; partition: number; next_offset: string; records: string }[]
    >(
      `select c.consumer_group, c.topic, c.partition, c.next_offset, coalesce(p.next_offset, 0) - c.next_offset as records
       from consumer_offset c left join log_partition p using (topic, partition)`,
    );
    return rows.map((row) => ({
      group: row.consumer_group,
      topic: row.topic,
      partition: row.partition,
      position: BigInt(row.next_offset),
      records: BigInt(row.records),
    }));
  }

  records(topic: string, partition: number, from: bigint, to: bigint): Promise<LogRecord[]> {
    return this.read(topic, partition, from, Number(to - from));
  }

  /** A consumer has found nothing to do. */
  noteIdle(): void {
    this.appended.emit(IDLE);
  }

  /** Committed messages are published. */
  unpublishedAge(): Promise<number> {
    return Promise.resolve(0);
  }

  async housekeeping(): Promise<void> {
    for (const { name, retainRecords } of this.topics) await this.trim(name, retainRecords);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  async drained(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const idle = this.waitForAppend([IDLE], 100, signal);
      if ((await this.lag()).every(({ records }) => records === 0n)) return;
      await idle;
    }
  }

  /** Drops records that every group has consumed, but for the newest `retain`. */
  async trim(topic: string, retain: number): Promise<number> {
    const [, count] = await this.database.query<[unknown[], number]>(
      `delete from log_record r using log_partition p
       where r.topic = $1 and p.topic = r.topic and p.partition = r.partition
         and r.record_offset < p.next_offset - $2
         and r.record_offset < coalesce((select min(next_offset) from consumer_offset c
                                         where c.topic = r.topic and c.partition = r.partition), 0)`,
      [topic, retain],
    );
    return count;
  }

  /** Resolves at the next append to one of the topics, or after `timeoutMs`. */
  waitForAppend(topics: readonly string[], timeoutMs: number, signal: AbortSignal): Promise<void> {
    return waitForEvent(this.appended, topics, timeoutMs, signal);
  }
}

interface StoredRecord {
  record_offset: string;
  key: string;
  value: string;
  headers: Record<string, string>;
  appended_at: string;
}

function recordOf({ record_offset, key, value, headers, appended_at }: StoredRecord): LogRecord {
  return { offset: BigInt(record_offset), key, value, headers, timestamp: Number(appended_at) };
}
