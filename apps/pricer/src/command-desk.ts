import type { EventLog } from '#lib/events';
import { outgoing, type Topic } from '#lib/messages';
import {
  type BookEvent,
  commandOf,
  CommandRejectedError,
  contentDigest,
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
   * Sends a command and waits for its outcome. The command's id makes it safe to repeat: the same content is booked once.
   *
   * @throws {CommandRejectedError} with the refusal's own code
   * @throws {CommandIdReusedError} where the owner has used the id for another content
   * @throws {NoMarketTimeError} before the first price
   * @throws {OutcomePendingError} where it has been taken but not been booked in time
   */
  async submit<Payload>(
    topic: Topic<Payload>,
    owner: string,
    commandId: string,
    payload: Payload,
  ): Promise<BookEvent> {
    const time = this.pricer.engine.board.now;
    if (time === 0) throw new NoMarketTimeError();
    const key = { topic: topic.name, owner, id: commandId };
    const digest = contentDigest(payload);
    // Waiting begins before sending: the outcome cannot slip by in between.
    const booked = this.pricer.outcome(key, digest, OUTCOME_TIMEOUT_MS);
    booked.catch(() => undefined);
    const header = { id: commandId, sequence: 0, time };
    await this.log.publish([outgoing(topic, owner, header, payload)]);
    const event = await booked;
    if (event === undefined) throw new OutcomePendingError(commandId);
    return accepted(event);
  }

  /**
   * The outcome of a trade that was decided earlier, for a caller who may act for its account; undefined where there is none.
   *
   * @param accounts the caller is bound to; null: all
   */
  async knownTrade(
    tradeId: string,
    accounts: ReadonlySet<string> | null,
    topic?: { readonly name: string },
  ): Promise<BookEvent | undefined> {
    const trades = await this.pricer.tradesOfAnyone(tradeId, topic);
    const own = trades.find((event) => {
      const owner = commandOf(event)?.owner;
      return owner !== undefined && (accounts === null || accounts.has(owner));
    });
    return own && accepted(own);
  }
}

function accepted(event: BookEvent): BookEvent {
  if (event.kind === 'match-rejected')
    throw new CommandRejectedError(event.code, event.reason, event.matchId);
  if (event.kind === 'trade-rejected')
    throw new CommandRejectedError(event.code, event.reason, event.tradeId);
  if (
    event.kind === 'liquidity-rejected' ||
    event.kind === 'account-rejected' ||
    event.kind === 'parameters-rejected'
  )
    throw new CommandRejectedError(event.code, event.reason, event.commandId);
  return event;
}
