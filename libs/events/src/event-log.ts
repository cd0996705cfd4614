import type { EntityManager } from 'typeorm';
import type { Outgoing } from '#lib/messages';
import type { Statement } from '#lib/storage';
import type { LogRecord } from './record.js';

/** Records of a partition that a unit has not consumed yet. */
export interface Lag {
  readonly group: string;
  readonly topic: string;
  readonly partition: number;
  /** where the unit goes on */
  readonly position: bigint;
  readonly records: bigint;
}

/** A batch as it was consumed: enough to consume it again, in the same place and order. */
export interface ConsumedBatch {
  readonly unit: string;
  readonly topic: string;
  readonly partition: number;
  readonly from: bigint;
  /** exclusive */
  readonly to: bigint;
  /** why an operator had it passed over, where one had */
  readonly skipped?: string | undefined;
}

/** Messages that are published when it is their turn, and the writes that are committed with them. */
export interface Turn {
  readonly messages: readonly Outgoing[];
  readonly also?: { source: string; write: (manager: EntityManager) => Promise<void> };
}

/**
 * The next turn; undefined after the last. Reads through the manager see the writes of all turns before, once its deferred statements are
 * flushed.
 */
export type NextTurn = (manager: EntityManager) => Promise<Turn | undefined>;

/** A log that prepares messages for a transaction that may not write yet. */
export interface NumberedLog {
  /** Number of the source’s next message. */
  nextNumber(source: string): Promise<number>;
  /**
   * Messages as the statements that {@link EventLog.append} them. They fail where others have numbered messages of the source meanwhile.
   *
   * @param first number of the first message
   * @throws {InvalidInputError} for a message that is too large
   */
  ready(source: string, first: number, messages: readonly Outgoing[]): Promise<readonly Statement[]>;
}

/** Where messages go: Kafka, or tables that behave like it. The rest of the engine knows no more of either. */
export abstract class EventLog {
  /** of keyed topics */
  abstract readonly partitions: number;

  /** messages that could not be handled here, since the start */
  deadLetters = 0;

  /**
   * Publishes when, and only if, the caller's transaction commits; call {@link announce} after it has. Headers are those of the
   * messages, which {@link withOrigin} has completed.
   *
   * @param source who publishes. Messages of one source are published in the order of their commits, each once.
   */
  abstract append(manager: EntityManager, source: string, messages: readonly Outgoing[]): Promise<void>;

  /** Tells that messages to these topics have been committed. */
  abstract announce(topics: Iterable<string>): void;

  /**
   * Publishes now. With `also`, in one transaction with its writes; without, a promise that
   * fails does not say whether they were published: publish them again, with the same ids.
   */
  abstract publish(
    messages: readonly Outgoing[],
    also?: { source: string; write: (manager: EntityManager) => Promise<void> },
  ): Promise<void>;

  /** Records of a partition from an offset up to another (exclusive), as they are now. */
  abstract records(topic: string, partition: number, from: bigint, to: bigint): Promise<LogRecord[]>;

  /** Messages by which a batch can be consumed again; to be appended, first, in the transaction that consumes it. */
  abstract notesOf(batch: ConsumedBatch): Outgoing[];

  /** Messages not yet consumed, over all units that have ever read. */
  abstract lag(): Promise<Lag[]>;

  /** Age of the oldest message that is committed but not published, seconds. */
  abstract unpublishedAge(): Promise<number>;

  /** Resolves when every unit has consumed everything that has been published. */
  abstract drained(signal: AbortSignal): Promise<void>;

  /**
   * Publishes one turn after the other, each when everything that was published before is consumed.
   *
   * @param manager for a turn that reads between transactions
   * @param together whether turns may share transactions with each other and with what they cause
   * @returns false where turns that were given have been rolled back, or could not be taken together: go on from the committed state
   */
  async publishInTurns(
    next: NextTurn,
    manager: EntityManager,
    signal: AbortSignal,
    _together = false,
  ): Promise<boolean> {
    for (;;) {
      await this.drained(signal);
      const turn = signal.aborted ? undefined : await next(manager);
      if (turn === undefined) return true;
      await this.publish(turn.messages, turn.also);
    }
  }

  /** Housekeeping, now and then: drops messages that no reader needs any more. */
  abstract housekeeping(): Promise<void>;

  abstract close(): Promise<void>;
}
