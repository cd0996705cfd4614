// Long because a batch’s order of handlers, positions and retries is decided here, and nowhere else.
import type { LoggerService } from '@nestjs/common';
import type { DataSource, EntityManager } from 'typeorm';
import { messageOf, ZkriskError } from '#lib/errors';
import { allDone, deferWrites, flushWrites } from '#lib/storage';
import { CommitsAhead } from './commits-ahead.js';
import { type ConsumerOffsets, overtaken } from './consumer-offsets.js';
import type { EventLog, NumberedLog } from './event-log.js';
import {
  type Batch,
  batchOf,
  type Consumed,
  type ConsumeOptions,
  type Cursor,
  handleBatch,
} from './handle-batch.js';
import { keepConsuming } from './keep-consuming.js';
import { type Lane, type LaneOwners, unitName } from './lane.js';
import type { LogRecord } from './record.js';

/** Records that are to be consumed next. */
export interface Fetched {
  readonly cursor: Cursor;
  readonly records: LogRecord[];
  /** where the cursor goes on, if not after the last record: offsets that hold no records are passed over */
  readonly to?: bigint;
}

/** Where a unit's records come from. */
export interface RecordSource {
  /**
   * The next records of the first cursor that has any, at most a batch. All cursors are looked at as of one
   * moment, so that a message is never handled before one that caused it.
   */
  next(cursors: readonly Cursor[]): Promise<Fetched | undefined>;
  /** The oldest record there is of a partition: where a unit begins that has never read it. */
  first(topic: string, partition: number): Promise<bigint>;
  /** Resolves when there may be more to read, or after the time given. */
  wait(cursors: readonly Cursor[], timeoutMs: number, signal: AbortSignal): Promise<void>;
  /** A unit has stopped reading. */
  left?(cursors: readonly Cursor[]): void;
}

const MAXIMUM_BACKOFF_MS = 5_000;
/** Failures one after the other that are no passing matter: they take three seconds. */
const FAILURES_OF_A_LOOP = 5;

/**
 * Consumes the messages of one unit of a lane: one batch at a time, each in one transaction that holds the handler's writes,
 * its messages and the new offset. If the handler throws, the transaction is rolled back and the batch is tried again
 * one message at a time; a message that fails with one of our own errors goes to `<topic>.dead` with the reason, anything
 * else (a lost database, say) is retried until it passes. With `ahead`, batches are handled while the one before is being committed:
 * {@link CommitsAhead}.
 */
export class LaneUnit {
  private readonly stopping = new AbortController();
  private running: Promise<void> = Promise.resolve();
  /** memory does not stand for the tables: at first, and after a rollback */
  private stale = true;
  readonly name: string;
  /** that the state in memory knows of */
  private batches = 0n;
  /** one after the other, and the last one’s reason */
  private failures = 0;
  private failure = '';
  /** messages that are handled one at a time, after a batch has failed too often */
  private oneByOne = 0;
  private readonly ahead: CommitsAhead | undefined;

  constructor(
    readonly lane: Lane,
    readonly unit: number,
    readonly cursors: readonly Cursor[],
    private readonly parts: {
      readonly source: RecordSource;
      readonly log: EventLog;
      readonly offsets: ConsumerOffsets;
      readonly database: DataSource;
      readonly owners: LaneOwners;
      readonly logger: LoggerService;
      /** where batches are handled ahead of commits */
      readonly ahead?: NumberedLog;
    },
  ) {
    this.name = unitName(lane, unit);
    if (parts.ahead !== undefined) this.ahead = new CommitsAhead(this, { ...parts, numbers: parts.ahead });
  }

  /** Reads positions and state; to be called before anything else. */
  async restore(): Promise<void> {
    this.stale = true;
    const { offsets, source, owners } = this.parts;
    // Batches and positions first: if another process consumes one while the state is read, our next transaction fails on it.
    this.batches = await offsets.batches(this.name);
    for (const cursor of this.cursors) {
      const topic = cursor.subscription.topic.name;
      const { partition } = cursor;
      cursor.position = await offsets.position({ group: this.name, topic, partition }, () =>
        source.first(topic, partition),
      );
      cursor.committed = cursor.position.offset;
    }
    await this.ahead?.restore();
    await owners.restore(this.lane, this.unit);
    this.stale = false;
  }

  start(): void {
    this.watch();
    this.running = keepConsuming(
      this.stopping.signal,
      (timeoutMs, signal) => this.parts.source.wait(this.cursors, timeoutMs, signal),
      () => this.step(),
    );
  }

  /** Ends after the batch that is being handled, and its commit. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
    await this.lost();
    this.parts.owners.unwatch(this.name);
    this.parts.source.left?.(this.cursors);
  }

  /** Makes failures one after the other a problem of the process: {@link LaneOwners.problems}. */
  watch(): void {
    this.parts.owners.watch(this.name, () =>
      this.failures >= FAILURES_OF_A_LOOP ? `fails again and again: ${this.failure}` : undefined,
    );
  }

  /**
   * Consumes the next batch, if there is one; waits a while after a failure.
   *
   * @returns whether there may be more at once
   */
  async step(): Promise<boolean> {
    try {
      await this.ready();
      const fetched = await this.parts.source.next(this.cursors);
      if (fetched !== undefined) {
        await this.handleCarefully(fetched);
        return true;
      }
      const pending = this.ahead?.isPending ?? false;
      await this.ahead?.landed();
      this.failures = 0;
      // Records that came meanwhile have not woken this loop.
      return pending;
    } catch (error) {
      this.failures++;
      this.failure = messageOf(error);
      this.parts.logger.error(`${this.name}: ${this.failure}; trying again`);
      const pause = Math.min(MAXIMUM_BACKOFF_MS, 50 * 2 ** this.failures);
      await new Promise((resolve) => setTimeout(resolve, pause));
      return true;
    }
  }

  /**
   * A batch that fails again and again is handled one message at a time: the messages before the failing one are
   * not kept waiting, and the unit stands at that one.
   */
  private async handleCarefully(fetched: Fetched): Promise<void> {
    if (this.failures === FAILURES_OF_A_LOOP) this.oneByOne = fetched.records.length;
    if (this.oneByOne === 0 || fetched.records.length === 0) return this.handle(fetched);
    await this.handle({ cursor: fetched.cursor, records: fetched.records.slice(0, 1) });
    await this.ahead?.landed();
    this.oneByOne--;
  }

  private async handle({ cursor, records, to }: Fetched): Promise<void> {
    try {
      await (this.ahead ?? this).consume(cursor, records, { to });
    } catch (error) {
      const lost = await this.lost();
      await this.restore();
      // The batch was handled on a state that was never committed.
      if (lost !== undefined) throw lost;
      if (!(error instanceof ZkriskError)) throw error;
      await this.recover(cursor, records, error);
    }
  }

  /** Waits for the commit under way. @returns its error, where it has failed */
  private async lost(): Promise<Error | undefined> {
    try {
      await this.ahead?.landed();
      return undefined;
    } catch (error) {
      return error instanceof Error ? error : new Error(messageOf(error));
    }
  }

  private async recover(cursor: Cursor, records: LogRecord[], error: ZkriskError): Promise<void> {
    const { topic } = cursor.subscription;
    this.parts.logger.warn(
      `${this.name}: batch of ${topic.name} failed (${error.message}); handling its messages one by one`,
    );
    for (const record of records) {
      if (record.offset < cursor.position.offset) continue;
      try {
        await this.consume(cursor, [record]);
      } catch (single) {
        await this.restore();
        if (!(single instanceof ZkriskError)) throw single;
        await this.consume(cursor, [record], { poison: single.message });
      }
    }
  }

  /**
   * Consumes records in one transaction, and waits for its commit.
   *
   * @param options.to where the unit goes on, if not after the last record
   * @param options.poison why the records go to the dead-letter topic unhandled
   * @param options.skipped the same, by an operator's order
   */
  async consume(cursor: Cursor, records: readonly LogRecord[], options: ConsumeOptions = {}): Promise<void> {
    if (this.ahead !== undefined) {
      await this.ahead.consume(cursor, records, options);
      return this.ahead.landed();
    }
    const { log, offsets, database } = this.parts;
    const batch = batchOf(cursor, records, options.to);
    const consumed = await database.transaction(async (manager) => {
      deferWrites(manager);
      const handled = await this.handleIn(manager, cursor, batch, options);
      const published = [...handled.published, ...(await allDone(handled.later)).flat()];
      const at = { group: this.name, topic: cursor.subscription.topic.name, partition: cursor.partition };
      // Sent one behind the other, not one after the other: messages are packed while the server writes.
      const [advanced] = await allDone([
        offsets.advance(manager, at, cursor.position.offset, batch.next, this.batches),
        flushWrites(manager),
        log.append(manager, this.name, published),
      ]);
      if (!advanced) throw overtaken(at);
      return { ...handled, published };
    });
    this.pass(consumed);
    this.settle(consumed);
    log.announce(new Set(consumed.published.map(({ topic }) => topic)));
  }

  /** How many batches the state in memory knows of. */
  get batchCount(): bigint {
    return this.batches;
  }

  /** The state in memory is one of a transaction that was rolled back: the tables are read before the next batch. */
  distrust(): void {
    this.stale = true;
  }

  /** Reads the tables where the state in memory does not stand for them. */
  async ready(): Promise<void> {
    if (this.stale) await this.restore();
  }

  /** A batch has been handled: the next one of its topic begins after it. */
  pass({ cursor, next }: Consumed): void {
    this.batches++;
    cursor.position = next;
  }

  /** The transaction of a batch has committed. */
  settle({ cursor, next, committed, dead }: Consumed): void {
    cursor.committed = next.offset;
    this.failures = 0;
    for (const action of committed) action();
    this.parts.log.deadLetters += dead;
  }

  /** Handles records within a transaction: {@link handleBatch}. */
  handleIn(
    manager: EntityManager,
    cursor: Cursor,
    batch: Batch,
    options: ConsumeOptions = {},
  ): Promise<Consumed> {
    const { log } = this.parts;
    return handleBatch(
      { lane: this.lane, unit: this.unit, name: this.name, log },
      manager,
      cursor,
      batch,
      options,
    );
  }
}
