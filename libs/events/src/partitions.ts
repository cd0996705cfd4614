import { Partitioners } from 'kafkajs';
import type { Outgoing, Topic } from '#lib/messages';

const hash = Partitioners.DefaultPartitioner();

/** The partition of a key: murmur2, as the Java client and everything that follows it has it. */
export function partitionOf(key: string, partitions: number): number {
  if (partitions === 1) return 0;
  const partitionMetadata = Array.from({ length: partitions }, (_, partitionId) => ({
    ...{ partitionId, leader: 0, replicas: [], isr: [], offlineReplicas: [], partitionErrorCode: 0 },
  }));
  return hash({ topic: '', partitionMetadata, message: { key, value: null } });
}

/** How many partitions a topic has where keyed topics have `keyed`. */
export function partitionsOf(topic: Pick<Topic<unknown>, 'partitioned'>, keyed: number): number {
  return topic.partitioned ? keyed : 1;
}

/** The partition a message goes to where keyed topics have `keyed`. */
export function partitionFor({ partition, partitioned, key }: Outgoing, keyed: number): number {
  return partition ?? (partitioned === true ? partitionOf(key, keyed) : 0);
}

/** The share of member `index` of `members`: every `members`-th. */
export function shareOf(all: readonly number[], index: number, members: number): number[] {
  return all.filter((each) => each % members === index);
}
