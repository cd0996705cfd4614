import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '@nestjs/common';
import {
  ConnectionPool,
  type ConnectionOptions,
  Consumer,
  type ConsumerOptions,
  type GroupPartitionsAssigner,
} from '@platformatic/kafka';
import { messageOf } from '#lib/errors';
import type { LogRecord } from '../../record.js';
import type { BrokerSubscription, PartitionOffset, Partitions, SubscribeOptions } from '../broker.js';
import { readRecord } from '../wire/read-record.js';
import type { RecordBatch } from '../wire/record-set.js';
import { type FetchFrom, fetchFrom } from './fetch.js';

const SESSION_TIMEOUT_MS = 10_000;
const HEARTBEAT_MS = 1_000;
const IDLE_MS = 10;
const RETRY_MS = 500;

export type ClientOptions = Pick<
  ConsumerOptions<Buffer, Buffer, Buffer, Buffer>,
  'clientId' | 'bootstrapBrokers'
> &
  ConnectionOptions;

/** A member of a consumer group, on @platformatic/kafka: its group protocol and connections, our own fetches. */
export class PlatformaticSubscription implements BrokerSubscription {
  private consumer: Consumer | undefined;
  private readonly pool: ConnectionPool;
  private closed = false;
  /** counts assignments: work begun for an earlier one is dropped */
  private generation = 0;
  /** where each partition that is read goes on */
  private reading = new Map<string, PartitionOffset>();
  private readonly paused = new Set<string>();
  private readonly joinedAt = Date.now();
  private startedAt = performance.now();

  constructor(
    private readonly client: ClientOptions,
    private readonly options: SubscribeOptions,
    private readonly logger: Logger,
  ) {
    const { clientId, bootstrapBrokers: _, ...connection } = client;
    // A fetch waits at the broker: on the connection of the heartbeats it would hold them up.
    this.pool = new ConnectionPool(clientId, connection);
  }

  async start(): Promise<void> {
    const { group, topics } = this.options;
    const consumer = new Consumer({ ...this.client, groupId: group, autocreateTopics: false });
    this.consumer = consumer;
    this.startedAt = performance.now();
    consumer.on('consumer:group:join', ({ assignments = [] }) => {
      this.assigned(consumer, new Map(assignments.map(({ topic, partitions }) => [topic, partitions]))).catch(
        (error: unknown) => {
          this.logger.error(`${group} cannot begin: ${messageOf(error)}`);
          void this.startAgain(consumer);
        },
      );
    });
    consumer.on('error' as never, (error: unknown) => {
      this.logger.warn(`${group}: ${messageOf(error)}`);
      void this.startAgain(consumer);
    });
    consumer.topics.trackAll(...topics);
    await consumer.joinGroup({
      ...{ sessionTimeout: SESSION_TIMEOUT_MS, heartbeatInterval: HEARTBEAT_MS },
      rebalanceTimeout: 2 * SESSION_TIMEOUT_MS,
      protocols: [{ name: 'zkrisk-units', version: 1, metadata: String(this.joinedAt) }],
      partitionAssigner: assigner(this.options),
    });
  }

  pause(topic: string, partition: number): void {
    this.paused.add(`${topic}/${partition}`);
  }

  resume(topic: string, partition: number): void {
    this.paused.delete(`${topic}/${partition}`);
  }

  async commit(offsets: readonly PartitionOffset[]): Promise<void> {
    if (offsets.length === 0 || this.closed) return;
    await this.consumer?.commit({ offsets: offsets.map((each) => ({ ...each, leaderEpoch: -1 })) });
  }

  silentMs(): number {
    const last = this.consumer?.lastHeartbeat?.getTime();
    const sinceStart = performance.now() - this.startedAt;
    return last === undefined ? sinceStart : Math.min(sinceStart, Date.now() - last);
  }

  async close(): Promise<void> {
    this.closed = true;
    this.generation++;
    await Promise.allSettled([ended(this.consumer), this.pool.close()]);
  }

  private async assigned(consumer: Consumer, partitions: Partitions): Promise<void> {
    const generation = ++this.generation;
    this.reading = new Map();
    this.paused.clear();
    const begin = await this.options.onAssigned(partitions);
    if (generation !== this.generation) return;
    this.reading = new Map(begin.map((each) => [`${each.topic}/${each.partition}`, each]));
    void this.fetching(consumer, generation);
  }

  /** Fetches until there is another assignment. One loop a leader: a fetch that waits holds up no other broker's. */
  private async fetching(consumer: Consumer, generation: number): Promise<void> {
    while (generation === this.generation && !this.closed) {
      try {
        const topics = [...new Set([...this.reading.values()].map(({ topic }) => topic))];
        if (topics.length === 0) return;
        const metadata = await consumer.metadata({ topics });
        const leaders = new Map<number, string[]>();
        for (const [name, { topic, partition }] of this.reading) {
          const leader = metadata.topics.get(topic)?.partitions[partition]?.leader ?? -1;
          leaders.set(leader, [...(leaders.get(leader) ?? []), name]);
        }
        await Promise.all(
          [...leaders].map(([leader, names]) => {
            const broker = metadata.brokers.get(leader);
            if (broker === undefined) throw new Error(`no leader is known of ${names.join(', ')}`);
            const ids = new Map(topics.map((topic) => [topic, metadata.topics.get(topic)!.id]));
            return this.fetchingFrom(broker, names, ids, generation);
          }),
        );
      } catch (error) {
        if (generation !== this.generation || this.closed) return;
        this.logger.debug(`${this.options.group}: ${messageOf(error)}`);
        await sleep(RETRY_MS);
        await consumer
          .metadata({ topics: [...this.options.topics], forceUpdate: true })
          .catch(() => undefined);
      }
    }
  }

  /** @throws {Error} where leaders have changed, or the broker is away */
  private async fetchingFrom(
    broker: { host: string; port: number },
    names: readonly string[],
    ids: ReadonlyMap<string, string>,
    generation: number,
  ): Promise<void> {
    const topicsById = new Map([...ids].map(([topic, id]) => [id, topic]));
    while (generation === this.generation && !this.closed) {
      const asked = names.flatMap((name): FetchFrom[] => {
        const at = this.reading.get(name);
        if (at === undefined || this.paused.has(name)) return [];
        return [{ topicId: ids.get(at.topic)!, partition: at.partition, offset: at.offset }];
      });
      if (asked.length === 0) {
        await sleep(IDLE_MS);
        continue;
      }
      const connection = await this.pool.get(broker);
      const answers = await fetchFrom(connection, asked, this.options.maximumWaitMs);
      if (generation !== this.generation) return;
      for (const { topicId, partition, errorCode, batches } of answers) {
        const topic = topicsById.get(topicId)!;
        if (errorCode !== 0) throw new Error(`${topic}/${partition}: error ${errorCode}`);
        this.take(topic, partition, batches);
      }
    }
  }

  private take(topic: string, partition: number, batches: readonly RecordBatch[]): void {
    const name = `${topic}/${partition}`;
    const from = this.reading.get(name)?.offset;
    const to = batches.at(-1)?.to;
    // Records fetched before the pause are fetched again afterwards.
    if (from === undefined || to === undefined || to <= from || this.paused.has(name)) return;
    this.reading.set(name, { topic, partition, offset: to });
    const records = batches.flatMap(recordsOf).filter(({ offset }) => offset >= from);
    this.options.onRecords(topic, partition, records, to);
  }

  /** A consumer that has given up is replaced, until one stays. */
  private async startAgain(consumer: Consumer): Promise<void> {
    if (this.closed || this.consumer !== consumer) return;
    this.consumer = undefined;
    this.generation++;
    await ended(consumer);
    await sleep(1000);
    if (this.closed) return;
    this.logger.warn(`${this.options.group} joins again`);
    await this.start().catch((error: unknown) => {
      this.logger.warn(`${this.options.group}: ${messageOf(error)}`);
      if (this.consumer !== undefined) void this.startAgain(this.consumer);
    });
  }
}

/** Leaves the group; a broker that is away does not keep it from ending. */
function ended(consumer: Consumer | undefined): Promise<void> {
  return new Promise((resolve) => {
    if (consumer === undefined) resolve();
    else
      consumer.close(true, () => {
        resolve();
      });
  });
}

function recordsOf({ from, to, control, records, problem }: RecordBatch): LogRecord[] {
  if (problem !== undefined) return [{ offset: to - 1n, key: '', value: '', headers: {}, problem, from }];
  return control ? [] : records.map(readRecord);
}

/** Shares partitions as the subscription says, members in the order in which they came. */
function assigner({ share }: SubscribeOptions): GroupPartitionsAssigner {
  return (_current, members) => {
    const inOrder = [...members]
      .map(([memberId, { metadata }]) => ({ memberId, joinedAt: Number(metadata?.toString() ?? 0) }))
      .sort((a, b) => a.joinedAt - b.joinedAt || (a.memberId < b.memberId ? -1 : 1));
    return inOrder.map(({ memberId }, index) => ({
      memberId,
      assignments: new Map(
        [...share(index, inOrder.length)].map(([topic, partitions]) => [
          topic,
          { topic, partitions: [...partitions] },
        ]),
      ),
    }));
  };
}
