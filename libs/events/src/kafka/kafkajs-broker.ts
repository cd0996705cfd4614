import { Logger } from '@nestjs/common';
import kafkajs, {
  type Admin,
  Kafka,
  type logCreator,
  logLevel,
  type Producer,
  type ProducerConfig,
} from 'kafkajs';
import { messageOf } from '#lib/errors';
import { BrokerError, RecordsRefusedError } from './broker.js';
import type {
  Broker,
  BrokerRecord,
  BrokerSubscription,
  OffsetRange,
  PartitionOffset,
  SubscribeOptions,
  TopicDifference,
  TopicSettings,
} from './broker.js';
import type { KafkaConnection } from './kafka-config.js';
import { TopicEnds } from './kafkajs-ends.js';
import { KafkaJsSubscription } from './kafkajs-subscription.js';
import { tellDifferences, topicDifferences } from './topic-differences.js';
import type { Codec } from './wire/compression.js';
import { readFetchesOurselves } from './wire/kafkajs-fetch.js';
import { messagesInBatches, writeProducesOurselves } from './wire/kafkajs-produce.js';
import { type PackedBatch, packBatch } from './wire/record-writer.js';

readFetchesOurselves();
writeProducesOurselves();

/** The one place that knows kafkajs. */
export class KafkaJsBroker implements Broker {
  private readonly logger = new Logger('Kafka');
  private readonly kafka: Kafka;
  private readonly topicEnds: TopicEnds;
  private admin: Promise<Admin> | undefined;
  private safe: Promise<Producer> | undefined;
  private fast: Promise<Producer> | undefined;
  readonly codec: Codec;

  constructor(connection: KafkaConnection) {
    const { brokers, clientId, tls, sasl, compression = 'none' } = connection;
    this.codec = compression;
    this.kafka = new Kafka({
      clientId,
      brokers: [...brokers],
      ...(tls === undefined ? {} : { ssl: { ...tls } }),
      ...(sasl === undefined ? {} : { sasl: sasl as never }),
      connectionTimeout: 3_000,
      requestTimeout: 10_000,
      retry: { initialRetryTime: 50, maxRetryTime: 2_000, retries: 5 },
      logLevel: logLevel.WARN,
      logCreator: this.logs(),
    });
    this.topicEnds = new TopicEnds(this.kafka);
  }

  async ensureTopics(topics: readonly TopicSettings[]): Promise<void> {
    const admin = await this.connectedAdmin();
    const known = new Set(await admin.listTopics());
    const missing = topics.filter(({ topic }) => !known.has(topic));
    if (missing.length > 0) {
      await admin.createTopics({
        waitForLeaders: true,
        topics: missing.map(({ topic, partitions, config }) => {
          const { 'replication.factor': replication = '1', ...entries } = config;
          return {
            topic,
            numPartitions: partitions,
            replicationFactor: Number(replication),
            configEntries: Object.entries(entries).map(([name, value]) => ({ name, value })),
          };
        }),
      });
    }
    const differences = await this.differences(topics);
    if (differences.length > 0)
      throw new BrokerError(tellDifferences(differences), { topics: differences.map(({ topic }) => topic) });
  }

  async differences(topics: readonly TopicSettings[]): Promise<TopicDifference[]> {
    const admin = await this.connectedAdmin();
    const known = new Set(await admin.listTopics());
    const there = topics.filter(({ topic }) => known.has(topic));
    const { topics: described } = await admin.fetchTopicMetadata({ topics: there.map(({ topic }) => topic) });
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: there.map(({ topic, config }) => ({
        type: kafkajs.ConfigResourceTypes.TOPIC,
        name: topic,
        configNames: Object.keys(config).filter((name) => name !== 'replication.factor'),
      })),
    });
    return topics.flatMap((wanted) => {
      const found = described.find(({ name }) => name === wanted.topic);
      const entries = resources.find(({ resourceName }) => resourceName === wanted.topic)?.configEntries;
      return topicDifferences(
        wanted,
        found && {
          partitions: found.partitions.length,
          replicas: Math.min(...found.partitions.map(({ replicas }) => replicas.length)),
          config: Object.fromEntries(
            (entries ?? []).map(({ configName, configValue }) => [configName, configValue]),
          ),
        },
      );
    });
  }

  async offsets(topic: string): Promise<readonly OffsetRange[]> {
    const admin = await this.connectedAdmin();
    const offsets = await admin.fetchTopicOffsets(topic);
    return offsets.map(({ partition, low, high }) => ({ partition, low: BigInt(low), high: BigInt(high) }));
  }

  async ends(topics: readonly string[]): Promise<readonly PartitionOffset[]> {
    try {
      return await this.topicEnds.of(topics);
    } catch {
      // One by one, by the client that tries again.
      const ranges = await Promise.all(topics.map((topic) => this.offsets(topic)));
      return ranges.flatMap((each, i) =>
        each.map(({ partition, high }) => ({ topic: topics[i], partition, offset: high })),
      );
    }
  }

  async growTopics(topics: readonly string[], partitions: number): Promise<void> {
    const admin = await this.connectedAdmin();
    const { topics: described } = await admin.fetchTopicMetadata({ topics: [...topics] });
    const fewer = described.filter((topic) => topic.partitions.length < partitions);
    if (fewer.length === 0) return;
    await admin.createPartitions({
      topicPartitions: fewer.map(({ name }) => ({ topic: name, count: partitions })),
    });
  }

  async members(group: string): Promise<number> {
    const admin = await this.connectedAdmin();
    const { groups } = await admin.describeGroups([group]);
    return groups.reduce((sum, { members }) => sum + members.length, 0);
  }

  async committed(
    group: string,
    topic: string,
  ): Promise<readonly { partition: number; offset: bigint | null }[]> {
    const admin = await this.connectedAdmin();
    const [found] = await admin.fetchOffsets({ groupId: group, topics: [topic] });
    return found.partitions.map(({ partition, offset }) => ({
      partition,
      offset: offset === '-1' ? null : BigInt(offset),
    }));
  }

  async send(topic: string, records: readonly BrokerRecord[]): Promise<void> {
    await this.sendBatches(topic, await packed(this.codec, records));
  }

  async sendBatches(topic: string, batches: readonly PackedBatch[]): Promise<void> {
    // One request at a time: with more in flight a retried one could overtake the next.
    this.safe ??= this.producer({ idempotent: true, maxInFlightRequests: 1 });
    const producer = this.safe;
    try {
      await (await producer).send({ topic, messages: messagesInBatches(batches), acks: -1 });
    } catch (error) {
      // A producer whose sequence the broker no longer accepts stays broken; the next one has a new identity.
      if (this.safe === producer) this.safe = undefined;
      drop(producer);
      throw refusalOf(error, topic, batches);
    }
  }

  async sendFast(topic: string, records: readonly BrokerRecord[]): Promise<void> {
    this.fast ??= this.producer({});
    const producer = this.fast;
    const batches = await packed('none', records);
    try {
      await (await producer).send({ topic, messages: messagesInBatches(batches), acks: 1 });
    } catch (error) {
      if (this.fast === producer) this.fast = undefined;
      drop(producer);
      throw error;
    }
  }

  async subscribe(options: SubscribeOptions): Promise<BrokerSubscription> {
    const subscription = new KafkaJsSubscription(this.kafka, options, this.logger);
    await subscription.start();
    return subscription;
  }

  async close(): Promise<void> {
    const clients = [this.admin, this.safe, this.fast];
    await Promise.allSettled([
      this.topicEnds.close(),
      ...clients.map(async (client) => (await client)?.disconnect()),
    ]);
  }

  private connectedAdmin(): Promise<Admin> {
    this.admin ??= connected(this.kafka.admin());
    // One that could not connect is not kept.
    this.admin.catch(() => (this.admin = undefined));
    return this.admin;
  }

  private producer(config: ProducerConfig): Promise<Producer> {
    return connected(this.kafka.producer({ allowAutoTopicCreation: false, ...config }));
  }

  private logs(): logCreator {
    return () =>
      ({ level, log: { message, ...rest } }) => {
        const detail = typeof rest.error === 'string' ? `: ${rest.error}` : '';
        if (level === logLevel.ERROR) this.logger.warn(`${message}${detail}`);
        else this.logger.debug(`${message}${detail}`);
      };
  }
}

/** Ends a client that is not used any more. */
function drop(client: Promise<Producer>): void {
  void client.then((each) => each.disconnect()).catch(() => undefined);
}

/** Errors of brokers about records that they will never take, however often they are sent. */
const REFUSALS = new Set([
  'MESSAGE_TOO_LARGE',
  'RECORD_LIST_TOO_LARGE',
  'INVALID_RECORD',
  'INVALID_TIMESTAMP',
]);

function refusalOf(error: unknown, topic: string, batches: readonly PackedBatch[]): unknown {
  const records = batches.reduce((sum, { count }) => sum + count, 0);
  const { type } = error as { type?: string };
  return type !== undefined && REFUSALS.has(type)
    ? new RecordsRefusedError(`${topic} refuses ${records} records: ${messageOf(error)}`, {
        topic,
        type,
      })
    : error;
}

async function connected<C extends { connect(): Promise<void> }>(client: C): Promise<C> {
  await client.connect();
  return client;
}

/** Records as a batch for each partition. */
function packed(codec: Codec, records: readonly BrokerRecord[]): Promise<PackedBatch[]> {
  const partitions = new Map<number, BrokerRecord[]>();
  for (const record of records) {
    const own = partitions.get(record.partition);
    if (own === undefined) partitions.set(record.partition, [record]);
    else own.push(record);
  }
  return Promise.all([...partitions].map(([partition, own]) => packBatch(codec, partition, own)));
}
