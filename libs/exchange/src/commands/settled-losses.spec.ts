import { describe, expect, it } from 'vitest';
import { InvalidInputError } from '#lib/errors';
import { LARGEST_LEVERAGE, LEVERAGE_UNIT } from '#lib/margin';
import { BOOK_EVENTS } from '../../../../test/support/book-events.js';
import type { PositionsReduced } from '../book/book-event.js';
import {
  lossLeaves,
  lossStatementOf,
  reductionEquityFailures,
  reductionLeavesOf,
  reductionStatementOf,
  reductionTermsOf,
} from './settled-losses.js';

const MONEY = 10n ** 8n;

describe('the statement of a shared loss', () => {
  it('is in the settlement’s last event, with amounts in the books’ units', () => {
    const chunk = { accounts: 2, gains: '5', principal: '7', cuts: '3', last: 'y', leaves: 'aa', root: 'bb' };
    expect(lossStatementOf({ ...BOOK_EVENTS['haircut-settled'], need: '3', chunks: [chunk] })).toEqual({
      need: 3n * MONEY,
      chunks: [
        {
          accounts: 2,
          last: 'y',
          leaves: 'aa',
          root: 'bb',
          gains: 5n * MONEY,
          principal: 7n * MONEY,
          cuts: 3n * MONEY,
        },
      ],
    });
  });

  it('has a leaf for every account with equity, cut or not', () => {
    expect(lossLeaves(BOOK_EVENTS['gains-cut'])).toEqual([
      { account: 'x', equity: 2n * MONEY, gain: MONEY, cut: MONEY },
      { account: 'y', equity: 2n * MONEY, gain: 0n, cut: 0n },
    ]);
  });
});

describe('the statement of a reduction', () => {
  const program = {
    markets: [
      { market: 'A', price: '2', reduce: '-3' },
      { market: 'B', price: '0.000000000001', reduce: '1' },
    ],
    covariance: ['10', '5', '20'],
    prices: ['7', '8'],
  };
  const chunk = { accounts: 1, closed: ['4', '5'], last: 'x', leaves: 'aa', root: 'bb' };
  const part = (changes: Partial<PositionsReduced> = {}): PositionsReduced => ({
    ...BOOK_EVENTS['positions-reduced'],
    reductions: [
      { account: 'x', market: 'A', size: '-1', price: '2' },
      { account: 'x', market: 'A', size: '-2', price: '2' },
      { account: 'x', market: 'B', size: '1', price: '0.000000000001' },
    ],
    held: [
      [
        'x',
        '4',
        [
          ['A', '5'],
          ['B', '-1'],
        ],
      ],
      ['y', '1', []],
    ],
    ...changes,
  });

  it('has its terms in units of 2⁻³⁰ of money: the size to close to the nearest, the smallest position rounded up', () => {
    expect(reductionTermsOf(program)).toEqual({
      ...{ covariance: [10n, 5n, 20n], prices: [7n, 8n] },
      // −3 at 2, and 10⁸ units of 10⁻¹² each: 0.0001 units of money.
      reduce: [-6n * MONEY * LEVERAGE_UNIT, LEVERAGE_UNIT / 10_000n],
      smallest: [2n * LEVERAGE_UNIT, 1n],
    });
  });

  it('has positions over equity as leaves, kept with their sides and closed without', () => {
    const [x, y] = reductionLeavesOf(program, part());
    // 5 at 2 over 4: two and a half; of 3 closed, each leg is rounded by itself.
    expect(x).toMatchObject({ account: 'x', equity: 4n * MONEY });
    expect([x.kept[0], x.closed[0]]).toEqual([(5n * LEVERAGE_UNIT) / 2n, (3n * LEVERAGE_UNIT) / 2n]);
    expect([x.kept[1], x.closed[1]]).toEqual([0n, 0n]);
    expect(y).toEqual({ account: 'y', equity: MONEY, kept: [0n, 0n], closed: [0n, 0n] });
    expect(reductionLeavesOf(program, { ...part(), held: undefined })).toEqual([]);
  });

  it('is refused with an equity of nothing, or a market that the reduction does not have', () => {
    expect(() => reductionLeavesOf(program, part({ held: [['x', '0', []]] }))).toThrow(InvalidInputError);
    expect(() => reductionLeavesOf(program, part({ held: [['x', '1', [['C', '1']]]] }))).toThrow(
      /x has a position in C/,
    );
  });

  it('is in the reduction’s parts, where they have one', () => {
    expect(reductionStatementOf([])).toBeUndefined();
    expect(reductionStatementOf([part()])).toBeUndefined();
    expect(reductionStatementOf([part({ program, chunk }), part({ chunk }), part()])).toEqual({
      terms: reductionTermsOf(program),
      chunks: [
        { ...chunk, closed: [4n, 5n] },
        { ...chunk, closed: [4n, 5n] },
      ],
    });
  });

  it('weighs positions by the equity that the settlement has left, or a 256th of the positions where that is more', () => {
    const most = LARGEST_LEVERAGE * LEVERAGE_UNIT;
    const share = (account: string, equity: bigint, cut: bigint) => ({ account, equity, gain: 0n, cut });
    const leaf = (equity: bigint, kept: readonly bigint[], closed: readonly bigint[]) => ({
      account: 'x',
      equity,
      kept,
      closed,
    });
    const failures = (equity: bigint, kept: readonly bigint[], closed: readonly bigint[], left = 30n) =>
      reductionEquityFailures([leaf(equity, kept, closed)], [share('x', left + 10n, 10n)]);
    expect(failures(30n, [1n], [2n])).toEqual([]);
    expect(failures(31n, [1n], [2n])).toEqual(['x was weighed by 31, it had 30 left']);
    expect(failures(29n, [most], [0n])).toHaveLength(1);
    // Raised to a 256th: gross is 256 times it, but for two roundings a market.
    expect(failures(31n, [most - 1n, -5n], [0n, 0n])).toEqual([]);
    expect(failures(31n, [most - 10n, -4n], [1n, 1n])).toEqual([]);
    expect(failures(31n, [most - 10n, -4n], [1n, 0n])).toHaveLength(1);
    // A unit is the least there is.
    expect(failures(1n, [0n], [0n], 0n)).toEqual([]);
    expect(failures(1n, [0n], [0n], 2n)).toHaveLength(1);
    expect(reductionEquityFailures([leaf(1n, [0n], [0n])], [])).toEqual([
      'x was reduced, and is not in the settlement',
    ]);
  });
});
