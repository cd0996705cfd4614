import { ZkriskError } from '#lib/errors';
import type { LogRecord } from '../record.js';
import type { Codec } from './wire/compression.js';
import type { PackedBatch, WrittenRecord } from './wire/record-writer.js';

/** The brokers do not fit the engine's needs. */
export class BrokerError extends ZkriskError {
  readonly code: string = 'broker';
}

/** The broker will never take these records, however often they are sent: one is too large, say. */
export class RecordsRefusedError extends BrokerError {
  override readonly code = 'records-refused';
}

/** A record to be written. */
export interface BrokerRecord extends WrittenRecord {
  readonly partition: number;
}

/** A topic as it is to be on the broker. */
export interface TopicSettings {
  readonly topic: string;
  readonly partitions: number;
  readonly config: Readonly<Record<string, string>>;
}

/** A difference, and the command that mends it. */
export interface TopicDifference {
  readonly topic: string;
  readonly problem: string;
  readonly remedy: string;
}

/** The offsets there are of a partition: the oldest kept, and the one after the newest. */
export interface OffsetRange {
  readonly partition: number;
  readonly low: bigint;
  readonly high: bigint;
}

/** Partitions by topic. */
export type Partitions = ReadonlyMap<string, readonly number[]>;

export interface SubscribeOptions {
  readonly group: string;
  readonly topics: readonly string[];
  /**
   * Assignment: the partitions of the member at `index` of `members`, who are in the order in which they came. Two
   * members may read the same partition.
   */
  readonly share: (index: number, members: number) => Partitions;
  /** Partitions that this member reads from now on, others it leaves; answers where each begins. */
  readonly onAssigned: (partitions: Partitions) => Promise<readonly PartitionOffset[]>;
  /**
   * Records of one partition, in order, from where it begins, without a gap: everything below `to` has been read. There may be
   * no records, where there were only markers of transactions, or records of transactions that were given up.
   */
  readonly onRecords: (topic: string, partition: number, records: readonly LogRecord[], to: bigint) => void;
  /** longest time the broker waits for records, milliseconds */
  readonly maximumWaitMs: number;
}

export interface PartitionOffset {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
}

export interface BrokerSubscription {
  /** Stops and starts reading a partition. */
  pause(topic: string, partition: number): void;
  resume(topic: string, partition: number): void;
  /** Leaves a note on the broker of how far the group is, for monitors of its lag. */
  commit(offsets: readonly PartitionOffset[]): Promise<void>;
  /** Milliseconds since the group’s coordinator has last answered: a member that is not answered has lost its place. */
  silentMs(): number;
  /** Leaves the group. */
  close(): Promise<void>;
}

/**
 * All that the engine asks of Kafka. One class implements it, over one client: another client takes its place by implementing
 * this, and nothing else changes.
 */
export interface Broker {
  /** compression of sent batches */
  readonly codec: Codec;
  /**
   * Creates the topics there are not.
   *
   * @throws {BrokerError} for topics that are not as they must be, with every difference and the command that mends it
   */
  ensureTopics(topics: readonly TopicSettings[]): Promise<void>;
  /** Differences from the declared topics. */
  differences(topics: readonly TopicSettings[]): Promise<TopicDifference[]>;
  offsets(topic: string): Promise<readonly OffsetRange[]>;
  /** The ends of all partitions of several topics, asked for at once. */
  ends(topics: readonly string[]): Promise<readonly PartitionOffset[]>;
  /** Gives topics more partitions; one that has as many already stays as it is. */
  growTopics(topics: readonly string[], partitions: number): Promise<void>;
  /** How many processes are members of a consumer group now. */
  members(group: string): Promise<number>;
  /** How far a group has noted to be; null where it has not. */
  committed(group: string, topic: string): Promise<readonly { partition: number; offset: bigint | null }[]>;
  /** Writes records and waits until all replicas in sync have them; within a partition in the order given. */
  send(topic: string, records: readonly BrokerRecord[]): Promise<void>;
  /** As {@link send}, of batches that are written already, at most one for each partition. */
  sendBatches(topic: string, batches: readonly PackedBatch[]): Promise<void>;
  /**
   * Writes records without waiting for more than the leader, uncompressed: for answers, which are asked for again when lost, and which a
   * client reads whose library has no codecs.
   */
  sendFast(topic: string, records: readonly BrokerRecord[]): Promise<void>;
  subscribe(options: SubscribeOptions): Promise<BrokerSubscription>;
  close(): Promise<void>;
}
