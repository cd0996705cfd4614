import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import {
  Admin,
  type CompressionAlgorithmValue,
  ConfigResourceTypes,
  type GenericError,
  ListOffsetTimestamps,
  Producer,
  type SASLMechanismValue,
  stringSerializers,
} from '@platformatic/kafka';
import { messageOf } from '#lib/errors';
import {
  type Broker,
  BrokerError,
  type BrokerRecord,
  type BrokerSubscription,
  type OffsetRange,
  type PartitionOffset,
  RecordsRefusedError,
  type SubscribeOptions,
  type TopicSettings,
  type TopicDifference,
} from '../broker.js';
import type { KafkaConnection } from '../kafka-config.js';
import { tellDifferences, topicDifferences } from '../topic-differences.js';
import type { Codec } from '../wire/compression.js';
import { type PackedBatch, unpackBatch } from '../wire/record-writer.js';
import { type ClientOptions, PlatformaticSubscription } from './platformatic-subscription.js';

/** Errors of brokers about records that they will never take. */
const REFUSALS = ['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE', 'INVALID_RECORD', 'INVALID_TIMESTAMP'];

const LEADER_ATTEMPTS = 100;
const LEADER_WAIT_MS = 100;

type TextProducer = Producer<string, string, string, string>;

/** The one place that knows @platformatic/kafka; see docs/adr/0003. */
export class PlatformaticBroker implements Broker {
  private readonly logger = new Logger('Kafka');
  private readonly client: ClientOptions;
  readonly codec: Codec;
  private readonly admin: Admin;
  private safe: TextProducer | undefined;
  private fast: TextProducer | undefined;
  private sending: Promise<unknown> = Promise.resolve();

  constructor({ brokers, clientId, tls, sasl, compression = 'none' }: KafkaConnection) {
    this.client = {
      clientId,
      bootstrapBrokers: [...brokers],
      ...{ connectTimeout: 3_000, requestTimeout: 10_000 },
      ...(tls === undefined ? {} : { tls: { ...tls } }),
      ...(sasl === undefined
        ? {}
        : {
            sasl: {
              mechanism: sasl.mechanism.toUpperCase() as SASLMechanismValue,
              username: sasl.username,
              password: sasl.password,
            },
          }),
    };
    this.codec = compression;
    this.admin = new Admin({ ...this.client, retries: 5, retryDelay: 200 });
  }

  async ensureTopics(topics: readonly TopicSettings[]): Promise<void> {
    const known = new Set(await this.admin.listTopics());
    for (const { topic, partitions, config } of topics) {
      if (known.has(topic)) continue;
      const { 'replication.factor': replicas = '1', ...entries } = config;
      const configs = Object.entries(entries).map(([name, value]) => ({ name, value }));
      await this.admin.createTopics({ topics: [topic], partitions, replicas: Number(replicas), configs });
    }
    await this.untilLed(topics.filter(({ topic }) => !known.has(topic)).map(({ topic }) => topic));
    const differences = await this.differences(topics);
    if (differences.length > 0)
      throw new BrokerError(tellDifferences(differences), { topics: differences.map(({ topic }) => topic) });
  }

  async differences(topics: readonly TopicSettings[]): Promise<TopicDifference[]> {
    const known = new Set(await this.admin.listTopics());
    const there = topics.filter(({ topic }) => known.has(topic));
    if (there.length === 0) return topics.flatMap((wanted) => topicDifferences(wanted, undefined));
    const metadata = await this.admin.metadata({
      topics: there.map(({ topic }) => topic),
      forceUpdate: true,
    });
    const described = await this.admin.describeConfigs({
      resources: there.map(({ topic, config }) => ({
        resourceType: ConfigResourceTypes.TOPIC,
        resourceName: topic,
        configurationKeys: Object.keys(config).filter((name) => name !== 'replication.factor'),
      })),
    });
    return topics.flatMap((wanted) => {
      const found = metadata.topics.get(wanted.topic);
      const entries = described.find(({ resourceName }) => resourceName === wanted.topic)?.configs;
      return topicDifferences(
        wanted,
        found && {
          partitions: found.partitionsCount,
          replicas: Math.min(...found.partitions.map(({ replicas }) => replicas.length)),
          config: Object.fromEntries((entries ?? []).map(({ name, value }) => [name, value ?? ''])),
        },
      );
    });
  }

  async offsets(topic: string): Promise<readonly OffsetRange[]> {
    const partitions = await this.partitionsOf(topic);
    const at = async (timestamp: bigint) => {
      const [listed] = await this.admin.listOffsets({
        topics: [
          { name: topic, partitions: partitions.map((partitionIndex) => ({ partitionIndex, timestamp })) },
        ],
      });
      return new Map(listed.partitions.map(({ partitionIndex, offset }) => [partitionIndex, offset]));
    };
    const low = await at(ListOffsetTimestamps.EARLIEST);
    const high = await at(ListOffsetTimestamps.LATEST);
    return partitions.map((partition) => ({
      partition,
      low: low.get(partition)!,
      high: high.get(partition)!,
    }));
  }

  async ends(topics: readonly string[]): Promise<readonly PartitionOffset[]> {
    const partitions = await Promise.all(topics.map((topic) => this.partitionsOf(topic)));
    const listed = await this.admin.listOffsets({
      topics: topics.map((name, i) => ({
        name,
        partitions: partitions[i].map((partitionIndex) => ({
          partitionIndex,
          timestamp: ListOffsetTimestamps.LATEST,
        })),
      })),
    });
    return listed.flatMap(({ name, partitions: ends }) =>
      ends.map(({ partitionIndex, offset }) => ({ topic: name, partition: partitionIndex, offset })),
    );
  }

  async growTopics(topics: readonly string[], partitions: number): Promise<void> {
    const fewer: string[] = [];
    for (const topic of topics) if ((await this.partitionsOf(topic)).length < partitions) fewer.push(topic);
    if (fewer.length === 0) return;
    await this.admin.createPartitions({
      topics: fewer.map((name) => ({ name, count: partitions })),
    });
  }

  async members(group: string): Promise<number> {
    const groups = await this.admin.describeGroups({ groups: [group] });
    return groups.get(group)?.members.size ?? 0;
  }

  async committed(
    group: string,
    topic: string,
  ): Promise<readonly { partition: number; offset: bigint | null }[]> {
    const partitionIndexes = await this.partitionsOf(topic);
    const [found] = await this.admin.listConsumerGroupOffsets({
      groups: [{ groupId: group, topics: [{ name: topic, partitionIndexes }] }],
    });
    const offsets = new Map(
      found.topics
        .find(({ name }) => name === topic)
        ?.partitions.map(({ partitionIndex, committedOffset }) => [partitionIndex, committedOffset]),
    );
    return partitionIndexes.map((partition) => {
      const offset = offsets.get(partition) ?? -1n;
      return { partition, offset: offset < 0n ? null : offset };
    });
  }

  async send(topic: string, records: readonly BrokerRecord[]): Promise<void> {
    // One request at a time: with more in flight a retried one could overtake the next.
    const sent = this.sending.then(() => this.sendSafely(topic, records));
    this.sending = sent.catch(() => undefined);
    await sent;
  }

  /** The client writes batches itself. */
  sendBatches(topic: string, batches: readonly PackedBatch[]): Promise<void> {
    return this.send(topic, batches.flatMap(unpackBatch));
  }

  private async sendSafely(topic: string, records: readonly BrokerRecord[]): Promise<void> {
    this.safe ??= this.producer(true);
    const producer = this.safe;
    try {
      await producer.send({ messages: messagesOf(topic, records), acks: -1 });
    } catch (error) {
      // A producer whose sequence the broker no longer accepts stays broken; the next one has a new identity.
      if (this.safe === producer) this.safe = undefined;
      void producer.close().catch(() => undefined);
      throw refusalOf(error, topic, records);
    }
  }

  async sendFast(topic: string, records: readonly BrokerRecord[]): Promise<void> {
    this.fast ??= this.producer(false);
    await this.fast.send({ messages: messagesOf(topic, records), acks: 1 });
  }

  async subscribe(options: SubscribeOptions): Promise<BrokerSubscription> {
    const subscription = new PlatformaticSubscription(this.client, options, this.logger);
    await subscription.start();
    return subscription;
  }

  async close(): Promise<void> {
    await Promise.allSettled([this.admin.close(), this.safe?.close(), this.fast?.close()]);
  }

  /** Waits until new topics have leaders: a record that is sent before is refused. */
  private async untilLed(topics: readonly string[]): Promise<void> {
    if (topics.length === 0) return;
    for (let attempt = 1; ; attempt++) {
      try {
        const metadata = await this.admin.metadata({ topics: [...topics], forceUpdate: true });
        const led = topics.every((topic) => {
          const partitions = metadata.topics.get(topic)?.partitions ?? [];
          return partitions.length > 0 && partitions.every(({ leader }) => leader >= 0);
        });
        if (led) return;
      } catch (error) {
        if (attempt === LEADER_ATTEMPTS) throw error;
      }
      if (attempt === LEADER_ATTEMPTS)
        throw new BrokerError(`new topics have no leader yet: ${topics.join(', ')}`);
      await sleep(LEADER_WAIT_MS);
    }
  }

  private async partitionsOf(topic: string): Promise<number[]> {
    const metadata = await this.admin.metadata({ topics: [topic], forceUpdate: true });
    const { partitionsCount = 0 } = metadata.topics.get(topic) ?? {};
    return Array.from({ length: partitionsCount }, (_, partition) => partition);
  }

  private producer(idempotent: boolean): TextProducer {
    return new Producer({
      ...this.client,
      ...{ idempotent, autocreateTopics: false, serializers: stringSerializers, retries: 5, retryDelay: 100 },
      compression: (idempotent ? this.codec : 'none') satisfies CompressionAlgorithmValue,
    });
  }
}

function messagesOf(topic: string, records: readonly BrokerRecord[]) {
  return records.map(({ key, value, partition, headers }) => ({
    topic,
    key,
    value,
    partition,
    headers: { ...headers },
  }));
}

function refusalOf(error: unknown, topic: string, records: readonly BrokerRecord[]): unknown {
  const found = REFUSALS.find((id) => (error as Partial<GenericError>).findBy?.('apiId', id) != null);
  return found === undefined
    ? error
    : new RecordsRefusedError(`${topic} refuses ${records.length} records: ${messageOf(error)}`, {
        topic,
        type: found,
      });
}
