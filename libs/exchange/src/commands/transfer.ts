import { InvalidInputError } from '#lib/errors';
import { formatMoney, isolatedAccount, MONEY_DECIMALS, parseDecimal } from '#lib/amounts';
import type { AccountPayload } from '#lib/messages';
import type { BookEvent } from '../book/book-event.js';
import { UnknownMarketError } from '../marks/errors.js';
import type { Exchange } from './exchange.js';
import { insufficientMargin, requireCapsAfter } from './withdraw.js';

type Transfer = Extract<AccountPayload, { kind: 'transfer' }>;

/**
 * Moves collateral between a trader's cross margin and an isolated position.
 *
 * @throws {InvalidInputError} for an amount of zero
 * @throws {UnknownMarketError} for a market that is not known: it would be an account of nothing
 * @throws {MarketStateError} where a mark of the account is not good enough to move collateral at
 * @throws {InsufficientMarginError} for more than is free
 * @throws {CreditCapError} where the default of the account would cost more than the pool is to bear
 */
export function transfer(exchange: Exchange, command: Transfer, at: number): BookEvent {
  const { commandId, account, market } = command;
  const amount = parseDecimal(command.amount, MONEY_DECIMALS, 'amount');
  if (amount === 0n) throw new InvalidInputError('amount', 'must not be zero');
  const isolated = isolatedAccount(account, market);
  if (amount > 0n && exchange.board.mark(market) === undefined) throw new UnknownMarketError(market);
  const [from, to, moved] = amount > 0n ? [account, isolated, amount] : [isolated, account, -amount];
  for (const { market: held } of exchange.ledger.account(from).positions)
    exchange.board.requirePermitted(held, 'withdraw');
  if (moved > exchange.accounts.withdrawable(from)) throw insufficientMargin(exchange, from, moved);
  requireCapsAfter(exchange, from, moved);
  const equity = formatMoney(exchange.accounts.exactEquity(from));
  return { kind: 'collateral-moved', at, commandId, from, to, amount: formatMoney(moved), equity };
}
