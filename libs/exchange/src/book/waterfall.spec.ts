import { describe, expect, it } from 'vitest';
import type { Books } from './books.js';
import { credit, creditLiquidity, creditLoss, leaveToCapital } from './waterfall.js';

interface Money {
  capital: bigint;
  creditReserve: bigint;
  reserveBorne: bigint;
  liquidity: bigint;
  borne: bigint;
  shortfall: bigint;
  totalShares: bigint;
}

const NOTHING: Money = {
  ...{ capital: 0n, creditReserve: 0n, reserveBorne: 0n, liquidity: 0n, borne: 0n },
  ...{ shortfall: 0n, totalShares: 0n },
};

/** The books after a step, without parts that are 0. */
function after(step: (books: Books) => void, before: Partial<Money>): Partial<Money> {
  const books = { ...NOTHING, ...before };
  step(books as Books);
  return Object.fromEntries(Object.entries(books).filter(([, amount]) => amount !== 0n));
}

describe(credit, () => {
  const full = { capital: 30n, creditReserve: 20n, liquidity: 40n };
  const lose = (amount: bigint) => (books: Books) => credit(books, -amount);
  const gain = (amount: bigint) => (books: Books) => credit(books, amount);

  it.each([
    [10n, { capital: 20n, creditReserve: 20n, liquidity: 40n }],
    [30n, { creditReserve: 20n, liquidity: 40n }],
    [31n, { creditReserve: 19n, reserveBorne: 1n, liquidity: 40n }],
    [51n, { reserveBorne: 20n, liquidity: 39n, borne: 1n }],
    [100n, { reserveBorne: 20n, borne: 40n, shortfall: 10n }],
  ])('has a loss of %d borne by P, the reserve, L, then nobody', (amount, expected) => {
    expect(after(lose(amount), full)).toEqual(expected);
  });

  it.each([
    [10n, { reserveBorne: 20n, borne: 40n }],
    [11n, { reserveBorne: 20n, borne: 39n, liquidity: 1n }],
    [51n, { reserveBorne: 19n, creditReserve: 1n, liquidity: 40n }],
    [100n, full],
  ])('has a gain of %d go back the other way', (amount, expected) => {
    expect(after(gain(amount), { reserveBorne: 20n, borne: 40n, shortfall: 10n })).toEqual(expected);
  });

  it('takes nothing of capital or liquidity that is below nothing', () => {
    expect(after(lose(10n), { capital: -5n, liquidity: -7n })).toEqual({
      ...{ capital: -5n, liquidity: -7n, shortfall: 10n },
    });
  });
});

describe(creditLiquidity, () => {
  const earn = (amount: bigint) => (books: Books) => creditLiquidity(books, amount);

  it('is P’s with nobody to earn it', () => {
    expect(after(earn(10n), {})).toEqual({ capital: 10n });
  });

  it('makes the shortfall good before providers earn', () => {
    const shared = { totalShares: 1n, liquidity: 5n, shortfall: 7n };
    expect(after(earn(10n), shared)).toEqual({ totalShares: 1n, liquidity: 8n });
    expect(after(earn(6n), shared)).toEqual({ totalShares: 1n, liquidity: 5n, shortfall: 1n });
  });

  it('is a loss of theirs, beyond L of P’s, then nobody’s', () => {
    const shared = { totalShares: 1n, liquidity: 5n, capital: 2n };
    expect(after(earn(-4n), shared)).toEqual({ totalShares: 1n, liquidity: 1n, capital: 2n });
    expect(after(earn(-6n), shared)).toEqual({ totalShares: 1n, capital: 1n });
    expect(after(earn(-9n), shared)).toEqual({ totalShares: 1n, shortfall: 2n });
    // A loss does not make a shortfall good.
    expect(after(earn(-4n), { ...shared, shortfall: 3n })).toMatchObject({ liquidity: 1n, shortfall: 3n });
  });
});

describe(leaveToCapital, () => {
  it('gives P the rest when the last share is gone, and forgets losses that nobody can be given back', () => {
    expect(after(leaveToCapital, { liquidity: 9n, borne: 4n, capital: 1n })).toEqual({ capital: 10n });
  });

  it('leaves liquidity that somebody has a share of', () => {
    const shared = { totalShares: 1n, liquidity: 9n, borne: 4n };
    expect(after(leaveToCapital, shared)).toEqual(shared);
  });
});

describe(creditLoss, () => {
  const lose = (loss: bigint) => (books: Books) => creditLoss(books, loss);

  it('is paid by the reserve before P and L bear it, and the reserve is not given it back', () => {
    expect(after(lose(15n), { creditReserve: 20n, capital: 40n })).toEqual({
      creditReserve: 5n,
      capital: 40n,
    });
    expect(after(lose(50n), { creditReserve: 20n, capital: 40n })).toEqual({ capital: 10n });
  });
});
