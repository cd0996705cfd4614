import type { DataSource } from 'typeorm';
import { messageOf } from '#lib/errors';
import { allDone, OpenTransaction } from '#lib/storage';
import { type ConsumerOffsets, overtaken, type PartitionOf } from './consumer-offsets.js';
import type { EventLog, NumberedLog } from './event-log.js';
import { batchOf, type ConsumeOptions, type Cursor } from './handle-batch.js';
import type { LaneUnit } from './lane-unit.js';
import type { LogRecord } from './record.js';

/** SQLSTATE of a statement that fails because another process has consumed a batch. */
const DIVISION_BY_ZERO = '22012';

/**
 * Commits the batches of a unit one behind the other while the next one is handled: the state in memory is one batch ahead of the tables, and
 * the process does not wait for its server.
 *
 * - A batch's writes, messages, fence and commit are sent in one go, when the batch before has committed. One batch at most is under way.
 * - Effects of a commit (positions that others see, answers, messages on the broker) wait for that batch's own commit.
 * - Where a batch does not commit, the one that was handled after it is given up: the owner reads the tables, and both are handled again.
 */
export class CommitsAhead {
  /** the batch whose commit was sent last */
  private underway: Promise<void> = Promise.resolve();
  private pending = false;
  /** number of the next message that the unit publishes */
  private number = 1;

  constructor(
    private readonly unit: LaneUnit,
    private readonly parts: {
      readonly log: EventLog;
      readonly numbers: NumberedLog;
      readonly offsets: ConsumerOffsets;
      readonly database: DataSource;
    },
  ) {}

  /** Whether a commit was sent and has not been answered. */
  get isPending(): boolean {
    return this.pending;
  }

  /** The unit has read its tables; nothing is under way. */
  async restore(): Promise<void> {
    this.number = await this.parts.numbers.nextNumber(this.unit.name);
  }

  /**
   * Handles records and sends their commit. Resolves when that is sent.
   *
   * @throws what the handler throws, and the error of the batch before where that has not committed; nothing of these records was sent then
   */
  async consume(cursor: Cursor, records: readonly LogRecord[], options: ConsumeOptions): Promise<void> {
    const { subscription } = cursor;
    const { unit } = this;
    const { log, numbers, offsets, database } = this.parts;
    if (subscription.ahead !== true) await this.landed();
    const batch = batchOf(cursor, records, options.to);
    const transaction = await OpenTransaction.begin(database, this.pending ? this.underway : undefined);
    try {
      const handled = await unit.handleIn(transaction.manager, cursor, batch, options);
      const published = [...handled.published, ...(await allDone(handled.later)).flat()];
      const messages = await numbers.ready(unit.name, this.number, published);
      await this.landed();
      const at = { group: unit.name, topic: subscription.topic.name, partition: cursor.partition };
      const fence = offsets.advanceOrFail(at, cursor.position.offset, handled.next, unit.batchCount);
      const committed = transaction.commit([fence, ...messages]);
      unit.pass(handled);
      this.number += published.length;
      this.pending = true;
      this.underway = committed.then(
        () => {
          this.pending = false;
          unit.settle(handled);
          log.announce(new Set(published.map(({ topic }) => topic)));
        },
        (error: unknown) => {
          this.pending = false;
          throw explained(error, at);
        },
      );
      // Whoever waits for it next gets the error.
      this.underway.catch(() => undefined);
    } catch (error) {
      await transaction.rollback();
      throw error;
    }
  }

  /**
   * Waits for the commit that was sent last.
   *
   * @throws {Error} once, where it has failed: the state in memory is one of a transaction that was rolled back
   */
  async landed(): Promise<void> {
    const { underway } = this;
    try {
      await underway;
    } catch (error) {
      this.underway = Promise.resolve();
      this.unit.distrust();
      throw error;
    }
  }
}

/** Never one of our own errors: the messages of the batch are not to blame, and are handled again. */
function explained(error: unknown, at: PartitionOf): Error {
  const { code, driverError } = error as { code?: string; driverError?: { code?: string } };
  return (code ?? driverError?.code) === DIVISION_BY_ZERO
    ? overtaken(at)
    : new Error(messageOf(error), { cause: error });
}
