import type { Outgoing } from '#lib/messages';
import type { Cursor } from '../handle-batch.js';
import type { Fetched } from '../lane-unit.js';
import { partitionFor } from '../partitions.js';
import type { LogRecord } from '../record.js';

/** Records that a cursor is to consume next. */
interface Waiting {
  records: LogRecord[];
  /** offset after the last one, where nothing else was in the partition when it was read; undefined where more may follow */
  end: bigint | undefined;
}

const nameOf = (topic: string, partition: number): string => `${topic}/${partition}`;

/**
 * The records of a round: those that were read from the tables at its beginning, and those that its batches publish, which follow them in memory
 * before they are in the tables. They get the offsets that they will have if nobody else appends to their partitions until the round
 * commits.
 */
export class RoundRecords {
  private readonly waiting: Map<Cursor, Waiting>;
  private readonly readers = new Map<string, Cursor[]>();
  private published: Outgoing[] = [];
  private readonly topicNames = new Set<string>();
  /** of partitions whose published records were handed out: the offset that the first of them must get */
  private readonly handedOut = new Map<string, bigint>();
  /** how many messages are published to each partition */
  private readonly counts = new Map<string, number>();

  /**
   * @param cursors of all units of the round
   * @param read records of some of them, by index, as of one moment
   * @param partitions of keyed topics
   */
  constructor(
    cursors: readonly Cursor[],
    read: readonly { readonly index: number; readonly records: LogRecord[] }[],
    private readonly partitions: number,
  ) {
    const found = new Map(read.map(({ index, records }) => [index, records]));
    this.waiting = new Map(
      cursors.map((cursor, index) => {
        const records = found.get(index) ?? [];
        const full = records.length >= cursor.subscription.batch;
        const end = (records.at(-1)?.offset ?? cursor.position.offset - 1n) + 1n;
        return [cursor, { records, end: full ? undefined : end }];
      }),
    );
    for (const cursor of cursors) {
      const name = nameOf(cursor.subscription.topic.name, cursor.partition);
      this.readers.set(name, [...(this.readers.get(name) ?? []), cursor]);
    }
  }

  /** Topics that the round publishes to. */
  get topics(): ReadonlySet<string> {
    return this.topicNames;
  }

  /** Published messages that have not been taken before, to be appended. */
  takePublished(): readonly Outgoing[] {
    const taken = this.published;
    this.published = [];
    return taken;
  }

  /**
   * The next batch of the first cursor that has any. Where an earlier cursor's records were read up to the limit, the log may have more of
   * them, which come first: there is no batch then until the next round, so that the order does not depend on where rounds end.
   */
  next(cursors: readonly Cursor[]): Fetched | undefined {
    for (const cursor of cursors) {
      const waiting = this.waiting.get(cursor)!;
      if (waiting.records.length === 0) {
        if (waiting.end === undefined) return undefined;
        continue;
      }
      const records = waiting.records.slice(0, cursor.subscription.batch);
      waiting.records = waiting.records.slice(records.length);
      return { cursor, records };
    }
    return undefined;
  }

  /** Whether nothing is left, here or behind a batch that was read full. */
  get whole(): boolean {
    return [...this.waiting.values()].every(({ records, end }) => records.length === 0 && end !== undefined);
  }

  /** Messages that a batch publishes: who reads their topics in this round gets them. */
  add(messages: readonly Outgoing[], now: number): void {
    for (const given of messages) {
      const partition = partitionFor(given, this.partitions);
      const message = { ...given, partition, appendedAt: given.appendedAt ?? now };
      this.published.push(message);
      this.topicNames.add(message.topic);
      const name = nameOf(message.topic, partition);
      const index = this.counts.get(name) ?? 0;
      this.counts.set(name, index + 1);
      let record: LogRecord | undefined;
      for (const reader of this.readers.get(name) ?? []) {
        const waiting = this.waiting.get(reader)!;
        // Behind a full batch there may be others: they are read with them in the next round.
        if (waiting.end === undefined) continue;
        record ??= {
          ...{ offset: waiting.end, key: message.key, value: message.value },
          ...{ headers: message.headers ?? {}, timestamp: message.appendedAt, shared: {} },
        };
        if (index === 0) this.handedOut.set(name, record.offset);
        waiting.records.push(record);
        waiting.end++;
      }
    }
  }

  /** Whether a partition’s published records have got other offsets than those they were consumed under. */
  contradicted(topic: string, partition: number, offset: bigint): boolean {
    const assumed = this.handedOut.get(nameOf(topic, partition));
    return assumed !== undefined && assumed !== offset;
  }
}
