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

/** A partition in a round. It is found by its topic's name, which messages share: a name made for each message would be hashed for each. */
interface Place {
  /** who reads it in this round */
  readonly readers: Waiting[];
  /** how many messages are published to it */
  published: number;
  /** the offset that the first published record must get, where it was handed out */
  handedOut: bigint | undefined;
}

/**
 * The records of a round: those that were read from the tables at its beginning, and those that its batches publish, which follow them in memory
 * before they are in the tables. They get the offsets that they will have if nobody else appends to their partitions until the round
 * commits.
 */
export class RoundRecords {
  private readonly waiting: Map<Cursor, Waiting>;
  /** by topic and partition */
  private readonly places = new Map<string, Map<number, Place>>();
  private published: Outgoing[] = [];
  private readonly topicNames = new Set<string>();

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
    for (const cursor of cursors)
      this.placeOf(cursor.subscription.topic.name, cursor.partition).readers.push(this.waiting.get(cursor)!);
  }

  private placeOf(topic: string, partition: number): Place {
    let partitions = this.places.get(topic);
    if (partitions === undefined) this.places.set(topic, (partitions = new Map<number, Place>()));
    let place = partitions.get(partition);
    if (place === undefined)
      partitions.set(partition, (place = { readers: [], published: 0, handedOut: undefined }));
    return place;
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
      const place = this.placeOf(message.topic, partition);
      const index = place.published++;
      let record: LogRecord | undefined;
      for (const waiting of place.readers) {
        // Behind a full batch there may be others: they are read with them in the next round.
        if (waiting.end === undefined) continue;
        record ??= {
          ...{ offset: waiting.end, key: message.key, value: message.value },
          ...{ headers: message.headers ?? {}, timestamp: message.appendedAt, shared: {} },
        };
        if (index === 0) place.handedOut = record.offset;
        waiting.records.push(record);
        waiting.end++;
      }
    }
  }

  /** Whether a partition’s published records have got other offsets than those they were consumed under. */
  contradicted(topic: string, partition: number, offset: bigint): boolean {
    const assumed = this.places.get(topic)?.get(partition)?.handedOut;
    return assumed !== undefined && assumed !== offset;
  }
}
