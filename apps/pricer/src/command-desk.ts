import { type EventLog, outgoing, type Topic } from '#lib/events';
import type { BookEvent } from '#lib/ledger';
import { CommandRejectedError, OutcomePendingError } from './engine/errors.js';
import type { PricerService } from './pricer.service.js';

const OUTCOME_TIMEOUT_MS = 10_000;

/**
 * Commands from REST take the same way as everybody's: into their topic, and back as the book event that decided them.
 */
export class CommandDesk {
  constructor(
    private readonly pricer: PricerService,
    private readonly log: EventLog,
  ) {}

  /**
   * Sends a command and waits for what comes of it. The command's id makes it safe to repeat: it is booked once.
   *
   * @throws {CommandRejectedError} with the refusal's own code
   * @throws {OutcomePendingError} where it has been taken but not been booked in time
   */
  async submit<Payload>(
    topic: Topic<Payload>,
    key: string,
    commandId: string,
    payload: Payload,
  ): Promise<BookEvent> {
    // Waiting begins before sending: the outcome cannot slip by in between.
    const booked = this.pricer.outcome(commandId, OUTCOME_TIMEOUT_MS);
    booked.catch(() => undefined);
    const header = { id: commandId, sequence: 0, time: this.pricer.engine.board.now };
    await this.log.publish([outgoing(topic, key, header, payload)]);
    const event = await booked;
    if (event === undefined) throw new OutcomePendingError(commandId);
    return accepted(event);
  }

  /** What came of a command that was decided earlier; undefined where none was. */
  async known(commandId: string): Promise<BookEvent | undefined> {
    const event = await this.pricer.outcome(commandId, 0);
    return event && accepted(event);
  }
}

function accepted(event: BookEvent): BookEvent {
  if (event.kind === 'trade-rejected')
    throw new CommandRejectedError(event.code, event.reason, event.tradeId);
  if (event.kind === 'liquidity-rejected' || event.kind === 'account-rejected')
    throw new CommandRejectedError(event.code, event.reason, event.commandId);
  return event;
}
