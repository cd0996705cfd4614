import { createRequire } from 'node:module';
import { type PackedBatch, recordBatch } from './record-writer.js';

// kafkajs copies the list of a partition's messages for every message that it adds, and makes buffers of half a kilobyte for every
// record and every header. Batches that are written already pass through its producer, which keeps retries, leaders and sequence
// numbers, as one message each; the request that brings them to a broker is written here.

const require = createRequire(import.meta.url);
const Encoder = require('kafkajs/src/protocol/encoder') as new (bytes?: number) => {
  writeBuffer(data: Buffer): unknown;
};
const { Produce: apiKey } = require('kafkajs/src/protocol/requests/apiKeys') as { Produce: number };

/** A batch where kafkajs expects a list of a partition's messages: it reads the length alone. */
class BatchOfMessages {
  constructor(readonly batch: PackedBatch) {}

  get length(): number {
    return this.batch.count;
  }
}

/** The batches of a request, where kafkajs expects a list of messages to look through and to sort by partition. */
class MessagesInBatches {
  constructor(private readonly batches: readonly PackedBatch[]) {}

  /** No message is without a value. */
  find(): undefined {
    return undefined;
  }

  reduce(): Record<number, BatchOfMessages> {
    return Object.fromEntries(this.batches.map((batch) => [batch.partition, new BatchOfMessages(batch)]));
  }
}

/** Batches of different partitions, as `messages` of a producer's `send`; {@link writeProducesOurselves} must have been called. */
export function messagesInBatches(batches: readonly PackedBatch[]): never {
  return new MessagesInBatches(batches) as unknown as never;
}

interface ProduceArguments {
  readonly acks: number;
  readonly timeout: number;
  readonly transactionalId?: string | null;
  readonly producerId?: number | string | { toString(): string };
  readonly producerEpoch?: number;
  readonly topicData: readonly {
    readonly topic: string;
    readonly partitions: readonly {
      readonly partition: number;
      readonly firstSequence?: number;
      readonly messages: unknown;
    }[];
  }[];
}

type ProduceRequest = (request: ProduceArguments) => object;

/** Version 3 of the request; the later ones that kafkajs has are written alike. */
const REQUEST = 'kafkajs/src/protocol/requests/produce/v3/request';

/** Has kafkajs write requests of {@link messagesInBatches} here, and all others as it did. */
export function writeProducesOurselves(): void {
  const original = require(REQUEST) as ProduceRequest;
  const ours: ProduceRequest = (request) =>
    request.topicData.every(({ partitions }) =>
      partitions.every(({ messages }) => messages instanceof BatchOfMessages),
    )
      ? {
          ...{ apiKey, apiVersion: 3, apiName: 'Produce', expectResponse: () => request.acks !== 0 },
          encode: () => Promise.resolve(encodeProduce(request)),
        }
      : original(request);
  // The request of a later version loads this one when it is first used.
  require.cache[require.resolve(REQUEST)]!.exports = ours;
}

function encodeProduce({
  acks,
  timeout,
  transactionalId = null,
  producerId = -1,
  producerEpoch = 0,
  topicData,
}: ProduceArguments): object {
  const parts: Buffer[] = [text(transactionalId), int16(acks), int32(timeout), int32(topicData.length)];
  for (const { topic, partitions } of topicData) {
    parts.push(text(topic), int32(partitions.length));
    for (const { partition, firstSequence = 0, messages } of partitions) {
      const batch = recordBatch(
        (messages as BatchOfMessages).batch,
        { producerId: BigInt(producerId.toString()), producerEpoch, firstSequence },
        Date.now(),
      );
      parts.push(int32(partition), int32(batch.length), batch);
    }
  }
  const encoder = new Encoder(parts.reduce((sum, { length }) => sum + length, 0));
  for (const part of parts) encoder.writeBuffer(part);
  return encoder;
}

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

function text(value: string | null): Buffer {
  if (value === null) return int16(-1);
  const bytes = Buffer.from(value);
  return Buffer.concat([int16(bytes.length), bytes]);
}
