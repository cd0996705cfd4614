import { MONEY_DECIMALS, parseDecimal, UNIT_DECIMALS } from '#lib/amounts';
import type {
  LiquidityAsked,
  LiquidityDeposited,
  LiquidityRejected,
  LiquidityValued,
  LiquidityWithdrawn,
  WithdrawalLocked,
} from '../book-event.js';
import type { Books } from '../books.js';
import { credit, creditLiquidity, leaveToCapital } from '../waterfall.js';

const money = (text: string, field: string) => parseDecimal(text, MONEY_DECIMALS, field);

/** Ids are their owners': two providers may use the same one. */
export function providerCommand(provider: string, commandId: string): string {
  return `${provider}|${commandId}`;
}

export function ask(books: Books, event: LiquidityAsked): void {
  const { commandId, provider, ask: what } = event;
  const shares = money(event.shares, 'shares');
  const amount = money(event.amount, 'amount');
  const command = { commandId, provider, ask: what, amount, shares, askedAt: event.at };
  books.waiting.set(providerCommand(provider, commandId), command);
  books.reserve(provider, shares, 1);
}

export function deposit(books: Books, event: LiquidityDeposited): void {
  answered(books, event.provider, event.commandId);
  const amount = money(event.amount, 'amount');
  books.liquidity += amount;
  books.deposits += amount;
  books.addShares(event.provider, money(event.shares, 'shares'));
}

export function lock(books: Books, event: WithdrawalLocked): void {
  const { commandId, provider, releaseAt } = event;
  answered(books, provider, commandId);
  const shares = money(event.shares, 'shares');
  books.locked.set(providerCommand(provider, commandId), { commandId, provider, shares, releaseAt });
  books.reserve(provider, shares, 1);
}

export function withdraw(books: Books, event: LiquidityWithdrawn): void {
  const { provider, commandId } = event;
  answered(books, provider, commandId);
  const locked = books.locked.get(providerCommand(provider, commandId));
  if (locked !== undefined) {
    books.locked.delete(providerCommand(provider, commandId));
    books.reserve(provider, -locked.shares, -1);
  }
  const paid = money(event.paid, 'paid');
  const fee = money(event.fee, 'fee');
  books.addShares(provider, -money(event.shares, 'shares'));
  books.liquidity -= paid + fee;
  books.withdrawals += paid;
  books.collected.fees += fee;
  credit(books, fee);
  leaveToCapital(books);
}

export function reject(books: Books, event: LiquidityRejected): void {
  answered(books, event.provider, event.commandId);
}

/** A fall beyond L has been lost to traders already: P bears it, and past P nobody. */
export function value(books: Books, event: LiquidityValued): void {
  const amount = money(event.amount, 'amount');
  books.backings.set(event.provider, {
    vault: event.vault,
    units: parseDecimal(event.units, UNIT_DECIMALS, 'units'),
    amount: money(event.backing, 'backing'),
    deficit: money(event.deficit, 'deficit'),
    settled: parseDecimal(event.settled, UNIT_DECIMALS, 'settled'),
    valuedAt: event.valuedAt,
  });
  const shares = money(event.shares, 'shares');
  if (shares >= 0n) books.addShares(event.provider, shares);
  if (amount > 0n) {
    books.liquidity += amount;
    books.deposits += amount;
  } else {
    creditLiquidity(books, amount);
    books.withdrawals -= amount;
  }
  if (shares < 0n) books.addShares(event.provider, shares);
  leaveToCapital(books);
}

function answered(books: Books, provider: string, commandId: string): void {
  const waiting = books.waiting.get(providerCommand(provider, commandId));
  if (waiting === undefined) return;
  books.waiting.delete(providerCommand(provider, commandId));
  books.reserve(provider, -waiting.shares, -1);
}
