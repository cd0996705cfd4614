import { EventEmitter } from 'node:events';
import type { DataSource, EntityManager } from 'typeorm';
import type { Outgoing } from './message.js';

/** A record as it is stored. */
export interface LogRecord {
  readonly offset: bigint;
  readonly key: string;
  readonly value: string;
}

/** Emitted when a consumer has found nothing to do; no topic has this name. */
const IDLE = ' idle';

/**
 * A durable, partitioned, append-only log in PostgreSQL tables: the embedded stand-in for Kafka, with the same
 * promises a consumer relies on (order in a partition, offsets of groups, everything kept until consumed).
 *
 * Offsets are handed out under a lock on the partition's row that is held until the commit, so a reader never
 * sees offset n+1 before offset n.
 */
export class EmbeddedLog {
  private readonly appended = new EventEmitter().setMaxListeners(0);

  constructor(private readonly database: DataSource) {}

  /** Appends within the caller's transaction; call {@link announce} after its commit. */
  async append(manager: EntityManager, messages: readonly Outgoing[]): Promise<void> {
    if (messages.length === 0) return;
    // Partitions are locked in one order everywhere, so that two writers of several topics cannot wait for each other.
    await manager.query(
      `with incoming as (
         select * from unnest($1::text[], $2::int[], $3::text[], $4::text[])
           with ordinality as m (topic, partition, key, value, ordinal)
       ), counted as (
         select topic, partition, count(*) as size from incoming group by topic, partition
       ), reserved as (
         insert into log_partition as p (topic, partition, next_offset)
         select topic, partition, size from counted order by topic, partition
         on conflict (topic, partition) do update set next_offset = p.next_offset + excluded.next_offset
         returning topic, partition, next_offset
       )
       insert into log_record (topic, partition, record_offset, key, value)
       select topic, partition,
         next_offset - size + row_number() over (partition by topic, partition order by ordinal) - 1, key, value
       from incoming join counted using (topic, partition) join reserved using (topic, partition)`,
      [
        messages.map(({ topic }) => topic),
        messages.map(({ partition = 0 }) => partition),
        messages.map(({ key }) => key),
        messages.map(({ value }) => value),
      ],
    );
  }

  /** Wakes consumers of these topics. */
  announce(topics: Iterable<string>): void {
    for (const topic of topics) this.appended.emit(topic);
  }

  /** Appends in a transaction of its own, with whatever else `also` writes. */
  async publish(
    messages: readonly Outgoing[],
    also?: (manager: EntityManager) => Promise<void>,
  ): Promise<void> {
    await this.database.transaction(async (manager) => {
      await this.append(manager, messages);
      await also?.(manager);
    });
    this.announce(new Set(messages.map(({ topic }) => topic)));
  }

  async read(topic: string, partition: number, from: bigint, limit: number): Promise<LogRecord[]> {
    const rows = await this.database.query<{ record_offset: string; key: string; value: string }[]>(
      `select record_offset, key, value from log_record
       where topic = $1 and partition = $2 and record_offset >= $3 order by record_offset limit $4`,
      [topic, partition, from.toString(), limit],
    );
    return rows.map(({ record_offset, key, value }) => ({ offset: BigInt(record_offset), key, value }));
  }

  /**
   * Reads several topics as of one moment, in the order given. One statement sees one snapshot: where a message is
   * seen, so is everything that was committed before it, whatever topic it is in.
   */
  async readTogether(
    consumers: readonly { topic: string; from: bigint; limit: number }[],
  ): Promise<{ index: number; records: LogRecord[] }[]> {
    const rows = await this.database.query<
      { ordinal: string; record_offset: string; key: string; value: string }[]
    >(
      `select c.ordinal, r.record_offset, r.key, r.value
       from unnest($1::text[], $2::bigint[], $3::int[]) with ordinality as c (topic, start, size, ordinal)
       cross join lateral (
         select record_offset, key, value from log_record
         where topic = c.topic and partition = 0 and record_offset >= c.start
         order by record_offset limit c.size) r
       order by c.ordinal, r.record_offset`,
      [
        consumers.map(({ topic }) => topic),
        consumers.map(({ from }) => from.toString()),
        consumers.map(({ limit }) => limit),
      ],
    );
    const byConsumer = new Map<number, LogRecord[]>();
    for (const { ordinal, record_offset, key, value } of rows) {
      const index = Number(ordinal) - 1;
      const records = byConsumer.get(index) ?? [];
      records.push({ offset: BigInt(record_offset), key, value });
      byConsumer.set(index, records);
    }
    return [...byConsumer].map(([index, records]) => ({ index, records }));
  }

  /** Where a group goes on reading; a new group starts at the oldest record. */
  async position(group: string, topic: string, partition: number): Promise<bigint> {
    const rows = await this.database.query<{ next_offset: string }[]>(
      `insert into consumer_offset as c (consumer_group, topic, partition, next_offset)
       values ($1, $2, $3, coalesce((select min(record_offset) from log_record where topic = $2 and partition = $3), 0))
       on conflict (consumer_group, topic, partition) do update set next_offset = c.next_offset returning next_offset`,
      [group, topic, partition],
    );
    return BigInt(rows[0].next_offset);
  }

  /** Moves a group's position within the consuming transaction. False where another consumer has moved it. */
  async advance(
    manager: EntityManager,
    at: { group: string; topic: string; partition: number },
    from: bigint,
    to: bigint,
  ): Promise<boolean> {
    const [, count] = await manager.query<[unknown[], number]>(
      `update consumer_offset set next_offset = $5
       where consumer_group = $1 and topic = $2 and partition = $3 and next_offset = $4`,
      [at.group, at.topic, at.partition, from.toString(), to.toString()],
    );
    return count === 1;
  }

  /** Records not yet consumed, over all groups that have ever read. */
  async lag(): Promise<{ group: string; topic: string; partition: number; records: bigint }[]> {
    const rows = await this.database.query<
      { consumer_group: string; topic: string; partition: number; records: string }[]
    >(
      `select c.consumer_group, c.topic, c.partition, coalesce(p.next_offset, 0) - c.next_offset as records
       from consumer_offset c left join log_partition p using (topic, partition)`,
    );
    return rows.map((row) => ({
      group: row.consumer_group,
      topic: row.topic,
      partition: row.partition,
      records: BigInt(row.records),
    }));
  }

  /** A consumer has found nothing to do. */
  noteIdle(): void {
    this.appended.emit(IDLE);
  }

  /** Resolves when every group has consumed everything that has been appended. */
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
  async waitForAppend(topics: readonly string[], timeoutMs: number, signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => {
      const done = () => {
        clearTimeout(timer);
        for (const topic of topics) this.appended.off(topic, done);
        signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, timeoutMs);
      for (const topic of topics) this.appended.on(topic, done);
      signal.addEventListener('abort', done);
      if (signal.aborted) done();
    });
  }
}
