// Long because appending, waking and waiting share what is idle, and a missed wake-up would stop a reader.
import { EventEmitter } from 'node:events';
import type { DataSource, EntityManager } from 'typeorm';
import { EventLog, type Lag, type NextTurn } from '../event-log.js';
import type { Cursor } from '../handle-batch.js';
import type { Outgoing, Topic } from '#lib/messages';
import { textList, texts } from '#lib/storage';
import { partitionFor } from '../partitions.js';
import { requireSizes } from '../message-size.js';
import type { LogRecord } from '../record.js';
import { waitForEvent } from '../wait-for-event.js';
import { withOrigin } from '../with-origin.js';

/** Emitted when a consumer has found nothing to do; no topic has this name. */
const IDLE = ' idle';
/** How often {@link EmbeddedLog.drained} asks the tables where not every consumer here is idle. */
const LOOK_EVERY_MS = 100;

/**
 * A durable, partitioned, append-only log in PostgreSQL tables: the embedded stand-in for Kafka, with the same
 * promises a consumer relies on (order in a partition, offsets of groups, everything kept until consumed).
 *
 * Offsets are handed out under a lock on the partition's row that is held until the commit, so a reader never
 * sees offset n+1 before offset n.
 */
export class EmbeddedLog extends EventLog {
  private readonly appended = new EventEmitter().setMaxListeners(0);
  /** counts appends of this process */
  moment = 0;
  /**
   * Where this process consumes in rounds, messages are published in the transaction of the next one, which consumes them as well.
   * Resolves to whether they were: false where that round was rolled back.
   */
  join: ((publication: Publication) => Promise<boolean>) | undefined;
  /**
   * Where all lanes of this process consume in rounds: takes turns within them. Resolves to whether all were committed: false where a round with
   * some was rolled back, or where there are consumers elsewhere.
   */
  takeTurns: ((next: NextTurn, signal: AbortSignal) => Promise<boolean>) | undefined;
  /** of each topic the moment of its last append here */
  private readonly lastAppend = new Map<string, number>();
  /** of each consumer here the moment up to which it has found nothing to do */
  private readonly idleAt = new Map<
    object,
    { readonly topics: readonly string[]; readonly moment: number }
  >();

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
    await this.appendAt(manager, messages);
  }

  /** As {@link append}. @returns for each partition the offset of its first message */
  async appendAt(
    manager: EntityManager,
    messages: readonly Outgoing[],
  ): Promise<{ readonly topic: string; readonly partition: number; readonly offset: bigint }[]> {
    if (messages.length === 0) return [];
    requireSizes(messages);
    const now = Date.now();
    // Partitions are locked in one order everywhere, so that two writers of several topics cannot wait for each other.
    const rows = await manager.query<{ topic: string; partition: number; first: string }[]>(
      `with incoming as (
         select * from unnest(${texts('$1')}, ${texts('$2', 'int')}, ${texts('$3')}, ${texts('$4')}, ${texts('$5', 'jsonb')}, ${texts('$6', 'bigint')})
           with ordinality as m (topic, partition, key, value, headers, appended_at, ordinal)
       ), counted as (
         select topic, partition, count(*) as size from incoming group by topic, partition
       ), reserved as (
         insert into log_partition as p (topic, partition, next_offset)
         select topic, partition, size from counted order by topic, partition
         on conflict (topic, partition) do update set next_offset = p.next_offset + excluded.next_offset
         returning topic, partition, next_offset
       ), written as (
         insert into log_record (topic, partition, record_offset, key, value, headers, appended_at)
         select topic, partition,
           next_offset - size + row_number() over (partition by topic, partition order by ordinal) - 1, key, value, headers, appended_at
         from incoming join counted using (topic, partition) join reserved using (topic, partition)
       )
       select topic, partition, next_offset - size as first from counted join reserved using (topic, partition)`,
      [
        textList(messages.map(({ topic }) => topic)),
        textList(messages.map((message) => partitionFor(message, this.partitions))),
        textList(messages.map(({ key }) => key)),
        textList(messages.map(({ value }) => value)),
        textList(messages.map(({ headers }) => JSON.stringify(headers ?? {}))),
        textList(messages.map(({ appendedAt }) => appendedAt ?? now)),
      ],
    );
    return rows.map(({ topic, partition, first }) => ({ topic, partition, offset: BigInt(first) }));
  }

  announce(topics: Iterable<string>): void {
    this.moment++;
    for (const topic of topics) {
      this.lastAppend.set(topic, this.moment);
      this.appended.emit(topic);
    }
  }

  /** Wakes who waits for this name among those of topics. */
  wake(name: string): void {
    this.appended.emit(name);
  }

  async publish(
    messages: readonly Outgoing[],
    also?: { source: string; write: (manager: EntityManager) => Promise<void> },
  ): Promise<void> {
    requireSizes(messages);
    const publication = { messages: withOrigin(messages), write: also?.write ?? (() => Promise.resolve()) };
    if ((await this.join?.(publication)) === true) return;
    await this.database.transaction((manager) => this.appendAll(manager, [publication]));
    this.announce(new Set(messages.map(({ topic }) => topic)));
  }

  override async publishInTurns(
    next: NextTurn,
    manager: EntityManager,
    signal: AbortSignal,
    together = false,
  ): Promise<boolean> {
    if (!together) return super.publishInTurns(next, manager, signal);
    await this.drained(signal);
    return (await this.takeTurns?.(next, signal)) ?? false;
  }

  /** Appends messages with the writes that belong to them. */
  async appendAll(manager: EntityManager, publications: readonly Publication[]): Promise<void> {
    await this.appendAt(
      manager,
      publications.flatMap(({ messages }) => messages),
    );
    for (const { write } of publications) await write(manager);
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
   * Reads the next batch of each cursor as of one moment, in the order given. One statement sees one snapshot: where a
   * message is seen, so is everything that was committed before it, whatever topic it is in. Cursors that stand at the same place get the
   * same records, which are read, and checked by the first of them, once.
   *
   * @returns batches that have records, by the indices of their cursors
   */
  async readTogether(
    cursors: readonly Cursor[],
    manager: Pick<EntityManager, 'query'> = this.database,
  ): Promise<{ index: number; records: LogRecord[] }[]> {
    const places = new Map<string, number[]>();
    cursors.forEach(({ subscription: { topic, batch }, partition, position: { offset } }, index) => {
      const place = `${topic.name}/${partition}/${offset}/${batch}`;
      const there = places.get(place);
      if (there === undefined) places.set(place, [index]);
      else there.push(index);
    });
    const readers = [...places.values()];
    const firsts = readers.map(([index]) => cursors[index]);
    const rows = await manager.query<(StoredRecord & { ordinal: string })[]>(
      `select c.ordinal, r.record_offset, r.key, r.value, r.headers, r.appended_at
       from unnest($1::text[], $2::int[], $3::bigint[], $4::int[])
         with ordinality as c (topic, partition, start, size, ordinal)
       cross join lateral (
         select record_offset, key, value, headers, appended_at from log_record
         where topic = c.topic and partition = c.partition and record_offset >= c.start
         order by record_offset limit c.size) r
       order by c.ordinal, r.record_offset`,
      [
        firsts.map(({ subscription }) => subscription.topic.name),
        firsts.map(({ partition }) => partition),
        firsts.map(({ position }) => position.offset.toString()),
        firsts.map(({ subscription }) => subscription.batch),
      ],
    );
    const byPlace: LogRecord[][] = readers.map(() => []);
    for (const row of rows) byPlace[Number(row.ordinal) - 1].push({ ...recordOf(row), shared: {} });
    return byPlace
      .flatMap((records, place) =>
        records.length === 0 ? [] : readers[place].map((index) => ({ index, records: [...records] })),
      )
      .sort((a, b) => a.index - b.index);
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

  /** A consumer of these topics has found nothing to do when it looked at a moment. */
  noteIdle(consumer: object, topics: readonly string[], moment: number): void {
    this.idleAt.set(consumer, { topics, moment });
    this.appended.emit(IDLE);
  }

  /** A consumer has stopped reading. */
  left(consumer: object): void {
    this.idleAt.delete(consumer);
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
    for (let asked = performance.now(); !signal.aborted;) {
      const idle = this.waitForAppend([IDLE], LOOK_EVERY_MS, signal);
      // The tables decide; they are asked when they can say yes, and now and then for consumers elsewhere.
      if (this.allIdle() || performance.now() - asked > LOOK_EVERY_MS) {
        if ((await this.lag()).every(({ records }) => records === 0n)) return;
        asked = performance.now();
      }
      await idle;
    }
  }

  /** Whether nothing was appended here to the topics of any consumer since it found nothing to do. */
  private allIdle(): boolean {
    return [...this.idleAt.values()].every(({ topics, moment }) =>
      topics.every((topic) => (this.lastAppend.get(topic) ?? 0) <= moment),
    );
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

/** Messages, and writes that are committed with them. */
export interface Publication {
  readonly messages: readonly Outgoing[];
  readonly write: (manager: EntityManager) => Promise<void>;
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
