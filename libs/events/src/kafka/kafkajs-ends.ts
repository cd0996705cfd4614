import type { Kafka } from 'kafkajs';
import type { PartitionOffset } from './broker.js';

/** The part of kafkajs's cluster that is used here: its connections, and the leaders of partitions. */
interface Cluster {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  addMultipleTargetTopics(topics: readonly string[]): Promise<void>;
  refreshMetadataIfNecessary(): Promise<void>;
  findTopicPartitionMetadata(topic: string): readonly { readonly partitionId: number }[];
  fetchTopicsOffset(
    topics: readonly {
      readonly topic: string;
      readonly fromBeginning: boolean;
      readonly partitions: readonly { readonly partition: number }[];
    }[],
  ): Promise<
    readonly {
      readonly topic: string;
      readonly partitions: readonly { readonly partition: number; readonly offset: string }[];
    }[]
  >;
}

type CreateCluster = (options: {
  readonly allowAutoTopicCreation: boolean;
  readonly metadataMaxAge: number;
}) => Cluster;

const METADATA_AGE_MS = 300_000;

/**
 * Asks brokers for the ends of several topics in one request. kafkajs's admin client takes three for each topic: metadata, the end and the
 * beginning; a lane asks whenever records have come that earlier topics may have caused.
 */
export class TopicEnds {
  private cluster: Promise<Cluster> | undefined;

  constructor(private readonly kafka: Kafka) {}

  /** @throws where a broker does not answer, or leads a partition no more: the next call begins with new connections */
  async of(topics: readonly string[]): Promise<PartitionOffset[]> {
    this.cluster ??= this.connected();
    const pending = this.cluster;
    try {
      const cluster = await pending;
      await cluster.addMultipleTargetTopics(topics);
      await cluster.refreshMetadataIfNecessary();
      const answers = await cluster.fetchTopicsOffset(
        topics.map((topic) => ({
          ...{ topic, fromBeginning: false },
          partitions: cluster
            .findTopicPartitionMetadata(topic)
            .map(({ partitionId }) => ({ partition: partitionId })),
        })),
      );
      return answers.flatMap(({ topic, partitions }) =>
        partitions.map(({ partition, offset }) => ({ topic, partition, offset: BigInt(offset) })),
      );
    } catch (error) {
      if (this.cluster === pending) await this.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    const { cluster } = this;
    this.cluster = undefined;
    await cluster?.then((each) => each.disconnect()).catch(() => undefined);
  }

  private async connected(): Promise<Cluster> {
    const name = Object.getOwnPropertySymbols(this.kafka).find(
      ({ description }) => description === 'private:Kafka:createCluster',
    )!;
    const create = (this.kafka as unknown as Record<symbol, CreateCluster>)[name];
    const cluster = create({ allowAutoTopicCreation: false, metadataMaxAge: METADATA_AGE_MS });
    await cluster.connect();
    return cluster;
  }
}
