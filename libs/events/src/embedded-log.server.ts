import { type CustomTransportStrategy, Server } from '@nestjs/microservices';
import { isObservable, lastValueFrom } from 'rxjs';
import type { DataSource } from 'typeorm';
import { messageOf, ZkriskError } from '#lib/errors';
import { ConsumeContext } from './context.js';
import type { Subscription } from './consume.js';
import type { EmbeddedLog, LogRecord } from './embedded-log.js';
import type { Message, Outgoing } from './message.js';

interface Lane {
  readonly group: string;
  /** a transaction was rolled back and what the service holds in memory has not been restored yet */
  stale: boolean;
  readonly subscriptions: { pattern: string; subscription: Subscription; position: bigint }[];
}

/** How long a consumer with nothing to read waits before it looks again without having been woken. */
const IDLE_POLL_MS = 250;
const MAXIMUM_BACKOFF_MS = 5_000;

/**
 * Nest transport over {@link EmbeddedLog}. One lane a consumer group: its topics are read in the order of their
 * handlers and one batch at a time, so a service never handles two messages at once.
 *
 * A batch is one transaction: the handler's writes, its messages and the new offset. If the handler throws, the
 * transaction is rolled back and the batch is tried again one message at a time; a message that fails with one of
 * our own errors goes to `<topic>.dead` with the reason, anything else (a lost database, say) is retried until it
 * passes.
 */
export class EmbeddedLogServer extends Server implements CustomTransportStrategy {
  override transportId = Symbol('embedded-log');
  private readonly stopping = new AbortController();
  private running: Promise<void>[] = [];

  constructor(
    private readonly log: EmbeddedLog,
    private readonly database: DataSource,
    private readonly onRollback: (group: string) => Promise<void> = () => Promise.resolve(),
  ) {
    super();
  }

  listen(callback: (error?: unknown) => void): void {
    const lanes = new Map<string, Lane>();
    for (const [pattern, handler] of this.messageHandlers) {
      const subscription = (handler.extras as { subscription?: Subscription } | undefined)?.subscription;
      if (subscription === undefined) continue;
      const lane = lanes.get(subscription.group) ?? {
        group: subscription.group,
        stale: false,
        subscriptions: [],
      };
      lane.subscriptions.push({ pattern, subscription, position: -1n });
      lanes.set(subscription.group, lane);
    }
    // Positions first: from then on the log's lag tells whether everything has been consumed.
    this.prepare([...lanes.values()]).then(
      () => {
        this.running = [...lanes.values()].map((lane) => this.run(lane));
        callback();
      },
      (error: unknown) => {
        callback(error);
      },
    );
  }

  private async prepare(lanes: readonly Lane[]): Promise<void> {
    for (const lane of lanes) {
      for (const consumer of lane.subscriptions) {
        consumer.position = await this.log.position(lane.group, consumer.subscription.topic.name, 0);
      }
    }
  }

  async close(): Promise<void> {
    this.stopping.abort();
    await Promise.all(this.running);
  }

  on(): unknown {
    return this;
  }

  unwrap<T>(): T {
    return this.log as T;
  }

  private async run(lane: Lane): Promise<void> {
    const { signal } = this.stopping;
    const topics = lane.subscriptions.map(({ subscription }) => subscription.topic.name);
    let failures = 0;
    while (!signal.aborted) {
      try {
        // Listening starts before reading: what is appended in between wakes the wait at once.
        const idle = new AbortController();
        const wait = this.log.waitForAppend(topics, IDLE_POLL_MS, AbortSignal.any([signal, idle.signal]));
        const worked = await this.sweep(lane);
        if (worked) idle.abort();
        else this.log.noteIdle();
        await wait;
        failures = 0;
      } catch (error) {
        failures++;
        this.logger.error(`${lane.group}: ${messageOf(error)}; trying again`);
        await new Promise((resolve) => setTimeout(resolve, Math.min(MAXIMUM_BACKOFF_MS, 50 * 2 ** failures)));
      }
    }
  }

  /** After a rollback: the service reads its tables again and the positions are read anew; tried until it passes. */
  private async restore(lane: Lane): Promise<void> {
    lane.stale = true;
    await this.onRollback(lane.group);
    await this.prepare([lane]);
    lane.stale = false;
  }

  /**
   * One batch of the first topic that has any, in the order of the handlers; true where there was one. All topics are
   * read as of one moment, so that a message is never handled before one that caused it.
   */
  private async sweep(lane: Lane): Promise<boolean> {
    if (lane.stale) await this.restore(lane);
    const [first] = await this.log.readTogether(
      lane.subscriptions.map(({ subscription, position }) => ({
        topic: subscription.topic.name,
        from: position,
        limit: subscription.batch,
      })),
    );
    if (first === undefined) return false;
    const consumer = lane.subscriptions[first.index];
    try {
      await this.consume(consumer, first.records);
    } catch (error) {
      await this.restore(lane);
      await this.recover(lane, consumer, first.records, error);
    }
    return true;
  }

  private async recover(
    lane: Lane,
    consumer: Lane['subscriptions'][number],
    records: LogRecord[],
    error: unknown,
  ): Promise<void> {
    const { group, topic } = consumer.subscription;
    if (!(error instanceof ZkriskError)) throw error;
    this.logger.warn(
      `${group}: batch of ${topic.name} failed (${error.message}); handling its messages one by one`,
    );
    for (const record of records) {
      if (record.offset < consumer.position) continue;
      try {
        await this.consume(consumer, [record]);
      } catch (single) {
        await this.restore(lane);
        if (!(single instanceof ZkriskError)) throw single;
        await this.consume(consumer, [record], single.message);
      }
    }
  }

  /** Consumes records in one transaction. With `poison`, they go to the dead-letter topic unhandled. */
  private async consume(
    consumer: Lane['subscriptions'][number],
    records: readonly LogRecord[],
    poison?: string,
  ): Promise<void> {
    const { subscription, pattern, position } = consumer;
    const { group, topic } = subscription;
    const next = records[records.length - 1].offset + 1n;
    const outcome = await this.database.transaction(async (manager) => {
      const at = { group, topic: topic.name, partition: 0 };
      if (!(await this.log.advance(manager, at, position, next))) {
        throw new Error(`another consumer of group ${group} has moved ${topic.name}`);
      }
      const context = new ConsumeContext(manager);
      const messages: Message<unknown>[] = [];
      const origins: LogRecord[] = [];
      const dead: Outgoing[] = [];
      for (const record of records) {
        const checked = poison === undefined ? this.validate(subscription, record) : { reason: poison };
        if ('reason' in checked) dead.push(deadLetter(topic.name, record, checked.reason));
        else {
          messages.push(checked.message);
          origins.push(record);
        }
      }
      if (messages.length > 0) {
        const result = (await this.messageHandlers.get(pattern)!(messages, context)) as unknown;
        if (isObservable(result)) await lastValueFrom(result, { defaultValue: undefined });
      }
      const { outbox, committed, rejections } = context.drain();
      for (const { index, reason } of rejections) dead.push(deadLetter(topic.name, origins[index], reason));
      const published = [...outbox, ...dead];
      if (published.length > 0) await this.log.append(manager, published);
      return { committed, topics: new Set(published.map((message) => message.topic)) };
    });
    consumer.position = next;
    for (const action of outcome.committed) action();
    this.log.announce(outcome.topics);
  }

  private validate(
    { topic }: Subscription,
    record: LogRecord,
  ): { message: Message<unknown> } | { reason: string } {
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
}

function deadLetter(topic: string, record: LogRecord, reason: string): Outgoing {
  const value = JSON.stringify({ reason, topic, offset: record.offset.toString(), value: record.value });
  return { topic: `${topic}.dead`, key: record.key, value };
}
