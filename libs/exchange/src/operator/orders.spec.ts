// Long because it is one list: each order of the operator that changes the books, with its figures.
import { describe, expect, it } from 'vitest';
import { InvalidInputError } from '#lib/errors';
import { BOOK_EVENTS } from '../../../../test/support/book-events.js';
import { markParameters } from '../marks/mark-parameters.js';
import { MarkKeeper } from '../marks/mark-keeper.js';
import { type MarketOrder, marketOrderSeal } from '../marks/market-order.js';
import { rescaleFactor } from '../marks/rescaled-market.js';
import type { BookEvent, TradeBooked } from '../book/book-event.js';
import { ExchangeLedger } from '../book/exchange-ledger.js';
import { busted, followersOf } from './bust.js';
import { changesBooks } from './carry-out.js';
import { afterSettlement, delisted, positionsSettled } from './delist.js';
import { inParts } from './parts.js';
import { rescaled } from './rescale.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const MONEY = 10n ** 8n;
const ORDER = { market: 'A', by: 'olga', reason: 'a test' };
const mark = (text: string) => ({
  text,
  price: BigInt(Math.round(Number(text) * 1e6)) * 10n ** 6n,
  value: Number(text),
  time: 0,
});

/** x and y hold A, z holds B. */
function ledger(sizes: Readonly<Record<string, string>> = { x: '2.5', y: '-1' }): ExchangeLedger {
  const made = new ExchangeLedger(DAY, HOUR);
  const booked = (account: string, market: string, size: string) => {
    made.apply({ ...BOOK_EVENTS['account-deposited'], at: 0, account, amount: '100' });
    made.apply({ ...BOOK_EVENTS['trade-booked'], at: 0, account, legs: [{ market, size, price: '100' }] });
  };
  for (const [account, size] of Object.entries(sizes)) booked(account, 'A', size);
  booked('z', 'B', '1');
  return made;
}

describe('a list in parts', () => {
  it('has 2,000 entries in each at most, and one empty part of nothing', () => {
    const lengths = (length: number) => inParts(new Array<number>(length).fill(0)).map((part) => part.length);
    expect([lengths(0), lengths(1), lengths(2000), lengths(2001), lengths(4000)]).toEqual([
      ...[[0], [1], [2000], [2000, 1], [2000, 2000]],
    ]);
    expect(inParts(Array.from({ length: 2001 }, (_, i) => i))[1]).toEqual([2000]);
  });
});

describe('orders that change the books', () => {
  it('are a rescaling, a delisting and a bust', () => {
    const orders = [
      'halt',
      'reduce-only',
      'resume',
      'confirm',
      'refuse',
      'accept-time',
      'rescale',
      'delist',
      'bust',
    ] as const;
    expect(orders.filter((order) => changesBooks({ order } as MarketOrder))).toEqual([
      'rescale',
      'delist',
      'bust',
    ]);
  });
});

describe(rescaled, () => {
  it('takes each position to the new unit, and pays what rounding leaves, against the account', () => {
    const factor = rescaleFactor('1000000000');
    const events = rescaled(
      ledger({ x: '2.5', y: '-1', w: '-15' }),
      ORDER,
      factor,
      { from: mark('3'), to: mark('3000000000') },
      7,
    );
    expect(events).toEqual([
      {
        ...{ kind: 'market-rescaled', at: 7, market: 'A', factor: '1000000000', from: '3', to: '3000000000' },
        ...{ last: true, by: 'olga', reason: 'a test' },
        accounts: [
          // 2.5 units of 3 are nothing in the new unit: 7.5 in money, less the entry of 250 that goes along.
          ['x', '0', '-242.5', '250'],
          ['y', '0', '97', '-100'],
          ['w', '-0.00000001', '-15', '0'],
        ],
      },
    ]);
  });

  it('is done in parts, of which the last says so; of nobody’s position in one', () => {
    const factor = rescaleFactor('10');
    const marks = { from: mark('100'), to: mark('1000') };
    const many = ledger(Object.fromEntries(Array.from({ length: 2001 }, (_, i) => [`a${i}`, '1'])));
    const events = rescaled(many, ORDER, factor, marks, 7);
    expect(events.map(({ accounts, last }) => [accounts.length, last])).toEqual([
      [2000, false],
      [1, true],
    ]);
    expect(rescaled(ledger({}), ORDER, factor, marks, 7)).toMatchObject([{ accounts: [], last: true }]);
  });
});

describe('delisting', () => {
  it('closes every position at the stated price, and takes the rest of the funding along', () => {
    const books = ledger();
    expect(positionsSettled(books, 'A', mark('90'), 7)).toEqual([
      {
        kind: 'positions-settled',
        at: 7,
        market: 'A',
        price: '90',
        accounts: [
          ['x', '-2.5'],
          ['y', '1'],
        ],
      },
    ]);
    expect(positionsSettled(ledger({}), 'A', mark('90'), 7)).toEqual([]);
    books.apply({ kind: 'funding-accrued', at: 7, markets: [['A', '3', '1', '0']] });
    expect(delisted(books, ORDER, mark('90'), 7)).toEqual({
      ...{ kind: 'market-delisted', at: 7, price: '90', funding: '4', ...ORDER },
    });
  });

  it('leaves debts to the pool and collateral of isolated positions to their owners', () => {
    const books = new ExchangeLedger(DAY, HOUR);
    for (const [account, haircut] of [
      ['x', '130'],
      ['x~A', '40'],
      ['y', '100'],
      ['y~A', '100'],
      ['z', '3'],
    ]) {
      books.apply({ ...BOOK_EVENTS['account-deposited'], at: 0, account, amount: '100' });
      books.apply({ ...BOOK_EVENTS['account-withdrawn'], at: 0, account, amount: '0', haircut });
    }
    books.apply({
      ...BOOK_EVENTS['trade-booked'],
      at: 0,
      account: 'z~B',
      legs: [{ market: 'B', size: '1', price: '1' }],
    });
    expect(afterSettlement(books, ['x', 'x~A', 'y', 'y~A', 'z', 'z~B'], 7)).toEqual([
      { kind: 'bankruptcy-settled', at: 7, account: 'x', loss: '30' },
      { kind: 'collateral-moved', at: 7, commandId: null, from: 'x~A', to: 'x', amount: '60' },
    ]);
  });
});

describe('taking a trade back', () => {
  const trade = (changes: Partial<TradeBooked> = {}): TradeBooked => ({
    ...BOOK_EVENTS['trade-booked'],
    ...{ at: 5, account: 'x~A', riskPremium: '3', liquidityPremium: '48', ...changes },
  });
  const dust: BookEvent = {
    ...BOOK_EVENTS['dust-closed'],
    account: 'x~A',
    market: 'B',
    size: '0.1',
    price: '50',
  };
  const debt: BookEvent = { ...BOOK_EVENTS['bankruptcy-settled'], account: 'x~A', loss: '4' };
  const back: BookEvent = {
    ...BOOK_EVENTS['collateral-moved'],
    commandId: null,
    from: 'x~A',
    to: 'x',
    amount: '30',
  };

  describe(followersOf, () => {
    const charge: BookEvent = { ...BOOK_EVENTS['credit-charged'], account: 'x~A' };
    const others: BookEvent[] = [
      ...[
        { ...dust, account: 'y' },
        { ...debt, account: 'y' },
        { ...back, commandId: 'c' },
        { ...back, from: 'y~A' },
      ],
      ...[BOOK_EVENTS['account-deposited'], { ...BOOK_EVENTS['trade-booked'], account: 'x~A' }],
    ];
    it('are the events of its own decision, whatever is charged between', () => {
      expect(followersOf(trade(), [charge, dust, charge, debt, back])).toEqual([dust, debt, back]);
      expect(followersOf(trade(), [])).toEqual([]);
    });
    it.each(others.map((event) => [event.kind, event] as const))(
      'end with another command’s %s',
      (_kind, event) => {
        expect(followersOf(trade(), [dust, event, debt])).toEqual([dust]);
      },
    );
  });

  /** Six hours after the trade. */
  const take = (
    booked: TradeBooked,
    followed: readonly BookEvent[] = [],
    {
      equity = 100n * MONEY,
      at = 5 + 6 * HOUR,
      key = {},
      was = false,
      marks = new MarkKeeper(markParameters()),
    } = {},
  ) => {
    const books = new ExchangeLedger(DAY, 1);
    books.apply({ ...BOOK_EVENTS['liquidity-deposited'], at: 5, amount: '1', shares: '1' });
    books.apply(booked);
    const order = {
      ...ORDER,
      order: 'bust',
      trade: { account: 'x~A', id: 't', of: 'trades', ...key },
    } as MarketOrder;
    const asked: string[] = [];
    const equityOf = (account: string) => {
      asked.push(account);
      return equity;
    };
    const event = busted({ marks, ledger: books, equityOf }, order, { booked, followed, busted: was }, at);
    return { event, asked };
  };

  it('has its legs and its dust the other way, the premia that nobody has earned, the exchange’s penalty and the debt', () => {
    const booked = trade({ penalty: '7', toLiquidator: '2', planId: 'p' });
    const { event, asked } = take(booked, [dust, debt, back]);
    expect(event).toEqual({
      ...{
        kind: 'trade-busted',
        at: 5 + 6 * HOUR,
        tradeId: 't',
        planId: 'p',
        account: 'x~A',
        by: 'olga',
        reason: 'a test',
      },
      legs: [
        { market: 'A', size: '-2', price: '100' },
        { market: 'B', size: '-0.1', price: '50' },
      ],
      traded: { at: 5, riskPremium: '3', liquidityPremium: '48' },
      // A quarter of the providers’ part is earned.
      ...{ riskPremium: '3', liquidityPremium: '36', penalty: '5', debt: '4', collateral: '30' },
    });
    expect(asked).toEqual(['x']);
    expect(take(trade(), [], { at: 5 + DAY }).event).toMatchObject({
      riskPremium: '3',
      liquidityPremium: '0',
    });
    expect(take(trade()).event).toMatchObject({ penalty: '0', debt: '0', collateral: '0' });
    expect(take(trade()).event).not.toHaveProperty('planId');
    // Others’ events are none of it.
    const others = [
      { ...dust, account: 'y' },
      { ...debt, account: 'y' },
      { ...back, commandId: 'c' },
      { ...back, from: 'y~A' },
    ];
    expect(take(trade(), others).event).toMatchObject({
      legs: [{ market: 'A' }],
      debt: '0',
      collateral: '0',
    });
  });

  it('takes collateral back as far as its owner has it', () => {
    const collateral = (equity: bigint) => take(trade(), [back], { equity }).event.collateral;
    expect([collateral(31n * MONEY), collateral(29n * MONEY), collateral(0n), collateral(-5n)]).toEqual([
      '30',
      '29',
      '0',
      '0',
    ]);
  });

  it('is refused of a trade that is not there, of another account, or taken back before', () => {
    expect(() => take(trade(), [], { key: { account: 'y' } })).toThrow(InvalidInputError);
    expect(() => take(trade(), [], { was: true })).toThrow(/t was taken back already/);
    const none = { ...ORDER, order: 'bust' } as MarketOrder;
    const books = { marks: new MarkKeeper(markParameters()), ledger: ledger(), equityOf: () => 0n };
    expect(() => busted(books, none, undefined, 7)).toThrow(/^trade: is needed/);
    expect(() =>
      busted(books, { ...none, trade: { account: 'x', id: 't', of: 'trades' } }, undefined, 7),
    ).toThrow('x has no booked trade t in trades');
  });

  it('is refused in a market that was rescaled or delisted at its time or since, of its dust too', () => {
    const changed = (order: 'rescale' | 'delist', market: string, time: number, relisted = false) => {
      const marks = new MarkKeeper(markParameters({ orderSecret: 's' }));
      for (const name of ['A', 'B']) marks.take({ market: name, price: '100', time, sequence: 1 });
      const orders = ['halt', order, ...(relisted ? ['resume' as const] : [])] as const;
      orders.forEach((each, i) => {
        const unsealed = { ...ORDER, market, order: each, issuedAt: i + 1, factor: '10', price: '90' };
        marks.order({ ...unsealed, seal: marketOrderSeal('s', unsealed) });
      });
      return marks;
    };
    const refused =
      (marks: MarkKeeper, followed: readonly BookEvent[] = []) =>
      () =>
        take(trade(), followed, { marks });
    expect(refused(changed('rescale', 'A', 5))).toThrow(/A was rescaled or delisted since/);
    expect(refused(changed('rescale', 'A', 4))).not.toThrow();
    expect(refused(changed('rescale', 'B', 5))).not.toThrow();
    expect(refused(changed('rescale', 'B', 5), [dust])).toThrow(/B was rescaled/);
    expect(refused(changed('delist', 'A', 4))).toThrow(/A was delisted since/);
    expect(refused(changed('delist', 'A', 6, true))).toThrow(/A was rescaled or delisted since/);
    expect(refused(changed('delist', 'A', 4, true))).not.toThrow();
  });
});
