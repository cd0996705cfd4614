// Long because the relay’s order of reading, sending and deleting is what is promised, and stands in one place.
import { Logger } from '@nestjs/common';
import type pg from 'pg';
import type { DataSource, EntityManager } from 'typeorm';
import { messageOf } from '#lib/errors';
import { TOPICS } from '#lib/messages';
import { allDone, BEGIN, COMMIT, sendTogether, type Statement } from '#lib/storage';
import { type Broker, RecordsRefusedError } from './broker.js';
import {
  FreshBatches,
  type OutboxMessage,
  outboxMessages,
  type OutboxRow,
  putIntoOutbox,
  rowsOf,
  waitingRows,
} from './outbox.js';
import { joinBatches, packBatch, type PackedBatch } from './wire/record-writer.js';

/** Rows relayed in one transaction. */
const BATCH_ROWS = 32;
/** A source that has ever more is left for so long at most: others may have something too. */
const TURN_MS = 100;
/** Looks for rows that other processes have left behind. */
const POLL_MS = 200;
const MAXIMUM_BACKOFF_MS = 2_000;
/** Topics that fail one after the other, without being refused, before brokers are taken to be away. */
const FAILURES_OF_A_BROKER = 2;

/** The fate of a row of the outbox. */
interface Sent {
  readonly row: OutboxRow;
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
    private readonly broker: Pick<Broker, 'sendBatches'>,
    private readonly nameOf: (topic: string) => string,
    private readonly fresh = new FreshBatches(),
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
    const sources = await this.database.query<{ source: string; never: boolean }[]>(
      `select source, r.source is null as never from outbox_source s left join outbox_relay r using (source)
       where s.next_sequence - 1 > coalesce(r.relayed, 0)`,
    );
    const counts = await Promise.all(sources.map(({ source, never }) => this.relay(source, never)));
    return counts.reduce((sum, count) => sum + count, 0);
  }

  /**
   * Sends what waits of one source, batch by batch, unless another process is at it.
   *
   * @param never nothing of the source was relayed before
   */
  private async relay(source: string, never: boolean): Promise<number> {
    if (never)
      await this.database.query(
        'insert into outbox_relay (source, relayed) values ($1, 0) on conflict do nothing',
        [source],
      );
    const runner = this.database.createQueryRunner();
    try {
      const client = (await runner.connect()) as pg.ClientBase;
      try {
        return await this.relayOn(client, runner.manager, source);
      } catch (error) {
        await client.query('rollback').catch(() => undefined);
        throw error;
      }
    } finally {
      await runner.release();
    }
  }

  /** The end of a transaction and the beginning of the next one are sent together, and each of them one statement behind the other. */
  private async relayOn(client: pg.ClientBase, manager: EntityManager, source: string): Promise<number> {
    const until = performance.now() + TURN_MS;
    let relayed = 0;
    let ending: readonly Statement[] = [];
    for (;;) {
      const waiting = waitingRows(this.fresh, { source, except: this.resting(source) }, BATCH_ROWS);
      const answers = await allDone(sendTogether(client, [...ending, ...lockOf(source), waiting]));
      const [locked, found] = answers.slice(-2).map(({ rows }) => rows as unknown[]);
      const rows = locked.length === 0 ? [] : rowsOf(this.fresh, found);
      const acknowledged = rows.length === 0 ? [] : await this.send(source, rows);
      const sent = acknowledged.reduce((sum, each) => sum + each.sent, 0);
      relayed += sent;
      ending = [...(rows.length === 0 ? [] : await this.forget(manager, source, acknowledged)), COMMIT];
      if (sent > 0 && performance.now() < until) continue;
      await allDone(sendTogether(client, ending));
      return relayed;
    }
  }

  /** Topics that have refused this source's messages, and are not to be asked again yet. */
  private resting(source: string): string[] {
    const now = performance.now();
    return [...this.stuck].flatMap(([name, { until }]) =>
      until > now && name.startsWith(`${source} `) ? [name.slice(source.length + 1)] : [],
    );
  }

  /**
   * Topic by topic, as they first appear: an effect is never to be seen before its cause. Beside them the notes of what was consumed: nothing but a
   * rebuild reads them.
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
    const { name: notes } = TOPICS.consumption;
    const noted = topics.get(notes);
    topics.delete(notes);
    await Promise.all([
      this.sendTopics(source, topics, done),
      noted && this.sendTopics(source, new Map([[notes, noted]]), done),
    ]);
    return done;
  }

  private async sendTopics(
    source: string,
    topics: ReadonlyMap<string, readonly OutboxRow[]>,
    done: Sent[],
  ): Promise<void> {
    let failed = 0;
    for (const [topic, own] of topics) {
      try {
        for (const request of await requestsOf(own)) await this.sendParcels(source, topic, request, done);
        this.stuck.delete(`${source} ${topic}`);
        failed = 0;
      } catch (error) {
        this.noteStuck(source, topic, error);
        failed = error instanceof RecordsRefusedError ? 0 : failed + 1;
      }
      if (failed === FAILURES_OF_A_BROKER) break;
    }
  }

  /** Sends batches of different partitions; where some are refused together, as many of their rows as are taken. */
  private async sendParcels(
    source: string,
    topic: string,
    parcels: readonly Parcel[],
    done: Sent[],
  ): Promise<void> {
    const rows = parcels.flatMap((parcel) => parcel.rows);
    try {
      await this.broker.sendBatches(
        this.nameOf(topic),
        parcels.map(({ batch }) => batch),
      );
      for (const row of rows) done.push({ row, sent: row.batch.count, left: [] });
    } catch (error) {
      if (!(error instanceof RecordsRefusedError)) throw error;
      if (rows.length > 1)
        for (const row of rows)
          await this.sendParcels(source, topic, [{ batch: row.batch, rows: [row] }], done);
      else if (rows[0].batch.count === 1) throw error;
      else await this.sendParts(source, rows[0], done);
    }
  }

  /** Sends the messages of a row that was refused, in order, as many as are taken. */
  private async sendParts(source: string, row: OutboxRow, done: Sent[]): Promise<void> {
    const messages = outboxMessages(row.batch);
    let taken = 0;
    const send = async (from: number, to: number): Promise<void> => {
      const middle = (from + to) >> 1;
      for (const [start, end] of [
        [from, middle],
        [middle, to],
      ]) {
        const numbered = { source, sequence: ({ sequence }: OutboxMessage) => sequence };
        const { codec, partition } = row.batch;
        const part = await packBatch(codec, partition, messages.slice(start, end), numbered);
        try {
          await this.broker.sendBatches(this.nameOf(row.topic), [part]);
          taken = end;
        } catch (error) {
          if (!(error instanceof RecordsRefusedError) || part.count === 1) throw error;
          await send(start, end);
        }
      }
    };
    try {
      await send(0, messages.length);
    } finally {
      if (taken > 0) done.push({ row, sent: taken, left: messages.slice(taken) });
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

  /** Statements that delete acknowledged messages; the rest of a row that was sent in part takes its place. */
  private async forget(
    manager: EntityManager,
    source: string,
    sent: readonly Sent[],
  ): Promise<readonly Statement[]> {
    const deletion: Statement = {
      text: 'delete from outbox where source = $1 and sequence = any($2::bigint[])',
      parameters: [source, sent.map(({ row }) => row.sequence)],
    };
    const parts = sent.filter(({ left }) => left.length > 0);
    for (const { row } of sent) this.fresh.drop(row.tag);
    if (parts.length > 0) {
      await manager.query(deletion.text, [...deletion.parameters]);
      for (const { row, left } of parts)
        await putIntoOutbox(manager, [{ source, topic: row.topic, messages: left }], row.batch.codec);
    }
    const noted: Statement = {
      text: `update outbox_relay set relayed =
         coalesce((select min(sequence) from outbox where source = $1),
                  (select next_sequence from outbox_source where source = $1)) - 1
       where source = $1`,
      parameters: [source],
    };
    return parts.length > 0 || sent.length === 0 ? [noted] : [deletion, noted];
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

/** A record batch, and the rows whose messages it has. */
interface Parcel {
  readonly batch: PackedBatch;
  readonly rows: readonly OutboxRow[];
}

/** Groups rows into requests, in order. A request has one batch of a partition, so rows of the same partition are joined. */
async function requestsOf(rows: readonly OutboxRow[]): Promise<Parcel[][]> {
  const partitions = new Map<number, OutboxRow[]>();
  for (const row of rows) {
    const own = partitions.get(row.batch.partition);
    if (own === undefined) partitions.set(row.batch.partition, [row]);
    else own.push(row);
  }
  const requests: Parcel[][] = [];
  for (const own of partitions.values()) {
    let from = 0;
    const joined = await joinBatches(own.map(({ batch }) => batch));
    joined.forEach(({ batch, parts }, i) => {
      (requests[i] ??= []).push({ batch, rows: own.slice(from, from + parts) });
      from += parts;
    });
  }
  return requests;
}

/**
 * Begins a transaction that holds a source, unless another process does. Its commit does not wait for the disk: if a power failure loses it,
 * the messages are sent again under the same numbers.
 */
function lockOf(source: string): Statement[] {
  return [
    BEGIN,
    { text: 'set local synchronous_commit = off', parameters: [] },
    { text: 'select from outbox_relay where source = $1 for update skip locked', parameters: [source] },
  ];
}
