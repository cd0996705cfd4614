import { describe, expect, it } from 'vitest';
import { InvalidInputError } from '#lib/errors';
import type { MarketBoard } from '../marks/market-board.js';
import { QuoteStaleError } from '../errors.js';
import { nettedLegs } from './netted-legs.js';
import { quotedTerms } from './quoted-terms.js';
import type { PricedLeg, TradePrice } from './trade-price.js';

const leg = (market: string, size: string) => ({ market, size });
const UNIT = 10n ** 8n;

describe(nettedLegs, () => {
  it('are netted by market, in the order in which the markets first come', () => {
    expect(nettedLegs([leg('B', '1'), leg('A', '2'), leg('B', '-3'), leg('A', '-2')])).toEqual([
      { market: 'B', size: -2n * UNIT, mark: undefined },
      { market: 'A', size: 0n, mark: undefined },
    ]);
    expect(nettedLegs([])).toEqual([]);
  });

  it('have the price that was agreed for each, one a market', () => {
    expect(nettedLegs([leg('A', '1')], ['7'])).toEqual([{ market: 'A', size: UNIT, mark: '7' }]);
    expect(nettedLegs([leg('A', '1')])).toEqual([{ market: 'A', size: UNIT, mark: undefined }]);
    expect(nettedLegs([leg('A', '1'), leg('B', '2')], ['7', '8']).map(({ mark }) => mark)).toEqual([
      '7',
      '8',
    ]);
    expect(() => nettedLegs([leg('A', '1'), leg('B', '2'), leg('A', '1')], ['7', '8', '9'])).toThrow(
      'legs.2.market: A is there twice',
    );
  });

  it('are refused where a size is none', () => {
    for (const legs of [[leg('A', 'x')], [leg('A', '1'), leg('B', 'x')]])
      expect(() => nettedLegs(legs)).toThrow(InvalidInputError);
  });
});

describe(quotedTerms, () => {
  const money = (value: number) => BigInt(Math.round(value * 1e8));
  /** A mark of 100 in every market. */
  const board = { mark: () => ({ price: 100n * 10n ** 12n }) } as unknown as MarketBoard;
  const priced = (size: number, price: number) =>
    ({ name: 'A', exactSize: money(size), exactPrice: BigInt(Math.round(price * 1e12)) }) as PricedLeg;
  const terms = (
    premium: number,
    now: readonly [risk: number, liquidity: number],
    legs = [priced(1, 100)],
    tolerance = 0.1,
  ) =>
    quotedTerms(
      { quoteId: 'q', marks: [], riskPremium: String(premium), liquidityPremium: '0' },
      { legs, riskPremium: money(now[0]), liquidityPremium: money(now[1]) } as unknown as TradePrice,
      board,
      tolerance,
    );

  it('are the quote’s own while the trade has not become dearer than the tolerance', () => {
    expect(terms(10, [6, 5])).toEqual({ riskPremium: money(10), liquidityPremium: 0n });
    // A hundredth of a basis point of the notional is within any tolerance: 100 carry 0.0001.
    expect(terms(10, [6, 5.0001]).riskPremium).toBe(money(10));
    expect(() => terms(10, [6, 5.00010001])).toThrow(QuoteStaleError);
    expect(() => terms(10, [6, 4.5], [priced(1, 100)], 0.04)).toThrow(
      /premium of 10, the same trade now costs 10.5/,
    );
    expect(terms(0, [0.00005, 0.00005]).riskPremium).toBe(0n);
    expect(terms(10, [1, 1]).riskPremium).toBe(money(10));
  });

  it('count a mark that has moved against the pool as a cost, and one that has moved for it as nothing', () => {
    // Bought at 99.5 where the mark is 100: half is the trader’s.
    expect(terms(10, [5, 5.5], [priced(1, 99.5)]).riskPremium).toBe(money(10));
    expect(() => terms(10, [5, 5.6], [priced(1, 99.5)])).toThrow(QuoteStaleError);
    expect(() => terms(10, [5, 5.6], [priced(-1, 100.5)])).toThrow(QuoteStaleError);
    expect(() => terms(10, [6, 5.1], [priced(1, 200)])).toThrow(QuoteStaleError);
    // Of several legs together: 0.5 against it and 0.5 for it.
    expect(terms(10, [5.5, 5.5], [priced(1, 99.5), priced(1, 100.5)]).riskPremium).toBe(money(10));
    // The allowance is of the whole notional, whichever the sides.
    expect(terms(10, [5.5, 5.5002], [priced(1, 100), priced(-1, 100)]).riskPremium).toBe(money(10));
  });

  it('have no negative premium', () => {
    const quote = (riskPremium: string, liquidityPremium: string) => () =>
      quotedTerms(
        { quoteId: 'q', marks: [], riskPremium, liquidityPremium },
        { legs: [], riskPremium: 0n, liquidityPremium: 0n } as unknown as TradePrice,
        board,
        1,
      );
    expect(quote('-1', '2')).toThrow(InvalidInputError);
    expect(quote('2', '-1')).toThrow(InvalidInputError);
    expect(quote('0', '0')()).toEqual({ riskPremium: 0n, liquidityPremium: 0n });
  });
});
