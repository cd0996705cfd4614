import { describe, expect, it } from 'vitest';
import { BOOK_EVENTS } from '../../../../test/support/book-events.js';
import { ExchangeMachine, HOUR_MS, LINEAR, money } from '../../../../test/support/exchange-machine.js';
import type { BookEvent } from '../book/book-event.js';
import { FLAT } from '../book/position.js';

type Holdings = Readonly<Record<string, readonly [size: string, price: string]>>;

/** Marks of 110 and 95. Margins are 3 % and 5 %. */
function machine(rules: object = {}): ExchangeMachine {
  const made = new ExchangeMachine(['A', 'B'], { volatility: 0.02, rules });
  made.provide('lp', 1_000_000);
  made.settle();
  made.marks({ A: 110, B: 95 });
  return made;
}
const then = (made: ExchangeMachine, ...events: readonly BookEvent[]) => {
  for (const event of events) made.ledger.apply({ ...event, at: made.time });
};
/** An account with cash and positions at their entry prices, without premia. */
const holds = (made: ExchangeMachine, account: string, cash: string, holdings: Holdings) => {
  const legs = Object.entries(holdings).map(([market, [size, price]]) => ({ market, size, price }));
  then(
    made,
    { ...BOOK_EVENTS['account-deposited'], account, amount: cash },
    { ...BOOK_EVENTS['trade-booked'], account, legs },
  );
};
/** x: 10,000 of cash, 10 of A at 100, −4 of B at 100. */
function traded(rules: object = {}) {
  const made = machine(rules);
  holds(made, 'x', '10000', { A: ['10', '100'], B: ['-4', '100'] });
  return { made, accounts: made.engine.accounts };
}
const leg = (market: string, size: number, price: number) => ({ market, size, price });

describe('a margin account at marks', () => {
  it('has equity, notional and margins of its positions', () => {
    const { accounts } = traded();
    const { positions, ...standing } = accounts.standing('x');
    // 100 and 20 of gain; 1,100 and 380 of notional.
    expect(standing).toMatchObject({
      ...{ equity: 10_120, unrealisedPnl: 120, notional: 1480, collateral: 10_000, reserved: 0 },
      ...{ available: 10_046, liquidatable: false, marginRatio: 10_120 / 1480 },
    });
    expect(standing.initialMargin).toBeCloseTo(74, 10);
    expect(standing.maintenanceMargin).toBeCloseTo(44.4, 10);
    expect(positions).toEqual([
      { market: 'A', size: 10, entryNotional: 1000, mark: 110 },
      { market: 'B', size: -4, entryNotional: -400, mark: 95 },
    ]);
    expect(accounts.standing('nobody')).toMatchObject({
      equity: 0,
      positions: [],
      marginRatio: null,
      available: 0,
    });
  });

  it('owes its funding and its credit charge, and cannot use what orders hold', () => {
    const { made, accounts } = traded();
    then(
      made,
      { ...BOOK_EVENTS['funding-accrued'], markets: [['A', '20', '0', '2000000000000000000']] },
      { ...BOOK_EVENTS['margin-reserved'], amount: '7' },
      { ...BOOK_EVENTS['credit-charged'], charged: '0', rate: '6' },
    );
    expect(accounts.standing('x')).toMatchObject({ equity: 10_100, collateral: 9980, reserved: 7 });
    expect(accounts.standing('x').available).toBeCloseTo(10_100 - 74 - 7, 9);
    made.engine.watermark(made.time + HOUR_MS);
    expect(accounts.standing('x').equity).toBe(10_094);
    expect(accounts.exactEquity('x')).toBe(money(10_094));
  });

  it('is told as a trade would change it: averaged, turned, closed, with its cost and what it frees', () => {
    const { made, accounts } = traded();
    const after = (...legs: readonly ReturnType<typeof leg>[]) => accounts.standing('x', { legs, cost: 20 });
    expect(after(leg('A', 5, 108))).toMatchObject({
      ...{ equity: 10_110, collateral: 9980 },
      positions: [{ market: 'A', size: 15, entryNotional: 1540, mark: 110 }, { market: 'B' }],
    });
    expect(after(leg('A', -10, 108))).toMatchObject({
      equity: 10_080,
      collateral: 10_060,
      positions: [{ market: 'B' }],
    });
    expect(after(leg('A', -12, 108))).toMatchObject({
      equity: 10_076,
      positions: [{ size: -2 }, { market: 'B' }],
    });
    expect(after(leg('B', 4, 95), leg('A', -10, 110)).positions).toEqual([]);
    expect(after(leg('B', 4, 95), leg('A', -10, 110))).toMatchObject({ equity: 10_100, initialMargin: 0 });
    // A crumb is no position of its own; less than a unit is none at all.
    expect(after(leg('A', -10 + 1e-8, 110)).positions).toHaveLength(2);
    then(made, { ...BOOK_EVENTS['margin-reserved'], amount: '7' });
    const freed = accounts.standing('x', { legs: [], cost: 0, released: 5 });
    expect([freed.reserved, freed.available]).toEqual([2, 10_044]);
    // An account that has no position yet.
    expect(accounts.standing('y', { legs: [leg('A', 2, 100)], cost: 1 })).toMatchObject({
      ...{ equity: 19, notional: 220, positions: [{ market: 'A', size: 2, entryNotional: 200 }] },
    });
  });

  it('has a market without a mark at its entry', () => {
    const { made, accounts } = traded();
    holds(made, 'x', '1', { Z: ['-3', '50'] });
    expect(accounts.standing('x').positions[2]).toEqual({
      market: 'Z',
      size: -3,
      entryNotional: -150,
      mark: 50,
    });
    expect(accounts.standing('x')).toMatchObject({ equity: 10_121, notional: 1630 });
    expect(accounts.exactEquity('x')).toBe(money(10_121));
  });

  it('is due once its equity is below the maintenance margin', () => {
    const made = machine();
    holds(made, 'x', '132', { A: ['10', '120'] });
    // 32 of equity, 33 of margin.
    expect(made.engine.accounts.standing('x')).toMatchObject({ equity: 32, liquidatable: true });
    then(made, { ...BOOK_EVENTS['account-deposited'], amount: '1.01' });
    expect(made.engine.accounts.standing('x').liquidatable).toBe(false);
  });
});

describe('exact equity', () => {
  const units = (market: string, size: bigint, price: bigint) => ({
    name: market,
    exactSize: size,
    exactPrice: price,
  });
  it('is rounded against the account, with a unit a leg for entries that are released and one for new ones', () => {
    const { accounts } = traded();
    expect(accounts.exactEquity('x')).toBe(money(10_120));
    expect(accounts.exactEquity('nobody')).toBe(0n);
    const [size, mark] = [2n * 10n ** 8n, 110n * 10n ** 12n];
    expect(accounts.exactEquity('x', [units('A', size, mark)])).toBe(money(10_120) - 2n);
    expect(accounts.exactEquity('x', [units('A', size, mark - 10n ** 12n)])).toBe(money(10_122) - 2n);
    expect(accounts.exactEquity('x', [units('A', -size, mark), units('B', size, 96n * 10n ** 12n)])).toBe(
      money(10_118) - 4n,
    );
    // One unit of size at a price of a half: worth nothing, and it costs one.
    expect(accounts.exactEquity('y', [units('A', 1n, 5n * 10n ** 11n)])).toBe(110n - 1n - 2n);
  });

  it('of a short is what it costs to buy back, rounded up', () => {
    const made = machine();
    holds(made, 'x', '1', { A: ['-0.00000001', '100'] });
    made.marks({ A: 110.5 });
    // Sold for 100 units of money, bought back for 110.5.
    expect(made.engine.accounts.exactEquity('x')).toBe(money(1) + 100n - 111n);
  });
});

describe('initial margin by open interest', () => {
  /** K of 1,000,000 and β of 1 %: 10,000 may be lost; the widest move is 15 %. */
  const crowded = (rules: object = { credit: { ...LINEAR.credit, poolShare: 0.01 } }) => {
    const made = machine(rules);
    holds(made, 'x', '10000', { A: ['1000', '110'] });
    holds(made, 'y', '10000', { A: ['-400', '110'] });
    return made.engine.accounts;
  };
  const rate = (interest: number) => 0.15 - 10_000 / (interest * 110);

  it('rises with the larger side of the market, the account’s own trade included', () => {
    const accounts = crowded();
    const initial = (account: string, size?: number, interest?: { long: number; net: number }) =>
      accounts.standing(account, {
        ...{ legs: size === undefined ? [] : [leg('A', size, 110)], cost: 0 },
        ...(interest && { interest: new Map([['A', interest]]) }),
      }).initialMargin;
    expect(accounts.standing('x').initialMargin).toBeCloseTo(110_000 * rate(1000), 6);
    expect(initial('y')).toBeCloseTo(44_000 * rate(1000), 6);
    expect(initial('x', 500)).toBeCloseTo(165_000 * rate(1500), 6);
    // The account's own long becomes a short: 600 longs less, 100 shorts more than the 400.
    expect(initial('x', -1100)).toBeCloseTo(100 * 110 * Math.max(0.05, rate(500)), 6);
    expect(initial('y', -1100)).toBeCloseTo(165_000 * rate(1500), 6);
    // A buyer who takes over a part of a long: the interest is what the whole match makes it.
    expect(initial('z', 500)).toBeCloseTo(55_000 * rate(1500), 6);
    expect(initial('z', 500, { long: 0, net: 0 })).toBeCloseTo(55_000 * rate(1000), 6);
    expect(initial('z', -500, { long: 0, net: -1500 })).toBeCloseTo(55_000 * rate(1900), 6);
  });

  it('is of each market by itself, and counts no account where none is named', () => {
    const made = machine({
      margin: { mode: 'linear', worstHours: { B: 0.11 } },
      credit: { ...LINEAR.credit, poolShare: 0.01 },
    });
    holds(made, 'x', '10000', { B: ['2000', '95'] });
    // B moves by 11 % at most.
    const own = 0.11 - 10_000 / (2000 * 95);
    expect(made.engine.accounts.standing('x').initialMargin).toBeCloseTo(190_000 * own, 6);
    const positions = [{ market: 'B', size: 10, entryNotional: 950, mark: 95 }];
    expect(made.engine.accounts.standingOf(1000, positions)).toMatchObject({ reserved: 0, equity: 1000 });
    expect(made.engine.accounts.standingOf(1000, positions).initialMargin).toBeCloseTo(950 * own, 6);
  });

  it('is never below the linear one, nor above it without a cap or by portfolio margin', () => {
    const small = machine({ credit: { ...LINEAR.credit, poolShare: 0.01 } });
    holds(small, 'x', '10000', { A: ['10', '110'] });
    expect(small.engine.accounts.standing('x').initialMargin).toBeCloseTo(55, 9);
    expect(crowded({}).standing('x').initialMargin).toBeCloseTo(5500, 6);
    const credit = { ...LINEAR.credit, poolShare: 0.01 };
    const portfolio = crowded({ margin: { mode: 'portfolio' }, credit });
    // 15 % of all markets, a floor of 1 %, and concentration; no more for the interest.
    const { initialMargin } = portfolio.standing('x');
    expect(initialMargin).toBe(crowded({ margin: { mode: 'portfolio' } }).standing('x').initialMargin);
  });
});

describe('the price of a default option', () => {
  const charged = (rules: object = { credit: { ...LINEAR.credit, loading: 1.5 } }) => {
    const made = machine(rules);
    holds(made, 'x', '1000', { A: ['100', '110'] });
    return made.engine.accounts;
  };

  it('is the expected deficit over the margin’s horizon, with its loading, rounded up', () => {
    const { rate, equity, solvent } = charged().creditRate('x');
    // 2 % a day are 11,000 × 2 % / √24 an hour; b = s/√3, q = E/b.
    const scale = (11_000 * 0.02) / Math.sqrt(24) / Math.sqrt(3);
    const q = 1000 / scale;
    const deficit = (scale / Math.PI) * (Math.sqrt(3) - q * (Math.PI / 2 - Math.atan(q / Math.sqrt(3))));
    expect([equity, solvent]).toEqual([1000, true]);
    expect(Number(rate) / 1e8 / (1.5 * deficit)).toBeCloseTo(1, 6);
    const longer = charged({
      margin: { mode: 'linear', horizonMs: 4 * HOUR_MS },
      credit: { ...LINEAR.credit, loading: 1.5 },
    });
    // Twice the deviation over four hours, by the hour.
    const twice = 2 * scale;
    const far =
      (twice / Math.PI) *
      (Math.sqrt(3) - (1000 / twice) * (Math.PI / 2 - Math.atan(1000 / twice / Math.sqrt(3))));
    expect(Number(longer.creditRate('x').rate) / 1e8 / ((1.5 * far) / 4)).toBeCloseTo(1, 6);
  });

  it('is nothing without a loading or positions, and certain of no equity that rounding could make', () => {
    expect(charged({}).creditRate('x')).toEqual({ rate: 0n, equity: 0, solvent: false });
    expect(charged().creditRate('nobody')).toEqual({ rate: 0n, equity: 0, solvent: false });
    const made = machine({ credit: { ...LINEAR.credit, loading: 1.5 } });
    then(made, { ...BOOK_EVENTS['account-deposited'], account: 'x', amount: '7' });
    expect(made.engine.accounts.creditRate('x')).toEqual({ rate: 0n, equity: 7, solvent: false });
    const bare = (cash: string) => {
      const poor = machine({ credit: { ...LINEAR.credit, loading: 1.5 } });
      holds(poor, 'x', cash, { A: ['100', '110'] });
      return poor.engine.accounts.creditRate('x').solvent;
    };
    // A billionth of the sums, 22,000, and a millionth a position.
    expect([bare('0.000022'), bare('0.000024')]).toEqual([false, true]);
  });
});

describe('amounts that can be withdrawn', () => {
  it('are the cash that the margin leaves, and no gain that is not realised', () => {
    const { made, accounts } = traded();
    for (let hour = 0; hour < 2; hour++) made.wait(HOUR_MS);
    // All 10,000 are cash: the margin of 74 is covered by 120 of gain, less 46 of it.
    expect(accounts.withdrawable('x')).toBe(money(10_000) - made.ledger.account('x').fundingOwed);
    holds(made, 'y', '100', { A: ['10', '110'] });
    expect(Number(accounts.withdrawable('y')) / 1e8).toBeCloseTo(45, 6);
    holds(made, 'z', '50', { A: ['10', '110'] });
    expect(accounts.withdrawable('z')).toBe(0n);
    expect(made.ledger.position('z', 'B')).toBe(FLAT);
    // A debt for the default option is no cash that could be paid out, whatever the gain.
    holds(made, 'w', '100', { A: ['10', '90'] });
    then(made, { ...BOOK_EVENTS['credit-charged'], account: 'w', charged: '0', rate: '6' });
    made.wait(HOUR_MS);
    const { fundingOwed } = made.ledger.account('w');
    expect(accounts.withdrawable('w')).toBe(money(94) - fundingOwed);
  });
});
