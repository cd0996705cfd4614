import { positive } from '#lib/amounts';
import type { Books } from './books.js';

/**
 * A gain of the pool, or its loss where negative. Losses are borne by P, then the credit reserve, then L, then nobody: the
 * shortfall. Gains go back the other way: the shortfall first, then losses that L has borne, then those of the reserve, then P. Who has
 * shares depend on the sum of gains and losses alone, not on their order.
 */
export function credit(books: Books, amount: bigint): void {
  if (amount < 0n) {
    const byCapital = smaller(-amount, positive(books.capital));
    const byReserve = smaller(-amount - byCapital, books.creditReserve);
    const byLiquidity = smaller(-amount - byCapital - byReserve, positive(books.liquidity));
    books.capital -= byCapital;
    books.creditReserve -= byReserve;
    books.reserveBorne += byReserve;
    books.liquidity -= byLiquidity;
    books.borne += byLiquidity;
    books.shortfall += -amount - byCapital - byReserve - byLiquidity;
    return;
  }
  const repaid = smaller(amount, books.shortfall);
  const restored = smaller(amount - repaid, books.borne);
  const returned = smaller(amount - repaid - restored, books.reserveBorne);
  books.shortfall -= repaid;
  books.borne -= restored;
  books.liquidity += restored;
  books.reserveBorne -= returned;
  books.creditReserve += returned;
  books.capital += amount - repaid - restored - returned;
}

/**
 * Earnings of the liquidity providers, losses where negative: a loss beyond L is P's and then nobody's. With nobody to
 * earn it, it is P's.
 */
export function creditLiquidity(books: Books, amount: bigint): void {
  if (books.totalShares === 0n && amount >= 0n) {
    credit(books, amount);
    return;
  }
  const repaid = amount > 0n ? smaller(amount, books.shortfall) : 0n;
  books.shortfall -= repaid;
  const left = books.liquidity + amount - repaid;
  books.liquidity = left > 0n ? left : 0n;
  if (left < 0n) credit(books, left);
}

/** When the last share is gone, the unclaimed rest is P's. */
export function leaveToCapital(books: Books): void {
  if (books.totalShares !== 0n) return;
  const left = books.liquidity;
  books.liquidity = 0n;
  books.borne = 0n;
  credit(books, left);
}

/** A default: the credit reserve pays before P and L bear it. @param loss not negative */
export function creditLoss(books: Books, loss: bigint): void {
  const byReserve = smaller(loss, books.creditReserve);
  books.creditReserve -= byReserve;
  credit(books, byReserve - loss);
}

function smaller(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
