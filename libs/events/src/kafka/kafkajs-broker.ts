import { Logger } from '@nestjs/common';
import {
  type Admin,
  AssignerProtocol,
  type Consumer,
  type EachBatchPayload,
  type IHeaders,
  Kafka,
  type logCreator,
  logLevel,
  type PartitionAssigner,
  type Producer,
  type ProducerConfig,
} from 'kafkajs';
import { messageOf, ZkriskError } from '#lib/errors';
import type {
  Broker,
  BrokerRecord,
  BrokerSubscription,
  OffsetRange,
  PartitionOffset,
  Partitions,
  SubscribeOptions,
  TopicSettings,
} from './broker.js';
import type { KafkaConnection } from './kafka-config.js';

/** The brokers do not have what the engine needs. */
export class BrokerError extends ZkriskError {
  readonly code = 'broker';
}

const SESSION_TIMEOUT_MS = 10_000;
const HEARTBEAT_MS = 1_000;

/** The one place that knows kafkajs. */
export class KafkaJsBroker implements Broker {
  private readonly logger = new Logger('Kafka');
  private readonly kafka: Kafka;
  private admin: Promise<Admin> | undefined;
  private safe: Promise<Producer> | undefined;
  private fast: Promise<Producer> | undefined;

  constructor(connection: KafkaConnection) {
    const { brokers, clientId, tls, sasl } = connection;
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
    const { topics: described } = await admin.fetchTopicMetadata({
      topics: topics.map(({ topic }) => topic),
    });
    for (const { topic, partitions } of topics) {
      const found = described.find(({ name }) => name === topic)?.partitions.length;
      if (found !== partitions) {
        throw new BrokerError(
          `topic ${topic} has ${found ?? 'no'} partitions, ${partitions} are configured: keys would change places`,
          { topic, found: found ?? 0, configured: partitions },
        );
      }
    }
  }

  async offsets(topic: string): Promise<readonly OffsetRange[]> {
    const admin = await this.connectedAdmin();
    const offsets = await admin.fetchTopicOffsets(topic);
    return offsets.map(({ partition, low, high }) => ({ partition, low: BigInt(low), high: BigInt(high) }));
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
    // One request at a time: with more in flight a retried one could overtake the next.
    this.safe ??= this.producer({ idempotent: true, maxInFlightRequests: 1 });
    try {
      await (await this.safe).send({ topic, messages: [...records], acks: -1 });
    } catch (error) {
      // A producer whose sequence the broker no longer accepts stays broken; the next one has a new identity.
      const broken = this.safe;
      this.safe = undefined;
      void broken?.then((producer) => producer.disconnect()).catch(() => undefined);
      throw error;
    }
  }

  async sendFast(topic: string, records: readonly BrokerRecord[]): Promise<void> {
    this.fast ??= this.producer({});
    try {
      await (await this.fast).send({ topic, messages: [...records], acks: 1 });
    } catch (error) {
      this.fast = undefined;
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
    await Promise.allSettled(clients.map(async (client) => (await client)?.disconnect()));
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

class KafkaJsSubscription implements BrokerSubscription {
  private consumer: Consumer | undefined;
  private closed = false;
  /** counts assignments: what was begun for an earlier one is dropped */
  private generation = 0;
  private readonly reading = new Set<string>();
  private readonly joinedAt = Date.now();

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
      this.assigned(consumer, payload.memberAssignment).catch((error: unknown) => {
        this.logger.error(`${group} cannot begin: ${messageOf(error)}`);
        void this.startAgain(consumer);
      });
    });
    consumer.on(consumer.events.CRASH, ({ payload }) => {
      // kafkajs starts again by itself after what it takes for passing.
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
      // Batches that were asked for before a seek are dropped by kafkajs: what comes now begins here.
      consumer.seek({ topic, partition, offset: offset.toString() });
      this.reading.add(`${topic}/${partition}`);
    }
  }

  private onBatch({ batch, isStale }: EachBatchPayload): void {
    const { topic, partition, messages } = batch;
    if (isStale() || !this.reading.has(`${topic}/${partition}`)) return;
    this.options.onRecords(
      topic,
      partition,
      messages.map(({ offset, key, value, headers }) => ({
        offset: BigInt(offset),
        key: key?.toString() ?? '',
        value: value?.toString() ?? '',
        headers: textHeaders(headers),
      })),
    );
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

function textHeaders(headers: IHeaders | undefined): Record<string, string> {
  const text: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers ?? {})) {
    const first = Array.isArray(value) ? value[0] : value;
    if (first !== undefined) text[name] = first.toString();
  }
  return text;
}

async function connected<C extends { connect(): Promise<void> }>(client: C): Promise<C> {
  await client.connect();
  return client;
}
