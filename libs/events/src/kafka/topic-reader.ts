import { EventEmitter, once } from 'node:events';
import { randomUUID } from 'node:crypto';
import type { LogRecord } from '../record.js';
import type { Broker, BrokerSubscription, PartitionOffset } from './broker.js';
import { RecordBuffer } from './record-buffer.js';
import { RecordsLostError } from './kafka-lane.js';

const LIMITS = { records: 20_000, characters: 32 << 20 };

/** Reads topics from their beginning, each partition at its own pace. */
export class TopicReader {
  private readonly buffers = new Map<string, RecordBuffer>();
  private readonly arrived = new EventEmitter().setMaxListeners(0);
  /** ends of the partitions when the reader was opened */
  private readonly ends = new Map<string, bigint>();
  /** of the records that are read next */
  private readonly positions = new Map<string, bigint>();
  private subscription: BrokerSubscription | undefined;

  /** @throws {RecordsLostError} for a topic that does not begin at zero any more */
  static async open(broker: Broker, topics: readonly string[]): Promise<TopicReader> {
    const reader = new TopicReader();
    const begin: PartitionOffset[] = [];
    for (const topic of topics) {
      for (const { partition, low, high } of await broker.offsets(topic)) {
        if (low > 0n)
          throw new RecordsLostError(
            `${topic}/${partition} begins at ${low}: what came before is not kept any more`,
            { topic, partition, low: low.toString() },
          );
        begin.push({ topic, partition, offset: 0n });
        reader.ends.set(`${topic}/${partition}`, high);
        const buffer = new RecordBuffer(
          LIMITS,
          () => reader.subscription?.pause(topic, partition),
          () => reader.subscription?.resume(topic, partition),
        );
        reader.buffers.set(`${topic}/${partition}`, buffer);
      }
    }
    reader.subscription = await broker.subscribe({
      group: `reader-${randomUUID()}`,
      topics,
      share: (index) =>
        new Map(
          topics.map((topic) => [
            topic,
            index === 0 ? begin.filter((at) => at.topic === topic).map(({ partition }) => partition) : [],
          ]),
        ),
      onAssigned: () => {
        for (const buffer of reader.buffers.values()) buffer.reset();
        return Promise.resolve(begin.map((at) => ({ ...at, offset: reader.position(at) })));
      },
      onRecords: (topic, partition, records, to) => {
        reader.buffers.get(`${topic}/${partition}`)!.add(records, to, 0);
        reader.arrived.emit('records');
      },
      maximumWaitMs: 100,
    });
    return reader;
  }

  /** The next record of a partition; undefined at its end, as it was when the reader was opened. */
  async next(topic: string, partition: number): Promise<LogRecord | undefined> {
    const name = `${topic}/${partition}`;
    const buffer = this.buffers.get(name)!;
    for (;;) {
      const at = this.position({ topic, partition });
      if (at >= (this.ends.get(name) ?? 0n)) return undefined;
      const passed = buffer.passed(at);
      if (passed !== undefined) {
        this.positions.set(name, passed);
        continue;
      }
      const record = buffer.at(at);
      if (record !== undefined) {
        this.positions.set(name, record.offset + 1n);
        buffer.release(record.offset + 1n);
        return record;
      }
      await once(this.arrived, 'records');
    }
  }

  async close(): Promise<void> {
    await this.subscription?.close();
  }

  /** Where a partition goes on. */
  position({ topic, partition }: { topic: string; partition: number }): bigint {
    return this.positions.get(`${topic}/${partition}`) ?? 0n;
  }
}
