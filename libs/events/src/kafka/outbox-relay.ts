import { Logger } from '@nestjs/common';
import type { DataSource, EntityManager } from 'typeorm';
import { messageOf } from '#lib/errors';
import { SEQUENCE_HEADER, SOURCE_HEADER } from '../record.js';
import type { Broker, BrokerRecord } from './broker.js';

interface OutboxRow {
  readonly sequence: string;
  readonly topic: string;
  readonly partition: number;
  readonly key: string;
  readonly value: string;
  readonly headers: Record<string, string>;
}

/** Rows relayed in one transaction. */
const BATCH_ROWS = 2_000;
/** Characters sent in one request; a single record may be longer. */
const REQUEST_CHARACTERS = 900_000;
/** Looks for what other processes have left behind. */
const POLL_MS = 200;
const MAXIMUM_BACKOFF_MS = 2_000;

/**
 * Brings the rows of the outbox to the broker, source by source in the order of their commits. Any process relays any source,
 * one at a time: what a killed process has committed, another one sends. One that is killed between sending and deleting
 * leaves rows that are sent again, under the same numbers; consumers know them by these.
 */
export class OutboxRelay {
  private readonly logger = new Logger(OutboxRelay.name);
  private readonly ending = new AbortController();
  private wake: () => void = () => undefined;
  private stirred = false;
  private running: Promise<void> | undefined;

  constructor(
    private readonly database: DataSource,
    private readonly broker: Broker,
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
      await this.rest(failures === 0 ? POLL_MS : Math.min(MAXIMUM_BACKOFF_MS, 50 * 2 ** failures));
    }
  }

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
        `select sequence, topic, partition, key, value, headers from outbox
         where source = $1 and sequence > $2 order by sequence limit ${BATCH_ROWS}`,
        [source, at.relayed],
      );
      if (rows.length === 0) return 0;
      await this.send(source, rows);
      await this.forget(manager, source, rows[rows.length - 1].sequence);
      return rows.length;
    });
  }

  /** Topic by topic, as they first appear: what is caused by a message is never to be seen before it. */
  private async send(source: string, rows: readonly OutboxRow[]): Promise<void> {
    const topics = new Map<string, { records: BrokerRecord[]; characters: number }[]>();
    for (const { sequence, topic, partition, key, value, headers } of rows) {
      const requests = topics.get(topic) ?? [{ records: [], characters: 0 }];
      topics.set(topic, requests);
      let request = requests[requests.length - 1];
      if (request.records.length > 0 && request.characters + value.length > REQUEST_CHARACTERS)
        requests.push((request = { records: [], characters: 0 }));
      request.characters += value.length;
      request.records.push({
        ...{ key, partition, value },
        headers: { ...headers, [SOURCE_HEADER]: source, [SEQUENCE_HEADER]: sequence },
      });
    }
    for (const [topic, requests] of topics)
      for (const { records } of requests) await this.broker.send(this.nameOf(topic), records);
  }

  private async forget(manager: EntityManager, source: string, relayed: string): Promise<void> {
    await manager.query('update outbox_relay set relayed = $2 where source = $1', [source, relayed]);
    await manager.query('delete from outbox where source = $1 and sequence <= $2', [source, relayed]);
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
