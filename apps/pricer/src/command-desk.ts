import type { EventLog } from '#lib/events';
import { outgoing, type Topic, TOPICS } from '#lib/messages';
import {
  type BookEvent,
  CommandIdReusedError,
  CommandRejectedError,
  NoMarketTimeError,
  OutcomePendingError,
} from '#lib/exchange';
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
   * @throws {CommandIdReusedError} where the id was another command's
   * @throws {NoMarketTimeError} before the first price
   * @throws {OutcomePendingError} where it has been taken but not been booked in time
   */
  async submit<Payload>(
    topic: Topic<Payload>,
    key: string,
    commandId: string,
    payload: Payload,
  ): Promise<BookEvent> {
    const time = this.pricer.engine.board.now;
    if (time === 0) throw new NoMarketTimeError();
    // Waiting begins before sending: the outcome cannot slip by in between.
    const booked = this.pricer.outcome(commandId, OUTCOME_TIMEOUT_MS);
    booked.catch(() => undefined);
    const header = { id: commandId, sequence: 0, time };
    await this.log.publish([outgoing(topic, key, header, payload)]);
    const event = await booked;
    if (event === undefined) throw new OutcomePendingError(commandId);
    requireSame(event, topic.name, key, commandId);
    return accepted(event);
  }

  /** What came of a trade that was decided earlier; undefined where none was. */
  async knownTrade(tradeId: string): Promise<BookEvent | undefined> {
    const event = await this.pricer.outcome(tradeId, 0);
    if (event === undefined) return undefined;
    requireSame(event, TOPICS.trades.name, undefined, tradeId);
    return accepted(event);
  }
}

/**
 * An id that was used for another command, or by somebody else, is no retry: its outcome is none of the caller's business.
 *
 * @throws {CommandIdReusedError}
 */
function requireSame(event: BookEvent, topic: string, owner: string | undefined, commandId: string): void {
  const decided = commandDecidedBy(event);
  if (decided?.topic !== topic || (owner !== undefined && decided.owner !== owner))
    throw new CommandIdReusedError(commandId);
}

/** The topic of the command an event has decided, and whose it was; undefined for an event that decides none. */
function commandDecidedBy(event: BookEvent): { topic: string; owner: string } | undefined {
  switch (event.kind) {
    case 'trade-booked':
    case 'trade-rejected':
      return { topic: TOPICS.trades.name, owner: event.account.split('~')[0] };
    case 'account-deposited':
    case 'account-withdrawn':
    case 'account-rejected':
      return { topic: TOPICS.accounts.name, owner: event.account.split('~')[0] };
    case 'collateral-moved':
      return { topic: TOPICS.accounts.name, owner: event.from.split('~')[0] };
    case 'liquidity-deposited':
    case 'liquidity-withdrawn':
    case 'liquidity-rejected':
    case 'withdrawal-locked':
      return { topic: TOPICS.liquidity.name, owner: event.provider };
    default:
      return undefined;
  }
}

function accepted(event: BookEvent): BookEvent {
  if (event.kind === 'trade-rejected')
    throw new CommandRejectedError(event.code, event.reason, event.tradeId);
  if (event.kind === 'liquidity-rejected' || event.kind === 'account-rejected')
    throw new CommandRejectedError(event.code, event.reason, event.commandId);
  return event;
}
