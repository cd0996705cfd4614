import { AsyncResource } from 'node:async_hooks';
import { SpanKind } from '@opentelemetry/api';
import { isObservable, lastValueFrom } from 'rxjs';
import type { EntityManager } from 'typeorm';
import type { Message, Outgoing } from '#lib/messages';
import { CORRELATION_HEADER, correlated, spanning } from '#lib/runtime';
import type { Subscription } from './consume.js';
import type { Position } from './consumer-offsets.js';
import { ConsumeContext } from './context.js';
import { deadLetter } from './dead-letter.js';
import type { EventLog } from './event-log.js';
import { isFresh, validate } from './incoming.js';
import type { Lane } from './lane.js';
import type { LogRecord } from './record.js';
import { unitsOf } from './units.js';
import { withOrigin } from './with-origin.js';

/** One partition of a topic, as a unit reads it. */
export interface Cursor {
  readonly subscription: Subscription;
  readonly handler: (messages: Message<unknown>[], context: ConsumeContext) => Promise<unknown>;
  readonly partition: number;
  /** after all that was handled */
  position: Position;
  /** offset after all that has committed: records from here on may be needed again */
  committed: bigint;
}

export interface ConsumeOptions {
  readonly to?: bigint | undefined;
  readonly poison?: string | undefined;
  /** why an operator wants them passed over: they go to the dead-letter topic */
  readonly skipped?: string | undefined;
}

/** Records to be handled together, and where their cursor goes on after them. */
export interface Batch {
  readonly records: readonly LogRecord[];
  /** those that were not consumed before */
  readonly fresh: readonly LogRecord[];
  readonly next: Position;
}

/** A handled batch: the messages it publishes, and the actions that wait for the commit of its transaction. */
export interface Consumed {
  readonly cursor: Cursor;
  readonly next: Position;
  /** to be appended in the same transaction */
  readonly published: readonly Outgoing[];
  /** likewise, when they are ready: in this order, after the others */
  readonly later: readonly Promise<readonly Outgoing[]>[];
  readonly committed: readonly (() => void)[];
  /** how many of the published are dead letters */
  readonly dead: number;
}

/** @param to where the cursor goes on, if not after the last record */
export function batchOf(cursor: Cursor, records: readonly LogRecord[], to?: bigint): Batch {
  const { position, subscription } = cursor;
  const sources = { ...position.sources };
  // Anybody may put a service's name into the headers of a topic that others write.
  const fresh =
    subscription.topic.outsiders === undefined
      ? records.filter((record) => isFresh(record, sources))
      : records;
  const offset = to ?? (records.at(-1)?.offset ?? position.offset - 1n) + 1n;
  return { records, fresh, next: { offset, sources } };
}

interface Handling {
  readonly lane: Lane;
  readonly unit: number;
  readonly name: string;
  readonly log: EventLog;
}

/** Hands a batch to its handler, within a transaction, as a span of its own. */
export function handleBatch(
  handling: Handling,
  manager: EntityManager,
  cursor: Cursor,
  batch: Batch,
  options: ConsumeOptions,
): Promise<Consumed> {
  const causes = batch.records.map(({ headers }) => headers);
  const ids = new Set(causes.map(({ [CORRELATION_HEADER]: id }) => id));
  const topic = cursor.subscription.topic.name;
  return correlated(ids.size === 1 ? [...ids][0] : undefined, () =>
    spanning(
      `${handling.lane.name} ${topic}`,
      {
        causes,
        kind: SpanKind.CONSUMER,
        attributes: {
          'messaging.system': 'zkrisk',
          'messaging.destination.name': topic,
          'messaging.destination.partition.id': String(cursor.partition),
          'messaging.consumer.group.name': handling.name,
          'messaging.batch.message_count': batch.records.length,
        },
      },
      () => handleNow(handling, manager, cursor, batch, options),
    ),
  );
}

async function handleNow(
  { lane, unit, name, log }: Handling,
  manager: EntityManager,
  cursor: Cursor,
  { fresh, next }: Batch,
  { poison: unhandled, skipped }: ConsumeOptions,
): Promise<Consumed> {
  const poison = skipped ?? unhandled;
  const { subscription, partition, position } = cursor;
  const topic = subscription.topic.name;
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
    unit,
    origins.map(({ headers }) => headers),
    origins.map(({ timestamp }) => timestamp),
    unitsOf(lane, log.partitions).length,
  );
  if (messages.length > 0) {
    const result = await cursor.handler(messages, context);
    if (isObservable(result)) await lastValueFrom(result, { defaultValue: undefined });
  }
  const { outbox, later, committed, rejections } = context.drain();
  for (const { index, reason } of rejections) dead.push(deadLetter(topic, partition, origins[index], reason));
  const range = { unit: name, topic, partition, from: position.offset, to: next.offset };
  return {
    ...{ cursor, next, dead: dead.length },
    published: withOrigin([...log.notesOf({ ...range, skipped }), ...outbox, ...dead]),
    later: later.map((messages) => withOriginLater(messages)),
    // After the commit as well, actions log as part of what caused them.
    committed: committed.length === 0 ? [] : inContext(committed),
  };
}

function withOriginLater(messages: Promise<readonly Outgoing[]>): Promise<readonly Outgoing[]> {
  const ready = messages.then(withOrigin);
  ready.catch(() => undefined);
  return ready;
}

function inContext(actions: readonly (() => void)[]): (() => void)[] {
  // A resource of its own: `AsyncLocalStorage.snapshot` costs several times as much, and there is one for each batch.
  const resource = new AsyncResource('ConsumedBatch');
  return actions.map((action) => () => {
    resource.runInAsyncScope(action);
  });
}
