import { Logger } from '@nestjs/common';
import type { DataSource, EntityManager } from 'typeorm';
import { messageOf } from '#lib/errors';
import { SEQUENCE_HEADER, SOURCE_HEADER } from '../record.js';
import { type Broker, type BrokerRecord, RecordsRefusedError } from './broker.js';
import { type OutboxMessage, outboxMessages, putIntoOutbox } from './outbox.js';

/** A row of the outbox: a topic's messages of one transaction. */
interface OutboxRow {
  readonly sequence: string;
  readonly topic: string;
  readonly packed: Buffer;
}

/** Rows relayed in one transaction. */
const BATCH_ROWS = 16;
/** Characters sent in one request; a single record may be longer. */
const REQUEST_CHARACTERS = 900_000;
/** Looks for rows that other processes have left behind. */
const POLL_MS = 200;
const MAXIMUM_BACKOFF_MS = 2_000;
/** Topics that fail one after the other, without being refused, before brokers are taken to be away. */
const FAILURES_OF_A_BROKER = 2;

/** The fate of a row of the outbox. */
interface Sent {
  readonly sequence: string;
  readonly topic: string;
  /** messages that were acknowledged */
  readonly sent: number;
  readonly left: readonly OutboxMessage[];
}

/** A topic that refuses a source's messages. */
interface Stuck {
  failures: number;
  /** not tried again before, by the process’s clock */
  until: number;
}

/**
 * Brings the rows of the outbox to the broker, source by source in the order of their commits. Any process relays any source,
 * one at a time: another process sends the rows that a killed one has committed. One that is killed between sending and deleting
 * leaves rows that are sent again, under the same numbers; consumers know them by these.
 *
 * Messages that a topic has acknowledged are never sent again because another topic has not taken its own. A topic that refuses is tried again, later
 * and later, while the others go on; within a topic no message overtakes a refused one.
 */
export class OutboxRelay {
  private readonly logger = new Logger(OutboxRelay.name);
  private readonly ending = new AbortController();
  private wake: () => void = () => undefined;
  private stirred = false;
  private running: Promise<void> | undefined;
  private readonly stuck = new Map<string, Stuck>();

  constructor(
    private readonly database: DataSource,
    private readonly broker: Pick<Broker, 'send'>,
    private readonly nameOf: (topic: string) => string,
  ) {}

  start(): void {
    this.running ??= this.run();
  }

  /** There is something in the outbox. */
  stir(): void {
    this.stirred = true;
    this.wake();
  }

  /** Ends when everything that was committed before has been sent, or cannot be sent now. */
  async close(): Promise<void> {
    this.ending.abort();
    this.wake();
    await this.running;
  }

  private async run(): Promise<void> {
    let failures = 0;
    for (;;) {
      const last = this.ending.signal.aborted;
      this.stirred = false;
      try {
        const relayed = await this.relayAll();
        failures = 0;
        if (relayed > 0) continue;
      } catch (error) {
        failures++;
        this.logger.warn(`the outbox waits: ${messageOf(error)}`);
        if (last) return;
      }
      if (last) return;
      if (this.stirred && failures === 0) continue;
      await this.rest(failures === 0 ? POLL_MS : backoffMs(failures));
    }
  }

  /** Messages that were acknowledged and are gone from the outbox. */
  private async relayAll(): Promise<number> {
    const sources = await this.database.query<{ source: string }[]>(
      `select source from outbox_source s left join outbox_relay r using (source)
       where s.next_sequence - 1 > coalesce(r.relayed, 0)`,
    );
    const counts = await Promise.all(sources.map(({ source }) => this.relay(source)));
    return counts.reduce((sum, count) => sum + count, 0);
  }

  /** Sends a batch of one source, unless another process is at it. */
  private async relay(source: string): Promise<number> {
    await this.database.query(
      'insert into outbox_relay (source, relayed) values ($1, 0) on conflict do nothing',
      [source],
    );
    return this.database.transaction(async (manager) => {
      const [at] = await manager.query<{ relayed: string }[]>(
        'select relayed from outbox_relay where source = $1 for update skip locked',
        [source],
      );
      if ((at as typeof at | undefined) === undefined) return 0;
      const rows = await manager.query<OutboxRow[]>(
        `select sequence, topic, packed from outbox
         where source = $1 and sequence > $2 and topic <> all($3) order by sequence limit ${BATCH_ROWS}`,
        [source, at.relayed, this.resting(source)],
      );
      if (rows.length === 0) return 0;
      const acknowledged = await this.send(source, rows);
      await this.forget(manager, source, acknowledged);
      return acknowledged.reduce((sum, { sent }) => sum + sent, 0);
    });
  }

  /** Topics that have refused this source's messages, and are not to be asked again yet. */
  private resting(source: string): string[] {
    const now = performance.now();
    return [...this.stuck].flatMap(([name, { until }]) =>
      until > now && name.startsWith(`${source} `) ? [name.slice(source.length + 1)] : [],
    );
  }

  /**
   * Topic by topic, as they first appear: an effect is never to be seen before its cause.
   *
   * @returns of each row that anything was sent of, how many of its messages were acknowledged and which are left
   */
  private async send(source: string, rows: readonly OutboxRow[]): Promise<Sent[]> {
    const topics = new Map<string, OutboxRow[]>();
    for (const row of rows) {
      const own = topics.get(row.topic);
      if (own === undefined) topics.set(row.topic, [row]);
      else own.push(row);
    }
    const done: Sent[] = [];
    let failed = 0;
    for (const [topic, own] of topics) {
      const unpacked = await Promise.all(own.map(({ packed }) => outboxMessages(packed)));
      const sent: OutboxMessage[] = [];
      try {
        for (const request of requestsOf(unpacked.flat()))
          await this.sendRequest(source, topic, request, sent);
        this.stuck.delete(`${source} ${topic}`);
        failed = 0;
      } catch (error) {
        this.noteStuck(source, topic, error);
        failed = error instanceof RecordsRefusedError ? 0 : failed + 1;
      }
      const acknowledged = new Set(sent);
      for (const [i, { sequence }] of own.entries()) {
        const left = unpacked[i].filter((message) => !acknowledged.has(message));
        if (left.length < unpacked[i].length)
          done.push({ sequence, topic, sent: unpacked[i].length - left.length, left });
      }
      if (failed === FAILURES_OF_A_BROKER) break;
    }
    return done;
  }

  /** Sends messages in order; where some are refused together, as many as are taken. */
  private async sendRequest(
    source: string,
    topic: string,
    messages: readonly OutboxMessage[],
    sent: OutboxMessage[],
  ): Promise<void> {
    try {
      await this.broker.send(
        this.nameOf(topic),
        messages.map((message) => recordOf(source, message)),
      );
      sent.push(...messages);
    } catch (error) {
      if (!(error instanceof RecordsRefusedError) || messages.length === 1) throw error;
      const middle = messages.length >> 1;
      await this.sendRequest(source, topic, messages.slice(0, middle), sent);
      await this.sendRequest(source, topic, messages.slice(middle), sent);
    }
  }

  private noteStuck(source: string, topic: string, error: unknown): void {
    const name = `${source} ${topic}`;
    const failures = (this.stuck.get(name)?.failures ?? 0) + 1;
    this.stuck.set(name, { failures, until: performance.now() + backoffMs(failures) });
    // Once for each doubling: one that is stuck for good does not fill the log.
    if ((failures & (failures - 1)) !== 0) return;
    this.logger.warn(
      `${source}: ${topic} does not take its messages (${failures} times): ${messageOf(error)}`,
    );
  }

  /** Deletes acknowledged messages; the rest of a row that was sent in part takes its place. */
  private async forget(manager: EntityManager, source: string, sent: readonly Sent[]): Promise<void> {
    if (sent.length > 0)
      await manager.query('delete from outbox where source = $1 and sequence = any($2::bigint[])', [
        source,
        sent.map(({ sequence }) => sequence),
      ]);
    await putIntoOutbox(
      manager,
      sent.flatMap(({ topic, left }) => (left.length === 0 ? [] : [{ source, topic, messages: left }])),
    );
    await manager.query(
      `update outbox_relay set relayed =
         coalesce((select min(sequence) from outbox where source = $1),
                  (select next_sequence from outbox_source where source = $1)) - 1
       where source = $1`,
      [source],
    );
  }

  private rest(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.wake = () => undefined;
        resolve();
      };
      const timer = setTimeout(done, milliseconds);
      this.wake = done;
      if (this.ending.signal.aborted) done();
    });
  }
}

function backoffMs(failures: number): number {
  return Math.min(MAXIMUM_BACKOFF_MS, 50 * 2 ** failures);
}

/** Messages that are sent together. */
function requestsOf(messages: readonly OutboxMessage[]): OutboxMessage[][] {
  const requests: OutboxMessage[][] = [];
  let characters = Infinity;
  for (const message of messages) {
    if (characters + message.value.length > REQUEST_CHARACTERS) {
      requests.push([]);
      characters = 0;
    }
    requests[requests.length - 1].push(message);
    characters += message.value.length;
  }
  return requests;
}

function recordOf(source: string, { sequence, key, partition, value, headers }: OutboxMessage): BrokerRecord {
  return {
    ...{ key, partition, value },
    headers: { ...headers, [SOURCE_HEADER]: source, [SEQUENCE_HEADER]: String(sequence) },
  };
}
