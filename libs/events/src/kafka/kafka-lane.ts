// Long because fetching, positions and commits of a lane change together, or a record is lost.
import { EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LoggerService } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import { messageOf, ZkriskError } from '#lib/errors';
import type { ConsumerOffsets } from '../consumer-offsets.js';
import type { LaneOwners } from '../lane.js';
import type { Cursor } from '../handle-batch.js';
import { type Fetched, LaneUnit, type RecordSource } from '../lane-unit.js';
import { cursorsOf, type LaneHandlers, partitionsRead, topicsOf } from '../lanes-of.js';
import { unitsOf } from '../units.js';
import { shareOf } from '../partitions.js';
import type { LogRecord } from '../record.js';
import { waitForEvent } from '../wait-for-event.js';
import type { BrokerSubscription, PartitionOffset, Partitions } from './broker.js';
import type { KafkaLog } from './kafka-log.js';
import { RecordBuffer } from './record-buffer.js';

/** Records a consumer has not read are gone from the topic. */
export class RecordsLostError extends ZkriskError {
  readonly code = 'records-lost';
}

const BUFFER_LIMITS = { records: 10_000, characters: 16 << 20 };
const COMMIT_EVERY_MS = 5_000;
const FETCH_WAIT_MS = 100;
/** Three times the session: by then the group goes on without this member. */
const LOST_AFTER_MS = 30_000;

/** The units of a lane that this process has been given, and their records. */
export class KafkaLane implements RecordSource {
  private readonly units = new Map<number, LaneUnit>();
  private readonly buffers = new Map<string, RecordBuffer>();
  private readonly arrived = new EventEmitter().setMaxListeners(0);
  private arrivals = 0;
  /** ends of the topics, asked for when `arrival` batches had arrived */
  private moment: { arrival: number; ends: ReadonlyMap<string, bigint> } = { arrival: -1, ends: new Map() };
  /** a question for the ends that is under way, and how many batches had arrived when it was asked */
  private looking: { readonly arrival: number; readonly answered: Promise<void> } | undefined;
  /** whether a batch of a topic is being handled that has to wait for earlier topics */
  private handling = false;
  private subscription: BrokerSubscription | undefined;
  private committing: NodeJS.Timeout | undefined;
  private assignments = 0;
  private closed = false;

  constructor(
    private readonly handlers: LaneHandlers,
    private readonly parts: {
      readonly log: KafkaLog;
      readonly database: DataSource;
      readonly offsets: ConsumerOffsets;
      readonly owners: LaneOwners;
      readonly logger: LoggerService;
    },
  ) {}

  /** Units this process has. */
  get held(): number[] {
    return [...this.units.keys()].sort((a, b) => a - b);
  }

  get name(): string {
    return this.handlers.lane.name;
  }

  async open(): Promise<void> {
    const { log } = this.parts;
    const topics = topicsOf(this.handlers.subscriptions);
    this.subscription = await log.broker.subscribe({
      group: log.nameOf(this.name),
      topics: topics.map((topic) => log.nameOf(topic)),
      share: (index, members) => this.share(index, members),
      onAssigned: (partitions) => this.assigned(partitions),
      onRecords: (topic, partition, records, to) => {
        this.received(topic, partition, records, to);
      },
      maximumWaitMs: FETCH_WAIT_MS,
    });
    const subscription = this.subscription;
    this.parts.owners.watch(`${this.name} group`, () =>
      subscription.silentMs() > LOST_AFTER_MS
        ? `has had no answer from its consumer group for ${Math.round(subscription.silentMs() / 1000)} s`
        : undefined,
    );
    this.committing = setInterval(() => {
      this.commit().catch(() => undefined);
    }, COMMIT_EVERY_MS);
  }

  /** Ends after the batches that are being handled, and leaves the lane to others. */
  async close(): Promise<void> {
    this.closed = true;
    this.assignments++;
    clearInterval(this.committing);
    this.parts.owners.unwatch(`${this.name} group`);
    await Promise.all([...this.units.values()].map((unit) => unit.stop()));
    await this.commit().catch(() => undefined);
    await this.subscription?.close();
  }

  async next(cursors: readonly Cursor[]): Promise<Fetched | undefined> {
    this.release(cursors);
    const passed = this.firstPassed(cursors);
    if (passed !== undefined) return passed;
    const cursor = this.firstWithRecords(cursors);
    this.handling = false;
    if (cursor === undefined) return undefined;
    const earlier = cursors.slice(
      0,
      cursors.findIndex(({ subscription }) => subscription === cursor.subscription),
    );
    const { offset } = cursor.position;
    const { batch } = cursor.subscription;
    const buffer = this.bufferOf(cursor);
    if (earlier.length === 0) return { cursor, records: buffer.from(offset, batch) };
    // They may have been caused by records of an earlier topic that are there, but have not come yet.
    const arrival = buffer.arrivalOf(offset)!;
    if (arrival > this.moment.arrival) await this.lookSince(arrival);
    this.handling = true;
    if (!this.isConsumed(earlier)) return this.firstWithRecords(earlier) && this.next(earlier);
    return { cursor, records: buffer.from(offset, batch, this.moment.arrival) };
  }

  async first(topic: string, partition: number): Promise<bigint> {
    const { log } = this.parts;
    const ranges = await log.broker.offsets(log.nameOf(topic));
    return ranges.find((range) => range.partition === partition)?.low ?? 0n;
  }

  wait(_cursors: readonly Cursor[], timeoutMs: number, signal: AbortSignal): Promise<void> {
    return waitForEvent(this.arrived, ['records'], timeoutMs, signal);
  }

  /** Member `index` of `members` gets every `members`-th unit, and all that these units read. */
  private share(index: number, members: number): Partitions {
    const { lane, subscriptions } = this.handlers;
    const { log } = this.parts;
    const { partitions } = log;
    const units = shareOf(unitsOf(lane, partitions), index, members);
    const shared = new Map<string, number[]>();
    for (const { subscription } of subscriptions) {
      const read = new Set(units.flatMap((unit) => partitionsRead(lane, subscription, unit, partitions)));
      shared.set(
        log.nameOf(subscription.topic.name),
        [...read].sort((a, b) => a - b),
      );
    }
    return shared;
  }

  /** Takes up the lane's units that are ours now, and leaves those that are gone. */
  private async assigned(assignment: Partitions): Promise<PartitionOffset[]> {
    const mine = ++this.assignments;
    const { lane } = this.handlers;
    const units = this.unitsIn(assignment);
    for (const [unit, running] of [...this.units]) {
      if (units.includes(unit)) continue;
      await running.stop();
      this.units.delete(unit);
      // Whoever follows the state from here begins with the committed state.
      await running.ready().catch((error: unknown) => {
        this.parts.logger.error(`${lane.name}: unit ${unit} is left unread: ${messageOf(error)}`);
      });
      await this.parts.owners.release(lane, unit);
      this.parts.logger.log(`${lane.name}: unit ${unit} is left to another process`);
    }
    const fresh: LaneUnit[] = [];
    for (const unit of units) {
      if (this.units.has(unit)) continue;
      const cursors = cursorsOf(this.handlers, unit, this.parts.log.partitions);
      const ahead = cursors.some(({ subscription }) => subscription.ahead === true)
        ? this.parts.log
        : undefined;
      const running = new LaneUnit(lane, unit, cursors, {
        ...this.parts,
        source: this,
        ...(ahead && { ahead }),
      });
      await this.untilItPasses(() => running.restore(), mine);
      if (this.superseded(mine)) return [];
      this.units.set(unit, running);
      fresh.push(running);
      this.parts.logger.log(`${lane.name}: unit ${unit} is ours`);
    }
    const begin = await this.untilItPasses(() => this.beginnings(), mine);
    if (begin === undefined || this.superseded(mine)) return [];
    for (const unit of fresh) unit.start();
    return begin;
  }

  private superseded(assignment: number): boolean {
    return assignment !== this.assignments || this.closed;
  }

  /** A database or broker that is away comes back: until then, or until the assignment is another, it is tried again. */
  private async untilItPasses<T>(work: () => Promise<T>, assignment: number): Promise<T | undefined> {
    for (let failures = 0; !this.superseded(assignment); failures++) {
      try {
        return await work();
      } catch (error) {
        if (error instanceof RecordsLostError) throw error;
        this.parts.logger.error(`${this.name} cannot begin: ${messageOf(error)}; trying again`);
        await sleep(Math.min(5_000, 100 * 2 ** failures));
      }
    }
    return undefined;
  }

  private unitsIn(assignment: Partitions): readonly number[] {
    const { lane, subscriptions } = this.handlers;
    const { log } = this.parts;
    const assigned = ({ subscription }: LaneHandlers['subscriptions'][number]) =>
      assignment.get(log.nameOf(subscription.topic.name)) ?? [];
    if (lane.spread === 'single') return subscriptions.some((each) => assigned(each).length > 0) ? [0] : [];
    const own = subscriptions.find(
      ({ subscription }) => !subscription.everyUnit && subscription.topic.partitioned,
    );
    return own === undefined ? [] : assigned(own);
  }

  /**
   * Where each partition is read from: where the unit that has come least far goes on.
   *
   * @throws {RecordsLostError} where the topic does not go back, or not up, to there
   */
  private async beginnings(): Promise<PartitionOffset[]> {
    const { log } = this.parts;
    const lowest = new Map<string, { topic: string; partition: number; offset: bigint }>();
    for (const { cursors } of this.units.values()) {
      for (const { subscription, partition, committed } of cursors) {
        const topic = subscription.topic.name;
        const known = lowest.get(`${topic}/${partition}`);
        if (known === undefined || committed < known.offset)
          lowest.set(`${topic}/${partition}`, { topic, partition, offset: committed });
      }
    }
    for (const topic of topicsOf(this.handlers.subscriptions)) {
      for (const { partition, low, high } of await log.broker.offsets(log.nameOf(topic))) {
        const offset = lowest.get(`${topic}/${partition}`)?.offset;
        if (offset === undefined || (offset >= low && offset <= high)) continue;
        throw new RecordsLostError(
          `${this.name} goes on at ${offset} of ${topic}/${partition}, which has ${low} to ${high}: records are lost`,
          { topic, partition, offset: offset.toString() },
        );
      }
    }
    this.moment = { arrival: -1, ends: new Map() };
    for (const buffer of this.buffers.values()) buffer.reset();
    return [...lowest.values()].map((at) => ({ ...at, topic: log.nameOf(at.topic) }));
  }

  private received(topic: string, partition: number, records: readonly LogRecord[], to: bigint): void {
    this.buffer(topic, partition).add(records, to, ++this.arrivals);
    this.arrived.emit('records');
    // While a batch is handled: the next one need not wait for the answer.
    if (this.handling && this.looking === undefined) this.look().catch(() => undefined);
  }

  /** Knows the ends of all topics as of a moment after an arrival: by a question that is under way, where that was asked later. */
  private lookSince(arrival: number): Promise<void> {
    const { looking } = this;
    return looking !== undefined && looking.arrival >= arrival ? looking.answered : this.look();
  }

  /** Asks for the ends of all topics, as of now. */
  private look(): Promise<void> {
    const asked = { arrival: this.arrivals, answered: this.askEnds(this.arrivals) };
    this.looking = asked;
    const done = () => {
      if (this.looking === asked) this.looking = undefined;
    };
    asked.answered.then(done, done);
    return asked.answered;
  }

  private async askEnds(arrival: number): Promise<void> {
    const { log } = this.parts;
    // The last topic causes nothing that is read before it.
    const topics = new Map(
      topicsOf(this.handlers.subscriptions)
        .slice(0, -1)
        .map((topic) => [log.nameOf(topic), topic]),
    );
    const ends = new Map<string, bigint>();
    for (const { topic, partition, offset } of await log.broker.ends([...topics.keys()]))
      ends.set(`${topics.get(topic)}/${partition}`, offset);
    if (arrival > this.moment.arrival) this.moment = { arrival, ends };
  }

  private isConsumed(cursors: readonly Cursor[]): boolean {
    return cursors.every(({ subscription, partition, position }) => {
      const end = this.moment.ends.get(`${subscription.topic.name}/${partition}`);
      return end !== undefined && position.offset >= end;
    });
  }

  /** A partition of which nothing is left but offsets that hold no records: its cursor moves on. */
  private firstPassed(cursors: readonly Cursor[]): Fetched | undefined {
    for (const cursor of cursors) {
      const to = this.bufferOf(cursor).passed(cursor.position.offset);
      if (to !== undefined) return { cursor, records: [], to };
    }
    return undefined;
  }

  /** Of the first topic that has records, the partition whose have waited longest. */
  private firstWithRecords(cursors: readonly Cursor[]): Cursor | undefined {
    let found: { cursor: Cursor; arrival: number } | undefined;
    for (const cursor of cursors) {
      if (found !== undefined && found.cursor.subscription !== cursor.subscription) break;
      const arrival = this.bufferOf(cursor).arrivalOf(cursor.position.offset);
      if (arrival !== undefined && arrival < (found?.arrival ?? Infinity)) found = { cursor, arrival };
    }
    return found?.cursor;
  }

  /** Messages that every unit here has consumed, and committed, are dropped. */
  private release(cursors: readonly Cursor[]): void {
    for (const { subscription, partition } of cursors) {
      const offsets = [...this.units.values()].flatMap((unit) =>
        unit.cursors
          .filter((cursor) => cursor.subscription === subscription && cursor.partition === partition)
          .map(({ committed }) => committed),
      );
      if (offsets.length === 0) continue;
      const lowest = offsets.reduce((a, b) => (a < b ? a : b));
      this.buffer(this.parts.log.nameOf(subscription.topic.name), partition).release(lowest);
    }
  }

  private bufferOf({ subscription, partition }: Cursor): RecordBuffer {
    return this.buffer(this.parts.log.nameOf(subscription.topic.name), partition);
  }

  private buffer(topic: string, partition: number): RecordBuffer {
    const name = `${topic}/${partition}`;
    let buffer = this.buffers.get(name);
    if (buffer === undefined) {
      buffer = new RecordBuffer(
        BUFFER_LIMITS,
        () => this.subscription?.pause(topic, partition),
        () => this.subscription?.resume(topic, partition),
      );
      this.buffers.set(name, buffer);
    }
    return buffer;
  }

  /** For monitors of the group: the tables decide. */
  private async commit(): Promise<void> {
    const { log } = this.parts;
    const { lane } = this.handlers;
    const offsets = [...this.units.values()].flatMap(({ cursors }) =>
      cursors
        .filter(({ subscription }) => lane.spread === 'single' || !subscription.everyUnit)
        .map(({ subscription, partition, committed }) => ({
          topic: log.nameOf(subscription.topic.name),
          partition,
          offset: committed,
        })),
    );
    await this.subscription?.commit(offsets);
  }
}
