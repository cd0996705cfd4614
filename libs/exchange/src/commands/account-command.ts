import type { AccountPayload } from '#lib/messages';
import type { BookEvent } from '../book/book-event.js';
import { acceptTakeovers } from './accept-takeovers.js';
import { claimNote } from './claim-note.js';
import { deposit } from './deposit.js';
import type { Exchange } from './exchange.js';
import { release, reserve } from './reserve.js';
import { transfer } from './transfer.js';
import { withdraw } from './withdraw.js';

/** The event of a trader's command, by its handler. @throws {ZkriskError} where the handler refuses it */
export function accountCommand(exchange: Exchange, command: AccountPayload, at: number): BookEvent {
  switch (command.kind) {
    case 'deposit':
      return deposit(command, at);
    case 'withdrawal':
      return withdraw(exchange, command, at);
    case 'transfer':
      return transfer(exchange, command, at);
    case 'reserve':
      return reserve(exchange, command, at);
    case 'release':
      return release(exchange, command, at);
    case 'claim':
      return claimNote(exchange, command, at);
    case 'accept-takeovers':
      return acceptTakeovers(exchange, command, at);
  }
}
