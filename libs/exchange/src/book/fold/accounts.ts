import { MONEY_DECIMALS, parseDecimal } from '#lib/amounts';
import type {
  AccountDeposited,
  AccountWithdrawn,
  CollateralMoved,
  CreditCharged,
  MarginReleased,
  MarginReserved,
  TakeoversAccepted,
} from '../book-event.js';
import type { Books } from '../books.js';
import { credit } from '../waterfall.js';

const money = (text: string, field: string) => parseDecimal(text, MONEY_DECIMALS, field);

export function deposit(books: Books, event: AccountDeposited): void {
  const amount = money(event.amount, 'amount');
  books.addCash(event.account, amount);
  books.windows.addInflow(event.account, amount);
  books.deposits += amount;
}

export function withdraw(books: Books, event: AccountWithdrawn): void {
  const amount = money(event.amount, 'amount');
  const haircut = money(event.haircut ?? '0', 'haircut');
  books.addCash(event.account, -amount - haircut);
  books.windows.addInflow(event.account, -amount);
  books.withdrawals += amount;
  books.collected.haircuts += haircut;
  credit(books, haircut);
}

/** An account's debt for its default option up to now, and its charge an hour from now on. */
export function chargeCredit(books: Books, event: CreditCharged): void {
  const charged = money(event.charged, 'charged');
  const rate = money(event.rate, 'rate');
  books.addCash(event.account, -charged);
  books.creditReserve += charged;
  books.collected.creditCharges += charged;
  books.credit.set(event.account, rate, event.at);
}

export function reserveMargin(books: Books, event: MarginReserved): void {
  books.reserveMargin(event.account, event.commandId, {
    amount: money(event.amount, 'amount'),
    legs: (event.legs ?? []).map(([market, notional]) => [market, money(notional, 'legs')]),
  });
}

export function releaseMargin(books: Books, event: MarginReleased): void {
  books.release(event.account, event.reservationId);
}

export function acceptTakeovers(books: Books, event: TakeoversAccepted): void {
  books.acceptTakeovers(event.account, money(event.notional, 'notional'), event.discount);
}

export function moveCollateral(books: Books, event: CollateralMoved): void {
  const amount = money(event.amount, 'amount');
  books.addCash(event.from, -amount);
  books.addCash(event.to, amount);
  const ends =
    event.from.includes('~') && books.cashOf(event.from) === 0n && !books.positions.has(event.from);
  const equity = event.equity === undefined ? amount : money(event.equity, 'equity');
  books.windows.move(event.from, event.to, amount, equity, ends);
  // An isolated position's account ends with it: anybody could make any number.
  if (ends) books.cash.delete(event.from);
}
