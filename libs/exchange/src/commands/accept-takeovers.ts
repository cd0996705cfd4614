import { InvalidInputError } from '#lib/errors';
import { formatMoney, MONEY_DECIMALS, parseDecimal } from '#lib/amounts';
import type { AccountPayload } from '#lib/messages';
import type { TakeoversAccepted } from '../book/book-event.js';
import { UnknownAccountError } from '../errors.js';
import type { Exchange } from './exchange.js';

type AcceptTakeovers = Extract<AccountPayload, { kind: 'accept-takeovers' }>;

/**
 * Lets the reports of liquidators pass positions to an account, up to a notional. A liquidator's report names the account: without its
 * consent it would be given positions that it has not asked for.
 *
 * @throws {InvalidInputError} for a negative notional
 * @throws {UnknownAccountError} for an account without money: it could take nothing over
 */
export function acceptTakeovers(
  { ledger }: Exchange,
  { commandId, account, notional: text, discount = 0 }: AcceptTakeovers,
  at: number,
): TakeoversAccepted {
  const notional = parseDecimal(text, MONEY_DECIMALS, 'notional');
  if (notional < 0n) throw new InvalidInputError('notional', 'must not be negative');
  if (!ledger.hasAccount(account)) throw new UnknownAccountError(account);
  return { kind: 'takeovers-accepted', at, commandId, account, notional: formatMoney(notional), discount };
}
