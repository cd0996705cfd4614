import { createRequire } from 'node:module';
import {
  type AbortedTransaction,
  readRecordSet,
  type RecordBatch,
  type WireRecord,
  withoutAborted,
} from './record-set.js';

// kafkajs reads three of five codecs not at all, ends its consumer on a batch that it cannot read, forgets transactions that
// were given up where two overlap or a record's key is four zero bytes, and goes round in circles at a batch without records.
// It is no longer maintained: the answer to a fetch is therefore decoded here, in the place of its own decoder.

const OUTSIDE_TRANSACTIONS = { inTransaction: false } as const;

/**
 * A message as kafkajs hands it on: the record itself, and the fields that it looks at. The rest is worked out where somebody asks:
 * there is one of these for every record that is read.
 */
export class FetchedMessage {
  readonly magicByte = 2;
  readonly attributes = 0;
  /** Markers are no control records to kafkajs, nor is anything part of a transaction: it would leave them out. */
  readonly isControlRecord = false;
  readonly batchContext = OUTSIDE_TRANSACTIONS;
  readonly offset: string;

  constructor(
    offset: bigint,
    /** undefined for a place without a record, like the marker of a transaction’s end */
    readonly record: WireRecord | undefined,
    /** a range of offsets that cannot be read, the last of which is this message’s */
    readonly unreadable: { readonly from: bigint; readonly problem: string } | undefined,
  ) {
    this.offset = offset.toString();
  }

  get timestamp(): string {
    return (this.record?.timestamp ?? -1n).toString();
  }

  get key(): Buffer | null {
    return this.record?.key ?? null;
  }

  get value(): Buffer | null {
    return this.record?.value ?? null;
  }

  get headers(): Record<string, Buffer> {
    const headers = this.record?.headers ?? [];
    return Object.fromEntries(
      headers.flatMap(([name, value]) => (value === null ? [] : [[name, value] as const])),
    );
  }
}

interface FetchedPartition {
  readonly partition: number;
  readonly errorCode: number;
  readonly highWatermark: string;
  readonly lastStableOffset: string;
  readonly abortedTransactions: readonly never[];
  readonly messages: readonly FetchedMessage[];
}

interface Decoder {
  readInt16(): number;
  readInt32(): number;
  readInt64(): { toString(): string };
  readString(): string;
  readBytes(length?: number | null): Buffer | null;
  readArray<T>(read: (decoder: Decoder) => T): T[];
}
interface FetchResponse {
  decode: (data: Buffer) => Promise<unknown>;
}

const require = createRequire(import.meta.url);
const KafkaJsDecoder = require('kafkajs/src/protocol/decoder') as new (data: Buffer) => Decoder;
const response = (version: number) =>
  require(`kafkajs/src/protocol/requests/fetch/v${version}/response`) as FetchResponse;
/** Versions of the request whose answers differ; the others answer as the one before them. */
const VERSIONS = [4, 5, 7, 8, 11];

/** Has kafkajs read the answers to fetches with {@link readRecordSet}. */
export function readFetchesOurselves(): void {
  for (const version of VERSIONS) {
    // A failure must be the promise’s.
    response(version).decode = (data) =>
      new Promise((resolve) => {
        resolve(decodeFetch(new KafkaJsDecoder(data), version));
      });
  }
}

function decodeFetch(decoder: Decoder, version: number): object {
  const throttled = decoder.readInt32();
  const session = version >= 7 ? { errorCode: decoder.readInt16(), sessionId: decoder.readInt32() } : {};
  const responses = decoder.readArray((topic) => ({
    topicName: topic.readString(),
    partitions: topic.readArray((partition) => decodePartition(partition, version)),
  }));
  // From version 8 on it is the client that has to wait.
  const throttle =
    version >= 8 ? { throttleTime: 0, clientSideThrottleTime: throttled } : { throttleTime: throttled };
  return { ...throttle, ...session, responses };
}

function decodePartition(decoder: Decoder, version: number): FetchedPartition {
  const partition = decoder.readInt32();
  const errorCode = decoder.readInt16();
  const highWatermark = decoder.readInt64().toString();
  const lastStableOffset = decoder.readInt64().toString();
  if (version >= 5) decoder.readInt64(); // where the log begins
  const aborted = decoder.readArray((each): AbortedTransaction => ({
    producerId: BigInt(each.readInt64().toString()),
    firstOffset: BigInt(each.readInt64().toString()),
  }));
  if (version >= 11) decoder.readInt32(); // the replica to be read from
  const data = decoder.readBytes();
  const batches = data === null ? [] : withoutAborted(readRecordSet(data), aborted);
  const messages = batches.flatMap(messagesOf);
  return { partition, errorCode, highWatermark, lastStableOffset, abortedTransactions: [], messages };
}

/** A batch’s messages, the last of which has its last offset: kafkajs goes on after it. */
function messagesOf({ from, to, control, records, problem }: RecordBatch): FetchedMessage[] {
  const last = to - 1n;
  if (problem !== undefined) return [new FetchedMessage(last, undefined, { from, problem })];
  const messages = control
    ? []
    : records.map((record) => new FetchedMessage(record.offset, record, undefined));
  if (messages.at(-1)?.record?.offset !== last) messages.push(new FetchedMessage(last, undefined, undefined));
  return messages;
}
