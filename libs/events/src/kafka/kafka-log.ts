import { setTimeout as sleep } from 'node:timers/promises';
import type { DataSource, EntityManager } from 'typeorm';
import { ConsumerOffsets } from '../consumer-offsets.js';
import { type ConsumedBatch, EventLog, type Lag, type NumberedLog } from '../event-log.js';
import { type Outgoing, outgoing, type Topic, TOPICS } from '#lib/messages';
import { LARGEST_MESSAGE_BYTES, requireSizes } from '../message-size.js';
import { partitionFor, partitionsOf } from '../partitions.js';
import type { Broker, BrokerRecord, TopicSettings } from './broker.js';
import type { LogRecord } from '../record.js';
import { readRange } from './read-range.js';
import type { Statement } from '#lib/storage';
import { chunksOf, FreshBatches, outboxStatement, putIntoOutbox } from './outbox.js';
import { OutboxRelay } from './outbox-relay.js';
import { withOrigin } from '../with-origin.js';

export interface KafkaLogOptions {
  /** put before the names of topics and groups */
  readonly prefix: string;
  /** of keyed topics */
  readonly partitions: number;
  readonly replication: number;
  /** upper limit of every topic's retention */
  readonly retentionDays?: number | undefined;
}

const DAY_MS = 24 * 3600 * 1000;
const NO_HEADERS = {};

/**
 * Messages on Kafka. Messages of a transaction are kept in its database's outbox and brought to the brokers by a relay,
 * so that state and messages cannot fall apart.
 */
export class KafkaLog extends EventLog implements NumberedLog {
  private readonly relay: OutboxRelay;
  private readonly fresh = new FreshBatches();
  private readonly offsets: ConsumerOffsets;

  constructor(
    private readonly database: DataSource,
    readonly broker: Broker,
    private readonly topics: readonly Topic<never>[],
    private readonly options: KafkaLogOptions,
  ) {
    super();
    this.relay = new OutboxRelay(database, broker, (topic) => this.nameOf(topic), this.fresh);
    this.offsets = new ConsumerOffsets(database);
  }

  get partitions(): number {
    return this.options.partitions;
  }

  /** Of a topic or group on the brokers. */
  nameOf(topic: string): string {
    return `${this.options.prefix}${topic}`;
  }

  /**
   * Creates missing topics and begins to relay.
   *
   * @param options.relay whether the outbox is sent from here
   * @param options.check whether topics are created and compared with their declaration
   * @throws {BrokerError} for topics that are not as they must be
   */
  async open({ relay = true, check = true }: { relay?: boolean; check?: boolean } = {}): Promise<void> {
    if (check) await this.broker.ensureTopics(this.settings());
    if (relay) this.relay.start();
  }

  /** Every topic as it is to be on the brokers, dead letters included. */
  settings(): TopicSettings[] {
    const { partitions, replication, retentionDays } = this.options;
    const config = (retention: Topic<never>['retention']) => {
      const days = retention === 'compacted' ? null : retention.days;
      const kept = Math.min(days ?? Infinity, retentionDays ?? Infinity);
      return {
        'cleanup.policy': retention === 'compacted' ? 'compact' : 'delete',
        'retention.ms': String(Number.isFinite(kept) ? kept * DAY_MS : -1),
        'retention.bytes': '-1',
        'max.message.bytes': String(LARGEST_MESSAGE_BYTES),
        // Retention must not go by times that clients make up.
        'message.timestamp.type': 'LogAppendTime',
        'min.insync.replicas': String(Math.max(1, replication - 1)),
        'replication.factor': String(replication),
      };
    };
    return this.topics.flatMap((topic) => [
      {
        topic: this.nameOf(topic.name),
        partitions: partitionsOf(topic, partitions),
        config: config(topic.retention),
      },
      { topic: this.nameOf(`${topic.name}.dead`), partitions: 1, config: config({ days: 30 }) },
    ]);
  }

  async append(manager: EntityManager, source: string, messages: readonly Outgoing[]): Promise<void> {
    if (messages.length === 0) return;
    requireSizes(messages);
    // The source's row is locked until the commit: numbers are in the order of commits.
    const [{ first }] = await manager.query<[{ first: string }]>(
      `insert into outbox_source as s (source, next_sequence) values ($1, 1 + $2::bigint)
       on conflict (source) do update set next_sequence = s.next_sequence + $2::bigint
       returning next_sequence - $2::bigint as first`,
      [source, messages.length],
    );
    await putIntoOutbox(manager, this.chunks(source, Number(first), messages), this.broker.codec, this.fresh);
  }

  async nextNumber(source: string): Promise<number> {
    await this.database.query(
      'insert into outbox_source (source, next_sequence) values ($1, 1) on conflict do nothing',
      [source],
    );
    const [{ next }] = await this.database.query<[{ next: string }]>(
      'select next_sequence as next from outbox_source where source = $1',
      [source],
    );
    return Number(next);
  }

  async ready(source: string, first: number, messages: readonly Outgoing[]): Promise<readonly Statement[]> {
    if (messages.length === 0) return [];
    requireSizes(messages);
    const rows = await outboxStatement(this.chunks(source, first, messages), this.broker.codec, this.fresh);
    return [
      {
        text: `with numbered as (
            update outbox_source set next_sequence = $3 where source = $1 and next_sequence = $2 returning 1
          )
          select 1 / count(*) from numbered`,
        parameters: [source, first, first + messages.length],
      },
      rows,
    ];
  }

  private chunks(source: string, first: number, messages: readonly Outgoing[]) {
    const numbered = messages.map((message, i) => ({
      sequence: first + i,
      topic: message.topic,
      partition: partitionFor(message, this.partitions),
      key: message.key,
      value: message.value,
      headers: message.headers ?? NO_HEADERS,
    }));
    return chunksOf(source, numbered);
  }

  announce(): void {
    this.relay.stir();
  }

  async publish(
    messages: readonly Outgoing[],
    also?: { source: string; write: (manager: EntityManager) => Promise<void> },
  ): Promise<void> {
    if (also !== undefined) {
      await this.database.transaction(async (manager) => {
        await this.append(manager, also.source, withOrigin(messages));
        await also.write(manager);
      });
      this.relay.stir();
      return;
    }
    requireSizes(messages);
    const topics = new Map<string, BrokerRecord[]>();
    for (const message of withOrigin(messages)) {
      const { topic, key, value, headers } = message;
      const records = topics.get(topic) ?? [];
      records.push({ key, value, headers, partition: partitionFor(message, this.partitions) });
      topics.set(topic, records);
    }
    for (const [topic, records] of topics) await this.broker.send(this.nameOf(topic), records);
  }

  notesOf({ unit, topic, partition, from, to, skipped }: ConsumedBatch): Outgoing[] {
    const header = { id: `${unit}@${topic}/${partition}@${from}`, sequence: 0, time: Date.now() };
    const range = { from: from.toString(), to: to.toString() };
    const payload = { unit, topic, partition, ...range, ...(skipped === undefined ? {} : { skipped }) };
    return [outgoing(TOPICS.consumption, unit, header, payload)];
  }

  async lag(): Promise<Lag[]> {
    const positions = await this.offsets.all();
    const ends = await this.ends(new Set(positions.map(({ topic }) => topic)));
    return positions.map(({ group, topic, partition, offset }) => ({
      ...{ group, topic, partition, position: offset },
      records: (ends.get(`${topic}/${partition}`) ?? 0n) - offset,
    }));
  }

  records(topic: string, partition: number, from: bigint, to: bigint): Promise<LogRecord[]> {
    return readRange(this.broker, this.nameOf(topic), partition, from, to);
  }

  async unpublishedAge(): Promise<number> {
    const [{ age }] = await this.database.query<[{ age: number | null }]>(
      'select extract(epoch from now() - min(at))::float8 as age from outbox',
    );
    return age ?? 0;
  }

  async drained(signal: AbortSignal): Promise<void> {
    for (let failures = 0; !signal.aborted;) {
      try {
        if (await this.isDrained()) return;
        failures = 0;
      } catch (error) {
        // Brokers and databases come back.
        if (++failures > 600) throw error;
      }
      await sleep(failures === 0 ? 10 : 200);
    }
  }

  housekeeping(): Promise<void> {
    return Promise.resolve();
  }

  async close(): Promise<void> {
    await this.relay.close();
    await this.broker.close();
  }

  /**
   * Nothing was in the outbox, then every position was at its topic's end, and meanwhile no position has moved: so nothing
   * can have been published in between.
   */
  private async isDrained(): Promise<boolean> {
    const before = await this.snapshot();
    if (before.waiting) return false;
    const ends = await this.ends(new Set(before.positions.map(({ topic }) => topic)));
    const atEnd = before.positions.every(
      ({ topic, partition, offset }) => (ends.get(`${topic}/${partition}`) ?? 0n) <= offset,
    );
    if (!atEnd) return false;
    const after = await this.snapshot();
    return !after.waiting && JSON.stringify(before.text) === JSON.stringify(after.text);
  }

  private async snapshot() {
    const [{ count }] = await this.database.query<[{ count: string }]>('select count(*) from outbox');
    const positions = await this.offsets.all();
    const text = positions.map(
      ({ group, topic, partition, offset }) => `${group} ${topic}/${partition} ${offset}`,
    );
    return { waiting: Number(count) > 0, positions, text: text.sort() };
  }

  private async ends(topics: ReadonlySet<string>): Promise<Map<string, bigint>> {
    const names = new Map([...topics].map((topic) => [this.nameOf(topic), topic]));
    const ends = new Map<string, bigint>();
    if (names.size === 0) return ends;
    for (const { topic, partition, offset } of await this.broker.ends([...names.keys()]))
      ends.set(`${names.get(topic)}/${partition}`, offset);
    return ends;
  }
}
