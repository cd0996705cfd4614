// Long because a rebuild is one pass over the topics: read, replay, compare.
import type { EntityManager } from 'typeorm';
import { ZkriskError } from '#lib/errors';
import { ConsumerOffsets } from '../consumer-offsets.js';
import { EventLog, type Lag } from '../event-log.js';
import { unitName } from '../lane.js';
import { LaneUnit } from '../lane-unit.js';
import { cursorsOf, lanesOf } from '../lanes-of.js';
import { unitsOf } from '../units.js';
import { LogServer } from '../log-server.js';
import {
  ALL_TOPICS,
  type Message,
  type Outgoing,
  outgoing,
  type ConsumptionPayload,
  TOPICS,
} from '#lib/messages';
import { partitionFor } from '../partitions.js';
import { ALL_UNITS, type MoveUnits } from './repartition.js';
import { type LogRecord, SEQUENCE_HEADER, SOURCE_HEADER } from '../record.js';
import { TopicReader } from './topic-reader.js';
import type { KafkaLog } from './kafka-log.js';
import { chunksOf, putIntoOutbox } from './outbox.js';

const OUTSIDERS_TOPICS: ReadonlySet<string> = new Set(
  ALL_TOPICS.flatMap(({ name, outsiders }) => (outsiders === undefined ? [] : [name])),
);

/** The rebuilt messages differ from the topics'. */
export class RebuildMismatchError extends ZkriskError {
  readonly code = 'rebuild-mismatch';
}

export interface RebuildReport {
  /** batches consumed again, by unit */
  readonly batches: Record<string, number>;
  readonly records: number;
  /** messages made again, each the same as the one in its topic */
  readonly messages: number;
  /** messages made again that were committed but not published any more: they are in the outbox */
  readonly unpublished: number;
}

/**
 * Where messages go while a database is rebuilt: nowhere. Each is held against the one its topic has; one that its topic has
 * not, because the process ended before it was published, goes to the outbox.
 */
class ComparingLog extends EventLog {
  messages = 0;
  unpublished = 0;
  /** of keyed topics, at the place that the rebuild has come to */
  partitions: number;
  /** records of a topic's partition that were read while another source's were looked for */
  private readonly ahead = new Map<string, LogRecord[]>();

  constructor(
    private readonly log: KafkaLog,
    private readonly reader: TopicReader,
  ) {
    super();
    this.partitions = log.partitions;
  }

  /** Keyed topics have had so many partitions from here on. */
  repartitioned(partitions: number): void {
    this.partitions = partitions;
  }

  async append(manager: EntityManager, source: string, messages: readonly Outgoing[]): Promise<void> {
    const [known] = await manager.query<{ next_sequence: string }[]>(
      'select next_sequence from outbox_source where source = $1',
      [source],
    );
    const first = Number((known as typeof known | undefined)?.next_sequence ?? 1);
    const missing: { sequence: number; message: Outgoing }[] = [];
    for (const [i, message] of messages.entries()) {
      if (await this.isPublished(source, first + i, message)) this.messages++;
      else missing.push({ sequence: first + i, message });
    }
    const next = first + messages.length;
    await manager.query(
      `insert into outbox_source (source, next_sequence) values ($1, $2)
       on conflict (source) do update set next_sequence = excluded.next_sequence`,
      [source, next],
    );
    const unsent = missing.map(({ sequence, message }) => ({
      ...{ sequence, topic: message.topic, partition: partitionFor(message, this.partitions) },
      ...{ key: message.key, value: message.value, headers: message.headers ?? {} },
    }));
    await putIntoOutbox(manager, chunksOf(source, unsent), this.log.broker.codec);
    this.unpublished += missing.length;
    await manager.query(
      `insert into outbox_relay (source, relayed)
       values ($1, coalesce((select min(sequence) from outbox where source = $1), $2::bigint) - 1)
       on conflict (source) do update set relayed = excluded.relayed`,
      [source, next],
    );
  }

  notesOf({ unit, ...batch }: Parameters<EventLog['notesOf']>[0]): Outgoing[] {
    const { topic, partition, from, to } = batch;
    const payload = { unit, topic, partition, from: from.toString(), to: to.toString() };
    const header = { id: `${unit}@${topic}/${partition}@${from}`, sequence: 0, time: Date.now() };
    return [outgoing(TOPICS.consumption, unit, header, payload)];
  }

  announce(): void {
    // Nobody waits.
  }
  publish(): Promise<void> {
    throw new Error('nothing is published while a database is rebuilt');
  }
  records(): Promise<LogRecord[]> {
    throw new Error('nothing is looked up while a database is rebuilt');
  }
  lag(): Promise<Lag[]> {
    return Promise.resolve([]);
  }
  unpublishedAge(): Promise<number> {
    return Promise.resolve(0);
  }
  drained(): Promise<void> {
    return Promise.resolve();
  }
  housekeeping(): Promise<void> {
    return Promise.resolve();
  }
  close(): Promise<void> {
    return Promise.resolve();
  }

  /** @throws {RebuildMismatchError} where the topic has something else under this number */
  private async isPublished(source: string, sequence: number, message: Outgoing): Promise<boolean> {
    const { topic } = message;
    // When a batch was consumed is nobody's business but the clock's.
    if (topic === TOPICS.consumption.name) return true;
    const partition = partitionFor(message, this.partitions);
    const outsiders = OUTSIDERS_TOPICS.has(topic);
    const isIt = ({ key, value }: LogRecord) => value === message.value && key === message.key;
    const found = await this.find({ topic, partition, source, sequence }, outsiders ? isIt : undefined);
    if (found === undefined) return false;
    if (found.value === message.value && found.key === message.key) return true;
    throw new RebuildMismatchError(
      `message ${sequence} of ${source} in ${topic}/${partition} is not what it comes to when it is made again:\n` +
        `${found.value}\n${message.value}`,
      { source, sequence, topic, partition, offset: found.offset.toString() },
    );
  }

  /** @param isIt where outsiders write the topic: whose headers name our source are passed over, but for the message itself */
  private async find(
    at: { topic: string; partition: number; source: string; sequence: number },
    isIt: ((record: LogRecord) => boolean) | undefined,
  ): Promise<LogRecord | undefined> {
    const { topic, partition, source, sequence } = at;
    const queueOf = (name: string) => {
      const key = `${topic}/${partition}/${name}`;
      const queue = this.ahead.get(key) ?? [];
      this.ahead.set(key, queue);
      return queue;
    };
    const own = queueOf(source);
    for (;;) {
      const record = own.shift() ?? (await this.reader.next(this.log.nameOf(topic), partition));
      if (record === undefined) return undefined;
      const from = record.headers[SOURCE_HEADER];
      if (from === undefined) continue;
      if (from !== source) {
        queueOf(from).push(record);
        continue;
      }
      const number = Number(record.headers[SEQUENCE_HEADER]);
      if (isIt !== undefined && (number !== sequence || !isIt(record))) continue;
      // Sent twice by a relay that was killed.
      if (number < sequence) continue;
      if (number > sequence)
        throw new RebuildMismatchError(
          `${topic}/${partition} has message ${number} of ${source}, but not message ${sequence}`,
          { source, sequence, topic, partition },
        );
      return record;
    }
  }
}

/**
 * Consumes the topics again into an empty database: the same batches in the same order, by the same handlers. What they
 * publish is compared with the topics.
 */
export class Rebuild extends LogServer<KafkaLog> {
  override transportId = Symbol('rebuild');

  protected override open(): Promise<void> {
    // Nothing runs by itself.
    return Promise.resolve();
  }
  override close(): Promise<void> {
    return Promise.resolve();
  }

  /**
   * @param moves the moves of the state that is kept by unit where topics were given more partitions
   * @throws {RebuildMismatchError} where anything comes to something else than it did
   * @throws {RecordsLostError} where a topic does not go back to its beginning
   */
  async run(
    onProgress: (batches: number) => void = () => undefined,
    moves: readonly MoveUnits[] = [],
  ): Promise<RebuildReport> {
    const { log, database, owners, logger } = this;
    const lanes = lanesOf(this.messageHandlers);
    const inputs = new Set(
      lanes.flatMap((lane) => lane.subscriptions.map(({ subscription }) => subscription.topic)),
    );
    const names = [...inputs].map(({ name }) => log.nameOf(name));
    const order = log.nameOf(TOPICS.consumption.name);
    // Two readers: consumed and published messages of the same topic are read at different places.
    const [consumed, published] = await Promise.all([
      TopicReader.open(log.broker, [...names, order]),
      TopicReader.open(
        log.broker,
        log.settings().map(({ topic }) => topic),
      ),
    ]);
    const comparing = new ComparingLog(log, published);
    const firstPartitions = await partitionsAtFirst(log);
    if (firstPartitions !== undefined) comparing.repartitioned(firstPartitions);
    const offsets = new ConsumerOffsets(database);
    const first = () => Promise.resolve(0n);
    const source = { next: () => Promise.resolve(undefined), wait: () => Promise.resolve(), first };
    const units = new Map<string, LaneUnit>();
    for (const lane of lanes) {
      for (const number of unitsOf(lane.lane, log.partitions)) {
        const cursors = cursorsOf(lane, number, log.partitions);
        const parts = { source, log: comparing, offsets, database, owners, logger };
        const unit = new LaneUnit(lane.lane, number, cursors, parts);
        await unit.restore();
        units.set(unitName(lane.lane, number), unit);
      }
    }
    const report = { batches: {} as Record<string, number>, records: 0 };
    const again = new BatchReader(log, consumed, units);
    let last = 0;
    try {
      const seen = new Map<string, number>();
      for (let total = 0; ;) {
        const record = await consumed.next(order, 0);
        if (record === undefined) break;
        const { payload } = JSON.parse(record.value) as Message<ConsumptionPayload>;
        if (payload.unit === ALL_UNITS) {
          const [from, to] = [Number(payload.from), Number(payload.to)];
          await database.transaction(async (manager) => {
            for (const move of moves) await move(manager, from, to);
          });
          comparing.repartitioned(to);
          for (const each of units.values()) await each.restore();
          continue;
        }
        const unit = units.get(payload.unit);
        if (unit === undefined || isRepeated(record, seen)) continue;
        report.records += await consumeAgain(unit, payload, again);
        report.batches[payload.unit] = (report.batches[payload.unit] ?? 0) + 1;
        if (++total - last >= 100) onProgress((last = total));
      }
      return { ...report, messages: comparing.messages, unpublished: comparing.unpublished };
    } finally {
      await Promise.all([consumed.close(), published.close()]);
    }
  }
}

/** How many partitions keyed topics had before they were first given more; undefined where they never were. */
async function partitionsAtFirst(log: KafkaLog): Promise<number | undefined> {
  const order = log.nameOf(TOPICS.consumption.name);
  const reader = await TopicReader.open(log.broker, [order]);
  try {
    for (;;) {
      const record = await reader.next(order, 0);
      if (record === undefined) return undefined;
      const { payload } = JSON.parse(record.value) as Message<ConsumptionPayload>;
      if (payload.unit === ALL_UNITS) return Number(payload.from);
    }
  } finally {
    await reader.close();
  }
}

/** Records of batches; several units may read the same partition, each at its own place. */
class BatchReader {
  private readonly kept = new Map<string, LogRecord[]>();

  constructor(
    private readonly log: KafkaLog,
    private readonly reader: TopicReader,
    private readonly units: ReadonlyMap<string, LaneUnit>,
  ) {}

  async read(topic: string, partition: number, from: bigint, to: bigint): Promise<LogRecord[]> {
    const name = `${topic}/${partition}`;
    const kept = this.kept.get(name) ?? [];
    this.kept.set(name, kept);
    const at = { topic: this.log.nameOf(topic), partition };
    while (this.reader.position(at) < to) {
      const record = await this.reader.next(at.topic, partition);
      if (record === undefined && this.reader.position(at) < to)
        throw new RebuildMismatchError(`${name} ends before ${to}, though it was consumed up to there`, {
          topic,
          partition,
        });
      if (record !== undefined) kept.push(record);
    }
    const read = kept.filter(({ offset }) => offset >= from && offset < to);
    const lowest = this.lowest(topic, partition);
    this.kept.set(
      name,
      kept.filter(({ offset }) => offset >= lowest),
    );
    return read;
  }

  /** Where the unit is that has come least far with a partition. */
  private lowest(topic: string, partition: number): bigint {
    const offsets = [...this.units.values()].flatMap(({ cursors }) =>
      cursors
        .filter(({ subscription, partition: own }) => subscription.topic.name === topic && own === partition)
        .map(({ position }) => position.offset),
    );
    return offsets.reduce((a, b) => (a < b ? a : b));
  }
}

async function consumeAgain(unit: LaneUnit, batch: ConsumptionPayload, reader: BatchReader): Promise<number> {
  const { topic, partition } = batch;
  const [from, to] = [BigInt(batch.from), BigInt(batch.to)];
  const cursor = unit.cursors.find(
    (each) => each.subscription.topic.name === topic && each.partition === partition,
  );
  if (cursor?.position.offset !== from)
    throw new RebuildMismatchError(
      `${batch.unit} goes on at ${from} of ${topic}/${partition}, but was at ${cursor?.position.offset ?? 'none'}`,
      { unit: batch.unit, topic, partition },
    );
  const records = await reader.read(topic, partition, from, to);
  try {
    await unit.consume(cursor, records, { to, poison: batch.skipped });
  } catch (error) {
    // A message that could not be handled then cannot be now: it goes where it went.
    if (!(error instanceof ZkriskError) || error instanceof RebuildMismatchError || records.length !== 1)
      throw error;
    await unit.restore();
    await unit.consume(cursor, records, { to, poison: error.message });
  }
  return records.length;
}

/** A note of a batch that a relay has sent a second time. */
function isRepeated({ headers }: LogRecord, seen: Map<string, number>): boolean {
  const source = headers[SOURCE_HEADER] ?? '';
  const sequence = Number(headers[SEQUENCE_HEADER]);
  if (sequence <= (seen.get(source) ?? 0)) return true;
  seen.set(source, sequence);
  return false;
}
