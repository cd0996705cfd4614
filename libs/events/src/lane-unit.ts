// Long because a batch’s order of handlers, positions and retries is decided here, and nowhere else.
import type { LoggerService } from '@nestjs/common';
import { isObservable, lastValueFrom } from 'rxjs';
import type { DataSource } from 'typeorm';
import { SpanKind } from '@opentelemetry/api';
import { messageOf, ZkriskError } from '#lib/errors';
import { CORRELATION_HEADER, correlated, spanning } from '#lib/runtime';
import { ConsumeContext } from './context.js';
import type { Subscription } from './consume.js';
import type { ConsumerOffsets, Position } from './consumer-offsets.js';
import type { EventLog } from './event-log.js';
import { type Lane, type LaneOwners, unitName } from './lane.js';
import { unitsOf } from './units.js';
import { deadLetter } from './dead-letter.js';
import { isTooLarge, LARGEST_MESSAGE_BYTES } from './message-size.js';
import type { Message, Outgoing } from '#lib/messages';
import { type LogRecord, SEQUENCE_HEADER, SOURCE_HEADER } from './record.js';

/** One partition of a topic, as a unit reads it. */
export interface Cursor {
  readonly subscription: Subscription;
  readonly handler: (messages: Message<unknown>[], context: ConsumeContext) => Promise<unknown>;
  readonly partition: number;
  position: Position;
}

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
  /** A unit has found nothing to do. */
  idle?(): void;
}

export interface ConsumeOptions {
  readonly to?: bigint | undefined;
  readonly poison?: string | undefined;
  /** why an operator wants them passed over: they go to the dead-letter topic */
  readonly skipped?: string | undefined;
}

/** How long a unit with nothing to read waits before it looks again without having been woken. */
const IDLE_POLL_MS = 250;
const MAXIMUM_BACKOFF_MS = 5_000;
/** Failures one after the other that are no passing matter: they take three seconds. */
const FAILURES_OF_A_LOOP = 5;

/**
 * Consumes the messages of one unit of a lane: one batch at a time, each in one transaction that holds the handler's writes,
 * its messages and the new offset. If the handler throws, the transaction is rolled back and the batch is tried again
 * one message at a time; a message that fails with one of our own errors goes to `<topic>.dead` with the reason, anything
 * else (a lost database, say) is retried until it passes.
 */
export class LaneUnit {
  private readonly stopping = new AbortController();
  private running: Promise<void> = Promise.resolve();
  /** memory does not stand for the tables: at first, and after a rollback */
  private stale = true;
  private readonly name: string;
  /** that the state in memory knows of */
  private batches = 0n;
  /** one after the other, and the last one’s reason */
  private failures = 0;
  private failure = '';
  /** messages that are handled one at a time, after a batch has failed too often */
  private oneByOne = 0;

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
    },
  ) {
    this.name = unitName(lane, unit);
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
    }
    await owners.restore(this.lane, this.unit);
    this.stale = false;
  }

  start(): void {
    this.parts.owners.watch(this.name, () =>
      this.failures >= FAILURES_OF_A_LOOP ? `fails again and again: ${this.failure}` : undefined,
    );
    this.running = this.run();
  }

  /** Ends after the batch that is being handled. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
    this.parts.owners.unwatch(this.name);
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    const { source, logger } = this.parts;
    while (!signal.aborted) {
      try {
        if (this.stale) await this.restore();
        // Listening starts before reading: a message appended in between wakes the wait at once.
        const idle = new AbortController();
        const wait = source.wait(this.cursors, IDLE_POLL_MS, AbortSignal.any([signal, idle.signal]));
        const fetched = await source.next(this.cursors);
        if (fetched === undefined) source.idle?.();
        else {
          idle.abort();
          await this.handleCarefully(fetched);
        }
        await wait;
        this.failures = 0;
      } catch (error) {
        this.failures++;
        this.failure = messageOf(error);
        logger.error(`${this.name}: ${this.failure}; trying again`);
        const pause = Math.min(MAXIMUM_BACKOFF_MS, 50 * 2 ** this.failures);
        await new Promise((resolve) => setTimeout(resolve, pause));
      }
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
    this.oneByOne--;
  }

  private async handle({ cursor, records, to }: Fetched): Promise<void> {
    try {
      await this.consume(cursor, records, { to });
    } catch (error) {
      await this.restore();
      if (!(error instanceof ZkriskError)) throw error;
      await this.recover(cursor, records, error);
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
   * Consumes records in one transaction.
   *
   * @param options.to where the unit goes on, if not after the last record
   * @param options.poison why the records go to the dead-letter topic unhandled
   * @param options.skipped the same, by an operator's order
   */
  consume(cursor: Cursor, records: readonly LogRecord[], options: ConsumeOptions = {}): Promise<void> {
    const causes = records.map(({ headers }) => headers);
    const ids = new Set(causes.map(({ [CORRELATION_HEADER]: id }) => id));
    const topic = cursor.subscription.topic.name;
    return correlated(ids.size === 1 ? [...ids][0] : undefined, () =>
      spanning(
        `${this.lane.name} ${topic}`,
        {
          causes,
          kind: SpanKind.CONSUMER,
          attributes: {
            'messaging.system': 'zkrisk',
            'messaging.destination.name': topic,
            'messaging.destination.partition.id': String(cursor.partition),
            'messaging.consumer.group.name': this.name,
            'messaging.batch.message_count': records.length,
          },
        },
        () => this.consumeNow(cursor, records, options),
      ),
    );
  }

  private async consumeNow(
    cursor: Cursor,
    records: readonly LogRecord[],
    { to, poison: unhandled, skipped }: ConsumeOptions,
  ): Promise<void> {
    const poison = skipped ?? unhandled;
    const { log, offsets, database } = this.parts;
    const { subscription, partition, position } = cursor;
    const topic = subscription.topic.name;
    const at = { group: this.name, topic, partition };
    const offset = to ?? (records.at(-1)?.offset ?? position.offset - 1n) + 1n;
    const next = { offset, sources: { ...position.sources } };
    // Anybody may put a service's name into the headers of a topic that others write.
    const fresh =
      subscription.topic.outsiders === undefined
        ? records.filter((record) => isFresh(record, next.sources))
        : records;
    const outcome = await database.transaction(async (manager) => {
      if (!(await offsets.advance(manager, at, position.offset, next, this.batches))) {
        throw new Error(
          `another process of ${this.name} has consumed a batch; the next one was of ${topic}/${partition}`,
        );
      }
      const batch = { unit: this.name, topic, partition, from: position.offset, to: next.offset };
      const messages: Message<unknown>[] = [];
      const origins: LogRecord[] = [];
      const dead: Outgoing[] = [];
      for (const record of fresh) {
        const checked = poison === undefined ? validate(subscription, record) : { reason: poison };
        if ('reason' in checked) dead.push(deadLetter(topic, partition, record, checked.reason));
        else {
          messages.push(checked.message);
          origins.push(record);
        }
      }
      const context = new ConsumeContext(
        manager,
        this.unit,
        origins.map(({ headers }) => headers),
        origins.map(({ timestamp }) => timestamp),
        unitsOf(this.lane, log.partitions).length,
      );
      if (messages.length > 0) {
        const result = await cursor.handler(messages, context);
        if (isObservable(result)) await lastValueFrom(result, { defaultValue: undefined });
      }
      const { outbox, committed, rejections } = context.drain();
      for (const { index, reason } of rejections)
        dead.push(deadLetter(topic, partition, origins[index], reason));
      const published = [...log.notesOf({ ...batch, skipped }), ...outbox, ...dead];
      if (published.length > 0) await log.append(manager, this.name, published);
      const topics = new Set(published.map((message) => message.topic));
      return { committed, topics, dead: dead.length };
    });
    this.batches++;
    cursor.position = next;
    for (const action of outcome.committed) action();
    log.deadLetters += outcome.dead;
    log.announce(outcome.topics);
  }
}

/** Whether a record was not consumed before: a relay that was killed may publish messages again. */
function isFresh({ headers }: LogRecord, sources: Record<string, number>): boolean {
  const source = headers[SOURCE_HEADER];
  if (source === undefined) return true;
  const sequence = Number(headers[SEQUENCE_HEADER]);
  if (sequence <= (sources[source] ?? 0)) return false;
  sources[source] = sequence;
  return true;
}

function validate(
  { topic }: Subscription,
  record: LogRecord,
): { message: Message<unknown> } | { reason: string } {
  if (record.problem !== undefined) return { reason: record.problem };
  if (isTooLarge(record.value)) return { reason: `has more than ${LARGEST_MESSAGE_BYTES} bytes` };
  let value: unknown;
  try {
    value = JSON.parse(record.value);
  } catch (error) {
    return { reason: `not JSON: ${messageOf(error)}` };
  }
  const parsed = topic.message.safeParse(value);
  if (parsed.success) return { message: parsed.data };
  const [issue] = parsed.error.issues;
  return { reason: `${issue.path.join('.') || 'message'}: ${issue.message}` };
}
