import { InvalidInputError } from '#lib/errors';
import { formatMoney, MONEY_DECIMALS, parseDecimal } from '#lib/amounts';
import type { AccountPayload } from '#lib/messages';
import type { BookEvent } from '../book/book-event.js';

type Deposit = Extract<AccountPayload, { kind: 'deposit' }>;

/** Credits collateral that has come in. @throws {InvalidInputError} for an amount that is none */
export function deposit({ commandId, account, amount: text }: Deposit, at: number): BookEvent {
  const amount = parseDecimal(text, MONEY_DECIMALS, 'amount');
  if (amount <= 0n) throw new InvalidInputError('amount', 'must be positive');
  return { kind: 'account-deposited', at, commandId, account, amount: formatMoney(amount) };
}
