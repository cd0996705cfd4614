import type { LoggerService } from '@nestjs/common';
import { messageOf } from '#lib/errors';
import {
  type Answering,
  NEST_CORRELATION_HEADER,
  NEST_REPLY_PARTITION_HEADER,
  replyMessage,
  replyTopicOf,
  type Request,
  requestOf,
} from '../answer.js';
import { partitionOf, shareOf } from '../partitions.js';
import { CORRELATION_HEADER } from '#lib/runtime';
import type { LogRecord } from '../record.js';
import type { BrokerRecord, BrokerSubscription, PartitionOffset, Partitions } from './broker.js';
import type { KafkaLog } from './kafka-log.js';

export type AnswerHandler = (requests: Request<unknown>[]) => string[] | Promise<string[]>;

const COMMIT_EVERY_MS = 1_000;
/** Requests are answered as they come: waiting longer only delays rebalances. */
const FETCH_WAIT_MS = 50;

/** Answers the requests of the partitions this process has been given. */
export class KafkaAnswers {
  private subscription: BrokerSubscription | undefined;
  private committing: NodeJS.Timeout | undefined;
  private readonly answered = new Map<number, bigint>();

  constructor(
    private readonly answering: Answering,
    private readonly handler: AnswerHandler,
    private readonly log: KafkaLog,
    private readonly logger: LoggerService,
  ) {}

  async open(): Promise<void> {
    const { log, answering } = this;
    const topic = log.nameOf(answering.requests.name);
    const partitions = Array.from({ length: log.partitions }, (_, partition) => partition);
    this.subscription = await log.broker.subscribe({
      group: log.nameOf(answering.group),
      topics: [topic],
      share: (index, members) => new Map([[topic, shareOf(partitions, index, members)]]),
      onAssigned: (partitions) => this.assigned(topic, partitions),
      onRecords: (_topic, partition, records, to) => {
        this.answer(partition, records, to).catch((error: unknown) => {
          this.logger.warn(`replies are lost: ${messageOf(error)}`);
        });
      },
      maximumWaitMs: FETCH_WAIT_MS,
    });
    this.committing = setInterval(() => {
      this.commit().catch(() => undefined);
    }, COMMIT_EVERY_MS);
  }

  async close(): Promise<void> {
    clearInterval(this.committing);
    await this.commit().catch(() => undefined);
    await this.subscription?.close();
  }

  /** Goes on at the group's offset; a new group begins at the end. */
  private async assigned(topic: string, assignment: Partitions): Promise<PartitionOffset[]> {
    const { log, answering } = this;
    this.answered.clear();
    const partitions = assignment.get(topic) ?? [];
    const committed = await log.broker.committed(log.nameOf(answering.group), topic);
    const ranges = await log.broker.offsets(topic);
    return partitions.map((partition) => {
      const { low, high } = ranges.find((range) => range.partition === partition)!;
      const offset = committed.find((known) => known.partition === partition)?.offset ?? high;
      return { topic, partition, offset: offset < low || offset > high ? high : offset };
    });
  }

  private async answer(partition: number, records: readonly LogRecord[], to: bigint): Promise<void> {
    if (records.length === 0) {
      this.answered.set(partition, to);
      return;
    }
    const requests = records.map((record) => requestOf(this.answering, record));
    const payloads = await this.handler(requests);
    const replies = new Map<string, BrokerRecord[]>();
    for (const [i, record] of records.entries()) {
      const topic = replyTopicOf(this.answering, record);
      const own = replies.get(topic) ?? [];
      replies.set(topic, own);
      const { correlationId } = requests[i];
      own.push({
        key: record.key,
        partition: this.replyPartition(record),
        value: replyMessage(this.answering, requests[i], payloads[i]),
        headers: { [NEST_CORRELATION_HEADER]: correlationId, [CORRELATION_HEADER]: correlationId },
      });
    }
    await Promise.all([...replies].map(([topic, own]) => this.send(topic, own)));
    this.answered.set(partition, to);
  }

  /** Replies whose own topic does not take them go where everybody's go. */
  private async send(topic: string, replies: readonly BrokerRecord[]): Promise<void> {
    const { broker } = this.log;
    try {
      await broker.sendFast(this.log.nameOf(topic), replies);
    } catch (error) {
      const common = this.answering.replies.name;
      if (topic === common) throw error;
      this.logger.warn(`${topic} takes no replies: ${messageOf(error)}; they go to ${common}`);
      await broker.sendFast(this.log.nameOf(common), replies);
    }
  }

  private replyPartition({ headers, key }: LogRecord): number {
    const asked = Number(headers[NEST_REPLY_PARTITION_HEADER]);
    const { partitions } = this.log;
    return Number.isInteger(asked) && asked >= 0 && asked < partitions ? asked : partitionOf(key, partitions);
  }

  private async commit(): Promise<void> {
    const topic = this.log.nameOf(this.answering.requests.name);
    const offsets = [...this.answered].map(([partition, offset]) => ({ topic, partition, offset }));
    await this.subscription?.commit(offsets);
  }
}
