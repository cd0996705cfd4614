import { ConsumerOffsets } from '../consumer-offsets.js';
import { answersOf, lanesOf } from '../lanes-of.js';
import { LogServer } from '../log-server.js';
import { KafkaAnswers } from './kafka-answers.js';
import { KafkaLane } from './kafka-lane.js';
import type { KafkaLog } from './kafka-log.js';

/** Nest transport over {@link KafkaLog}: a consumer group for each lane, whose units processes share. */
export class KafkaLogServer extends LogServer<KafkaLog> {
  override transportId = Symbol('kafka-log');
  private lanes: KafkaLane[] = [];
  private answers: KafkaAnswers[] = [];

  protected override async open(): Promise<void> {
    const { log, database, owners, logger } = this;
    const parts = { log, database, owners, logger, offsets: new ConsumerOffsets(database) };
    this.lanes = lanesOf(this.messageHandlers).map((handlers) => new KafkaLane(handlers, parts));
    this.answers = answersOf(this.messageHandlers).map(
      ({ answering, handler }) => new KafkaAnswers(answering, handler, log, logger),
    );
    await Promise.all([...this.lanes, ...this.answers].map((each) => each.open()));
  }

  /** The units of each lane that this process has. */
  held(): Record<string, number[]> {
    return Object.fromEntries(this.lanes.map((lane) => [lane.name, lane.held]));
  }

  override async close(): Promise<void> {
    await Promise.all([...this.lanes, ...this.answers].map((each) => each.close()));
    // The lanes' last commits are still to be sent.
    await this.log.close();
  }
}
