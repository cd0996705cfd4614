import { InvalidInputError } from '#lib/errors';
import { formatMoney, MONEY_DECIMALS, parseDecimal, toNumber } from '#lib/amounts';
import type { AccountPayload } from '#lib/messages';
import { payableWhileShared } from '../accounts/loss-share.js';
import { payable, type Solvency } from '../accounts/solvency.js';
import type { BookEvent } from '../book/book-event.js';
import { HeldLossError, InsolventError, InsufficientMarginError } from '../errors.js';
import type { Exchange } from './exchange.js';

type Withdrawal = Extract<AccountPayload, { kind: 'withdrawal' }>;

/**
 * Pays out collateral that the initial margin does not need. While the exchange is insolvent, an account that leaves bears
 * the same share of the loss as one that stays: principal is paid in full as long as gains suffice for the loss, gains less their share
 * of it, if the account gives up the rest. Payouts never exceed the exchange's net deposits.
 *
 * @throws {InvalidInputError} for an amount that is none
 * @throws {MarketStateError} where a mark of the account is not good enough to pay out at
 * @throws {InsufficientMarginError} for more than is free
 * @throws {CreditCapError} where the default of the account would cost more than the pool is to bear
 * @throws {HeldLossError} while a price is held back at which not everybody could be paid
 * @throws {InsolventError} where the claim cannot be paid in full and a haircut was not accepted
 */
export function withdraw(exchange: Exchange, command: Withdrawal, at: number): BookEvent {
  const { commandId, account, acceptHaircut = false } = command;
  for (const { market } of exchange.ledger.account(account).positions)
    exchange.board.requirePermitted(market, 'withdraw');
  const free = exchange.accounts.withdrawable(account);
  const all = command.amount === 'available';
  const claim = all ? free : parseDecimal(command.amount, MONEY_DECIMALS, 'amount');
  if (!all && claim <= 0n) throw new InvalidInputError('amount', 'must be positive');
  if (claim > free || claim <= 0n) throw insufficientMargin(exchange, account, claim);
  requireCapsAfter(exchange, account, claim);
  const solvency = exchange.solvency();
  const held = solvency.insolvent ? [] : exchange.heldLosses();
  if (held.length > 0) throw new HeldLossError(held);
  const paid = paidOf(exchange, account, claim);
  if (paid <= 0n || paid > exchange.ledger.netDeposits || (solvency.insolvent && !acceptHaircut))
    throw new InsolventError(
      'withdrawals need acceptHaircut',
      `${formatMoney(paid)} of ${formatMoney(claim)}`,
    );
  return {
    ...{ kind: 'account-withdrawn', at, commandId, account, amount: formatMoney(paid) },
    ...(paid === claim ? {} : { haircut: formatMoney(claim - paid) }),
  };
}

/** The payable part of a claim: all of it, unless a loss is to be shared. */
function paidOf(exchange: Exchange, account: string, claim: bigint): bigint {
  const share = exchange.lossShare();
  if (share === undefined) return claim;
  const equity = exchange.accounts.exactEquity(account);
  return payableWhileShared(share, { equity, gain: exchange.ledger.gainOf(account, equity) }, claim);
}

/** Taking an amount off an account must not raise the cost of its default. @throws {CreditCapError} */
export function requireCapsAfter(
  { accounts, credit }: Exchange,
  marginAccount: string,
  amount: bigint,
): void {
  const after = accounts.atMarks(marginAccount, { legs: [], cost: toNumber(amount, MONEY_DECIMALS) });
  credit.requireCaps(marginAccount, () => accounts.atMarks(marginAccount), after);
}

/** The refusal of taking an amount off an account. */
export function insufficientMargin(
  { accounts }: Exchange,
  marginAccount: string,
  amount: bigint,
): InsufficientMarginError {
  const { equity, initialMargin } = accounts.standing(marginAccount);
  return new InsufficientMarginError(marginAccount, equity - toNumber(amount, MONEY_DECIMALS), initialMargin);
}

/** The share of a claim that can be paid. */
export function shareText(solvency: Solvency): string {
  return `${(Number(payable(solvency, 1_000_000n)) / 10_000).toFixed(2)} %`;
}
