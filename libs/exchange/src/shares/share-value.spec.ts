import { describe, expect, it } from 'vitest';
import { InvalidInputError } from '#lib/errors';
import { formatMoney } from '#lib/amounts';
import { BOOK_EVENTS } from '../../../../test/support/book-events.js';
import { InsufficientBalanceError, TooManyCommandsError } from '../errors.js';
import { ExchangeLedger } from '../book/exchange-ledger.js';
import { LiquidityShares } from './liquidity-shares.js';
import { ShareValue, type Standing } from './share-value.js';

const DAY = 86_400_000;
const money = (value: number) => BigInt(Math.round(value * 1e8));
const MODEL = { measure: 'evar', allocation: 'covariance', alpha: 0.01 } as const;

/** A book worth `forward` to the traders, entered at 0, with so much of P before L; without spread unless it is given. */
const standing = (forward: number, capital = 0, volatility = 0) =>
  ({
    book: { capital },
    assessment: {
      exposure: { forward, totalEntryNotional: 0, volatility, mean: forward - capital },
      tailFactor: 1,
    },
  }) as unknown as Standing;

/** L of 1,000 in 500 shares; pending are 30 of the exchange and 20 of the providers. */
function ledger(): ExchangeLedger {
  const made = new ExchangeLedger(DAY, 3_600_000);
  made.apply({ ...BOOK_EVENTS['liquidity-deposited'], at: 0, amount: '1000', shares: '500' });
  const premia = { riskPremium: '30', liquidityPremium: '20' };
  made.apply({ ...BOOK_EVENTS['trade-booked'], at: 0, account: 'x', legs: [], ...premia });
  return made;
}
const value = (held: Standing | undefined, drift = 0, books = ledger()) =>
  new ShareValue(
    books,
    () => held,
    () => drift,
  );
const numbers = (...amounts: readonly bigint[]) => amounts.map((amount) => Number(amount) / 1e8);

describe(ShareValue, () => {
  it('is L before there is a book, and for who comes what is pending as well, a unit more', () => {
    const shares = new ShareValue(ledger(), () => undefined);
    expect([shares.redeemed(), shares.fair(), shares.raisedBy(money(7))]).toEqual([
      money(1000),
      money(1000),
      money(7),
    ]);
    // The exchange’s pending premia stand before L: they are no part of it.
    expect(shares.issued()).toBe(money(1020) + 1n);
    expect([shares.worth(money(5)), shares.worth(money(250))]).toEqual([money(10), money(500)]);
    expect(new ShareValue(new ExchangeLedger(DAY, 1), () => undefined).worth(money(5))).toBe(0n);
  });

  it('is L less the traders’ gains past P, from nothing to L', () => {
    expect(
      numbers(
        ...[-50, 0, 99, 100, 300, 1100, 2000].map((forward) => value(standing(forward, 100)).redeemed()),
      ),
    ).toEqual([...[1000, 1000, 1000, 1000, 800, 0, 0]]);
    // Who comes pays as if P had its pending premia already.
    expect(numbers(...[100, 130, 300].map((forward) => value(standing(forward, 100)).issued() - 1n))).toEqual(
      [1020, 1020, 850],
    );
  });

  it('is the worse for the provider of the value at marks and at averages', () => {
    const [up, down] = [value(standing(300, 100), 50), value(standing(300, 100), -50)];
    expect(numbers(up.redeemed(), down.redeemed(), up.fair(), down.fair())).toEqual([750, 800, 800, 800]);
    expect(numbers(up.issued() - 1n, down.issued() - 1n)).toEqual([850, 900]);
    // Of 500 that come where 900 of 1,000 are lost, all are worth what they are; where all is lost, the missing is.
    expect(
      numbers(value(standing(1000)).raisedBy(money(500)), value(standing(1200)).raisedBy(money(500))),
    ).toEqual([500, 300]);
    expect(
      numbers(
        value(standing(1000), 300).raisedBy(money(500)),
        value(standing(1200), -300).raisedBy(money(500)),
      ),
    ).toEqual([200, 300]);
  });

  it('has the uncertainty of the book in it', () => {
    const { redeemed, issued } = {
      redeemed: value(standing(100, 100, 10)).redeemed(),
      issued: value(standing(100, 100, 10)).issued(),
    };
    // A call at the money costs s/√(2π), rounded up; with 30 more of P before it next to nothing.
    expect(Number(redeemed) / 1e8).toBeCloseTo(1000 - 10 / Math.sqrt(2 * Math.PI), 7);
    expect(Number(issued) / 1e8).toBeGreaterThan(1019.99);
  });

  it('has losses that L has borne back for who comes, as far as trading gains and pending premia bring them', () => {
    const lossy = ledger();
    // Of a debt of 200 there was nothing of P: L has borne it.
    lossy.apply({ ...BOOK_EVENTS['bankruptcy-settled'], at: 0, account: 'x', loss: '200' });
    expect(numbers(lossy.liquidity, lossy.borne)).toEqual([800, 200]);
    const issued = (held: Standing | undefined) => Number(value(held, 0, lossy).issued() - 1n) / 1e8;
    // Before a book: what is pending of P, which goes to L first.
    expect(issued(undefined)).toBe(820 + 30);
    // The book stands where losses begin to reach L: no gains. Then gains of 50, of 170 and of more than all.
    expect([
      issued(standing(0)),
      issued(standing(-50)),
      issued(standing(-170)),
      issued(standing(-500)),
    ]).toEqual([...[820 + 30, 820 + 80, 820 + 200, 820 + 200]]);
    expect(issued(standing(10, 60))).toBe(820 + 80);
    expect(issued(standing(100))).toBe(820 - 70 + 30);
    const little = ledger();
    little.apply({ ...BOOK_EVENTS['bankruptcy-settled'], at: 0, account: 'x', loss: '20' });
    expect(value(undefined, 0, little).issued()).toBe(money(980 + 20 + 20) + 1n);
  });
});

describe(LiquidityShares, () => {
  const shares = (books = ledger(), held?: Standing, marked = true) =>
    new LiquidityShares(
      books,
      MODEL,
      DAY,
      () => held,
      () => marked,
    );
  const deposit = (amount: string, provider = 'new') =>
    ({ kind: 'deposit', commandId: 'c', provider, amount }) as const;
  const leave = (amount: string, mode: 'locked' | 'forced' = 'forced', provider = 'lp') =>
    ({ kind: 'withdrawal', commandId: 'c', provider, amount, mode }) as const;

  it('are issued at the higher worth of all shares, for what a deposit raises', () => {
    // 102 raise L by 102; all 500 shares cost 1,020.
    expect(shares().decide(deposit('102'), 5)).toMatchObject({
      ...{ kind: 'liquidity-deposited', at: 5, provider: 'new', amount: '102', shares: '49.99999999' },
    });
    expect(shares(new ExchangeLedger(DAY, 1)).decide(deposit('7'), 5)).toMatchObject({
      amount: '7',
      shares: '7',
    });
  });

  it('wait for the next marks where there are positions', () => {
    expect(shares(ledger(), undefined, false).decide(deposit('102'), 5)).toEqual({
      ...{
        kind: 'liquidity-asked',
        at: 5,
        commandId: 'c',
        provider: 'new',
        ask: 'deposit',
        amount: '102',
        shares: '0',
      },
    });
    expect(shares(ledger(), undefined, false).decide(leave('100', 'locked'), 5)).toEqual({
      ...{
        kind: 'liquidity-asked',
        at: 5,
        commandId: 'c',
        provider: 'lp',
        ask: 'locked',
        amount: '0',
        shares: '50',
      },
    });
  });

  it('are locked for the horizon, or redeemed at once for a fee: what the pool’s risk rises by', () => {
    expect(shares().decide(leave('100', 'locked'), 5)).toEqual({
      ...{
        kind: 'withdrawal-locked',
        at: 5,
        commandId: 'c',
        provider: 'lp',
        shares: '50',
        releaseAt: 5 + DAY,
      },
    });
    expect(shares().decide(leave('100'), 5)).toEqual({
      ...{
        kind: 'liquidity-withdrawn',
        at: 5,
        commandId: 'c',
        provider: 'lp',
        shares: '50',
        paid: '100',
        fee: '0',
        mode: 'forced',
      },
    });
    // The book’s mean is 30 below nothing: of 100 that leave 70 are risk that the pool has no capital for.
    expect(shares(ledger(), standing(-30)).decide(leave('100'), 5)).toMatchObject({ paid: '30', fee: '70' });
    expect(() => shares(ledger(), standing(0)).decide(leave('100'), 5)).toThrow(InsufficientBalanceError);
    expect(shares(ledger(), standing(-100)).decide(leave('100'), 5)).toMatchObject({ paid: '100', fee: '0' });
    expect(shares().release({ commandId: 'l', provider: 'lp', shares: money(50), releaseAt: 3 }, 5)).toEqual({
      ...{
        kind: 'liquidity-withdrawn',
        at: 5,
        commandId: 'l',
        provider: 'lp',
        mode: 'locked',
        fee: '0',
        shares: '50',
        paid: '100',
      },
    });
  });

  it('leave no crumb behind: whoever would keep less than a hundredth leaves with all', () => {
    const left = (amount: string) =>
      (shares().decide(leave(amount), 5) as unknown as { shares: string }).shares;
    expect([left('999.98'), left('999.99'), left('1000')]).toEqual(['499.99', '500', '500']);
    expect(() => shares().decide(leave('1000.00000001'), 5)).toThrow(
      /lp can withdraw 1000, not 1000.00000001/,
    );
  });

  it('are of amounts from 1 to 10¹⁵, that buy a hundredth at least', () => {
    const decided = (amount: string) => () => shares().decide(deposit(amount), 5);
    expect(decided('0.99999999')).toThrow(InvalidInputError);
    expect(decided('1000000000000000.00000001')).toThrow(/between 1 and 1e15/);
    expect([decided('1'), decided('1000000000000000')].map((made) => made().kind)).toEqual([
      ...['liquidity-deposited', 'liquidity-deposited'],
    ]);
    const dear = ledger();
    dear.apply({
      ...BOOK_EVENTS['liquidity-deposited'],
      at: 0,
      commandId: 'e',
      amount: '99000',
      shares: '0',
    });
    expect(() => shares(dear).decide(deposit('1'), 5)).toThrow(/buys less than 0.01 shares/);
  });

  it('are asked for by 32 commands of a provider at most, and by 10,000 in all', () => {
    const books = ledger();
    const ask = (provider: string, i: number) => {
      books.apply({ ...BOOK_EVENTS['liquidity-asked'], at: 0, provider, commandId: `a${i}` });
    };
    for (let i = 0; i < 31; i++) ask('new', i);
    expect(shares(books).decide(deposit('5'), 5).kind).toBe('liquidity-deposited');
    ask('new', 31);
    expect(() => shares(books).decide(deposit('5'), 5)).toThrow(TooManyCommandsError);
    for (let i = 32; i < 10_000; i++) ask(`p${i >> 4}`, i);
    expect(() => shares(books).decide(deposit('5', 'other'), 5)).toThrow(TooManyCommandsError);
  });

  it('tell a provider’s worth, and what a vault has lost to traders', () => {
    const books = ledger();
    expect(shares(books).positionOf('lp')).toEqual({
      shares: money(500),
      worth: money(1000),
      backing: undefined,
      lost: 0n,
    });
    const valued = { amount: '500', backing: '500', shares: '250', deficit: '8' };
    books.apply({ ...BOOK_EVENTS['liquidity-valued'], at: 0, provider: 'vault', ...valued });
    books.apply({ ...BOOK_EVENTS['bankruptcy-settled'], at: 0, account: 'x', loss: '300' });
    const { worth, lost, backing } = shares(books).positionOf('vault');
    // A third of 1,200 is left of its 500, beside a debt of 8.
    expect([...numbers(worth, lost), formatMoney(backing!.amount)]).toEqual([400, 108, '500']);
    const empty = new ExchangeLedger(DAY, 1);
    expect(shares(empty).positionOf('nobody')).toEqual({
      shares: 0n,
      worth: 0n,
      backing: undefined,
      lost: 0n,
    });
  });
});
