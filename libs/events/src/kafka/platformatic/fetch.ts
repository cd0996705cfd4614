import { type Connection, fetchV17, type Reader } from '@platformatic/kafka';
import {
  type AbortedTransaction,
  readRecordSet,
  type RecordBatch,
  withoutAborted,
} from '../wire/record-set.js';

/** A fetch's answer for one partition. */
export interface FetchedPartition {
  readonly topicId: string;
  readonly partition: number;
  readonly errorCode: number;
  /** transactions that were given up are left out */
  readonly batches: readonly RecordBatch[];
}

/** A fetch's request for one partition. */
export interface FetchFrom {
  readonly topicId: string;
  readonly partition: number;
  readonly offset: bigint;
}

const FETCH = 1;
const VERSION = 17;
const BYTES_OF_PARTITION = 4 << 20;
const BYTES_OF_ANSWER = 64 << 20;
const READ_COMMITTED = 1;

/**
 * Fetches through a connection of the client's, with our own decoder: the client's ends a whole fetch on one batch that it cannot read.
 */
export function fetchFrom(
  connection: Connection,
  asked: readonly FetchFrom[],
  maximumWaitMs: number,
): Promise<FetchedPartition[]> {
  const topics = asked.map(({ topicId, partition, offset }) => ({
    topicId,
    partitions: [
      {
        ...{ partition, fetchOffset: offset, partitionMaxBytes: BYTES_OF_PARTITION },
        ...{ currentLeaderEpoch: -1, lastFetchedEpoch: -1 },
      },
    ],
  }));
  const request = () =>
    fetchV17.createRequest(maximumWaitMs, 1, BYTES_OF_ANSWER, READ_COMMITTED, 0, -1, topics, [], '');
  return new Promise((resolve, reject) => {
    connection.send(FETCH, VERSION, request, readAnswer, true, true, (error, answer) => {
      if (error !== null || answer === undefined) reject(error ?? new Error('a fetch has no answer'));
      else resolve(answer);
    });
  });
}

function readAnswer(
  _correlation: number,
  _api: number,
  _version: number,
  reader: Reader,
): FetchedPartition[] {
  reader.readInt32(); // throttled
  const errorCode = reader.readInt16();
  reader.readInt32(); // session
  if (errorCode !== 0) throw new Error(`the broker refuses a fetch: error ${errorCode}`);
  const topics = reader.readArray((topic) => {
    const topicId = topic.readUUID();
    return topic.readArray((partition) => readPartition(partition, topicId));
  });
  return (topics ?? []).flatMap((partitions) => partitions ?? []);
}

function readPartition(reader: Reader, topicId: string): FetchedPartition {
  const partition = reader.readInt32();
  const errorCode = reader.readInt16();
  reader.readInt64(); // high watermark
  reader.readInt64(); // last stable offset
  reader.readInt64(); // where the log begins
  const aborted = reader.readArray((each): AbortedTransaction => {
    return { producerId: each.readInt64(), firstOffset: each.readInt64() };
  });
  reader.readInt32(); // the replica to be read from
  const size = reader.readUnsignedVarInt() - 1;
  if (size <= 0) return { topicId, partition, errorCode, batches: [] };
  const data = reader.buffer.slice(reader.position, reader.position + size);
  reader.skip(size);
  const batches = withoutAborted(readRecordSet(Buffer.from(data)), aborted ?? []);
  return { topicId, partition, errorCode, batches };
}
