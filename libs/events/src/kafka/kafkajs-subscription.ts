import type { Logger } from '@nestjs/common';
import {
  AssignerProtocol,
  type Batch,
  type Consumer,
  type EachBatchPayload,
  type Kafka,
  type PartitionAssigner,
} from 'kafkajs';
import { messageOf } from '#lib/errors';
import type { LogRecord } from '../record.js';
import type { BrokerSubscription, PartitionOffset, Partitions, SubscribeOptions } from './broker.js';
import type { FetchedMessage } from './wire/kafkajs-fetch.js';
import { readRecord } from './wire/read-record.js';

const SESSION_TIMEOUT_MS = 10_000;
const HEARTBEAT_MS = 1_000;

/** Its types leave out where it was fetched from. */
type FetchedBatch = Batch & { readonly fetchedOffset: string };

/** A member of a consumer group, on kafkajs. */
export class KafkaJsSubscription implements BrokerSubscription {
  private consumer: Consumer | undefined;
  private closed = false;
  /** counts assignments: work begun for an earlier one is dropped */
  private generation = 0;
  /** where each partition that is read goes on */
  private readonly reading = new Map<string, bigint>();
  private readonly joinedAt = Date.now();
  private answeredAt = performance.now();

  constructor(
    private readonly kafka: Kafka,
    private readonly options: SubscribeOptions,
    private readonly logger: Logger,
  ) {}

  async start(): Promise<void> {
    const { group, topics, maximumWaitMs } = this.options;
    const consumer = this.kafka.consumer({
      groupId: group,
      partitionAssigners: [assigner(this.options, this.joinedAt)],
      sessionTimeout: SESSION_TIMEOUT_MS,
      heartbeatInterval: HEARTBEAT_MS,
      rebalanceTimeout: 2 * SESSION_TIMEOUT_MS,
      maxWaitTimeInMs: maximumWaitMs,
      maxBytesPerPartition: 4 << 20,
      allowAutoTopicCreation: false,
      readUncommitted: false,
    });
    this.consumer = consumer;
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
      if (this.closed) {
        // kafkajs starts a crashed consumer again although it was closed meanwhile: such a member would keep partitions and read nothing.
        void consumer.disconnect().catch(() => undefined);
        return;
      }
      this.answeredAt = performance.now();
      this.assigned(consumer, payload.memberAssignment).catch((error: unknown) => {
        this.logger.error(`${group} cannot begin: ${messageOf(error)}`);
        void this.startAgain(consumer);
      });
    });
    consumer.on(consumer.events.HEARTBEAT, () => {
      this.answeredAt = performance.now();
    });
    consumer.on(consumer.events.CRASH, ({ payload }) => {
      // kafkajs starts again by itself after errors it takes for passing ones.
      if (!payload.restart) void this.startAgain(consumer);
    });
    await consumer.connect();
    await consumer.subscribe({ topics: [...topics], fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachBatch: (payload) => {
        this.onBatch(payload);
        return Promise.resolve();
      },
    });
    // Closed while it was starting.
    if (this.closed) await consumer.disconnect();
  }

  pause(topic: string, partition: number): void {
    this.consumer?.pause([{ topic, partitions: [partition] }]);
  }

  resume(topic: string, partition: number): void {
    this.consumer?.resume([{ topic, partitions: [partition] }]);
  }

  async commit(offsets: readonly PartitionOffset[]): Promise<void> {
    if (offsets.length === 0 || this.closed) return;
    await this.consumer?.commitOffsets(
      offsets.map(({ topic, partition, offset }) => ({ topic, partition, offset: offset.toString() })),
    );
  }

  silentMs(): number {
    return performance.now() - this.answeredAt;
  }

  async close(): Promise<void> {
    this.closed = true;
    this.generation++;
    await this.consumer?.disconnect();
  }

  private async assigned(consumer: Consumer, assignment: Record<string, number[]>): Promise<void> {
    const generation = ++this.generation;
    this.reading.clear();
    const partitions: Partitions = new Map(Object.entries(assignment));
    const begin = await this.options.onAssigned(partitions);
    if (generation !== this.generation) return;
    for (const { topic, partition, offset } of begin) {
      // Batches that were asked for before a seek are dropped by kafkajs: the next batch begins here.
      consumer.seek({ topic, partition, offset: offset.toString() });
      this.reading.set(`${topic}/${partition}`, offset);
    }
  }

  private onBatch({ batch, isStale }: EachBatchPayload): void {
    const { topic, partition } = batch;
    const name = `${topic}/${partition}`;
    const next = this.reading.get(name);
    if (isStale() || next === undefined) return;
    if ((batch as FetchedBatch).fetchedOffset !== next.toString()) {
      // Fetched before a seek: the messages between would be left out.
      this.consumer?.seek({ topic, partition, offset: next.toString() });
      return;
    }
    const to = BigInt(batch.lastOffset()) + 1n;
    this.reading.set(name, to);
    const messages = batch.messages as unknown as FetchedMessage[];
    this.options.onRecords(topic, partition, recordsOf(messages), to);
  }

  /** A consumer that has given up is replaced, until one stays. */
  private async startAgain(consumer: Consumer): Promise<void> {
    await consumer.disconnect().catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    if (this.closed || this.consumer !== consumer) return;
    this.logger.warn(`${this.options.group} joins again`);
    await this.start().catch((error: unknown) => {
      this.logger.warn(`${this.options.group}: ${messageOf(error)}`);
      if (this.consumer !== undefined) void this.startAgain(this.consumer);
    });
  }
}

/** Shares partitions as the subscription says, members in the order in which they came. */
function assigner({ share }: SubscribeOptions, joinedAt: number): PartitionAssigner {
  const version = 1;
  const name = 'zkrisk-units';
  const { MemberMetadata, MemberAssignment } = AssignerProtocol;
  return () => ({
    name,
    version,
    protocol: ({ topics }) => ({
      name,
      metadata: MemberMetadata.encode({ version, topics, userData: Buffer.from(String(joinedAt)) }),
    }),
    assign: ({ members }) => {
      const inOrder = members
        .map(({ memberId, memberMetadata }) => ({
          memberId,
          joinedAt: Number(MemberMetadata.decode(memberMetadata)?.userData.toString() ?? 0),
        }))
        .sort((a, b) => a.joinedAt - b.joinedAt || (a.memberId < b.memberId ? -1 : 1));
      return Promise.resolve(
        inOrder.map(({ memberId }, index) => ({
          memberId,
          memberAssignment: MemberAssignment.encode({
            version,
            assignment: Object.fromEntries(
              [...share(index, inOrder.length)].map(([topic, partitions]) => [topic, [...partitions]]),
            ),
            userData: Buffer.alloc(0),
          }),
        })),
      );
    },
  });
}

function recordsOf(messages: readonly FetchedMessage[]): LogRecord[] {
  const records: LogRecord[] = [];
  for (const { offset, record, unreadable } of messages) {
    if (record !== undefined) records.push(readRecord(record));
    else if (unreadable !== undefined) {
      const { from, problem } = unreadable;
      records.push({ offset: BigInt(offset), key: '', value: '', headers: {}, problem, from });
    }
  }
  return records;
}
