import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InvalidInputError } from '#lib/errors';
import { ExchangeMachine, money } from '../../../../test/support/exchange-machine.js';
import type { BookEvent, TradeBooked } from '../book/book-event.js';
import { markParameters } from '../marks/mark-parameters.js';
import { type MarketOrder, MarketOrderError, marketOrderSeal } from '../marks/market-order.js';
import type { JournalledTrade } from './bust.js';

const SECRET = 'the operator’s secret';
const MARKS = markParameters({ bandMinimum: 10, maximumStepMs: 1e12, orderSecret: SECRET });
const OPERATOR = { by: 'olga', reason: 'as the issuer has announced' };

let issued = 0;
type Asked = Pick<MarketOrder, 'order' | 'market'> & Partial<MarketOrder>;
const sealed = (asked: Asked): MarketOrder => {
  const unsealed = { ...OPERATOR, issuedAt: ++issued, ...asked };
  return { ...unsealed, seal: marketOrderSeal(SECRET, unsealed) };
};

/** An exchange whose operator gives orders; every event is applied to the books, which balance after each. */
class OrderedMachine extends ExchangeMachine {
  constructor(markets?: readonly string[]) {
    super(markets, { parameters: { marks: MARKS } });
  }
  order(asked: Asked, journalled?: JournalledTrade): BookEvent[] {
    this.engine.order(sealed(asked), journalled);
    const events = this.engine.takeMatured();
    expect(this.ledger.imbalance()).toBe(0n);
    expect(this.ledger.recount()).toBeUndefined();
    return events;
  }
}

/** Accounts with positions of all sizes, long and short, cross and isolated. */
function traded(
  markets = ['A', 'B'],
  sizes: readonly number[] = [3, -1.5, 0.37000001, -0.00001],
): OrderedMachine {
  const machine = new OrderedMachine(markets);
  machine.provide('lp', 1_000_000);
  machine.marks();
  sizes.forEach((size, i) => {
    machine.deposit(`t${i}`, 5_000);
    machine.trade(`t${i}`, { A: size.toFixed(8), B: (size / 3).toFixed(8) });
  });
  machine.marks({ A: 103.37, B: 97.123456789 }, 3_600_000);
  return machine;
}

const equities = (machine: ExchangeMachine, count: number) =>
  Array.from({ length: count }, (_, i) => machine.engine.accounts.exactEquity(`t${i}`));
const poolValue = (machine: ExchangeMachine) => {
  const { ledger } = machine;
  const sum = Array.from({ length: 8 }, (_, i) => machine.engine.accounts.exactEquity(`t${i}`));
  return ledger.netDeposits - sum.reduce((total, equity) => total + equity, 0n);
};

describe('rescale', () => {
  it('changes nobody’s worth, for any factor, by more than the units that rounding leaves', () => {
    const factor = fc
      .tuple(fc.integer({ min: 1, max: 9_999 }), fc.integer({ min: -6, max: 3 }))
      .map(([digits, power]) => (digits * 10 ** power).toFixed(6))
      .filter((text) => Number(text) > 0 && Number(text) !== 1);
    const size = fc.integer({ min: -400_000_000, max: 400_000_000 }).map((units) => units / 1e8);
    fc.assert(
      fc.property(factor, fc.array(size, { minLength: 1, maxLength: 4 }), (text, sizes) => {
        const machine = traded(
          ['A', 'B'],
          sizes.map((each) => (each === 0 ? 0.01 : each)),
        );
        machine.order({ order: 'halt', market: 'A' });
        machine.settle();
        const before = equities(machine, sizes.length);
        const netBefore = poolValue(machine);
        machine.order({ order: 'rescale', market: 'A', factor: text });
        equities(machine, sizes.length).forEach((equity, i) => {
          // Never in the account's favour by more than the rounding of two marks; never a loss of more than a few units.
          expect(equity - before[i]).toBeLessThanOrEqual(2n);
          expect(equity - before[i]).toBeGreaterThanOrEqual(-4n);
        });
        const change = poolValue(machine) - netBefore;
        expect(change).toBeGreaterThanOrEqual(-2n * BigInt(sizes.length));
        expect(change).toBeLessThanOrEqual(4n * BigInt(sizes.length));
      }),
      { numRuns: 40 },
    );
  }, 60_000);

  it('takes marks, averages and the next tick to the new unit, and can be undone', () => {
    const machine = traded();
    const { board, ledger } = machine.engine;
    const mark = board.mark('A')!.value;
    const held = ledger.position('t0', 'A').size;
    machine.order({ order: 'halt', market: 'A' });
    const events = machine.order({ order: 'rescale', market: 'A', factor: '1000' });
    expect(events.map(({ kind }) => kind)).toContain('market-rescaled');
    expect(board.mark('A')!.value).toBeCloseTo(mark * 1000, 6);
    expect(board.marks.average('A')! / mark).toBeGreaterThan(900);
    expect(ledger.position('t0', 'A').size).toBe(held / 1000n);
    expect(ledger.market('A').scale).toBe(1000);
    machine.order({ order: 'resume', market: 'A' });
    machine.marks({ A: mark * 1001 });
    expect(board.marks.quality('A')).toBe('ok');
    machine.order({ order: 'halt', market: 'A' });
    machine.order({ order: 'rescale', market: 'A', factor: '0.001' });
    expect(ledger.position('t0', 'A').size).toBe(held);
  });

  it('is refused of a market that is not halted, without a factor, with one of 1 or out of bounds, or unsealed', () => {
    const machine = traded();
    const order = (asked: Partial<MarketOrder>) => () =>
      machine.order({ order: 'rescale', market: 'A', ...asked });
    expect(order({ factor: '1000' })).toThrow(/must be halted/);
    machine.order({ order: 'halt', market: 'A' });
    expect(order({})).toThrow(InvalidInputError);
    for (const factor of ['1', '0', '-2', '0.0000000001', '1000000001'])
      expect(order({ factor })).toThrow(InvalidInputError);
    const forged = { ...sealed({ order: 'rescale', market: 'A', factor: '1000' }), factor: '2' };
    expect(() => {
      machine.engine.order(forged);
    }).toThrow(MarketOrderError);
    expect(machine.ledger.market('A').scale).toBe(1);
  });
});

describe('delist', () => {
  it('settles every position at the stated price, and the market is gone from every map', () => {
    const machine = traded();
    const isolated = machine.deposit('iso', 1_000);
    expect(isolated.kind).toBe('account-deposited');
    machine.transfer('iso', 'A', 500);
    machine.trade('iso', { A: 2 }, { margin: 'isolated' });
    machine.order({ order: 'halt', market: 'A' });
    machine.settle();
    const before = equities(machine, 4);
    const sizes = [0, 1, 2, 3].map((i) => machine.ledger.position(`t${i}`, 'A').size);
    const events = machine.order({ order: 'delist', market: 'A', price: '90' });
    expect(events.at(-1)).toMatchObject({ kind: 'market-delisted', market: 'A', price: '90', by: 'olga' });
    const mark = money('103.37');
    equities(machine, 4).forEach((equity, i) => {
      const expected = before[i] + (sizes[i] * (money(90) - mark)) / 10n ** 8n;
      const difference = equity - expected;
      expect(difference).toBeLessThanOrEqual(0n);
      expect(difference).toBeGreaterThanOrEqual(-4n);
    });
    expect(machine.ledger.marketNames()).toEqual(['B']);
    expect(machine.engine.board.knownMarkets()).toEqual(['B']);
    expect(machine.ledger.account('iso~A').positions).toEqual([]);
    expect(machine.ledger.cashOf('iso')).toBeGreaterThan(0n);
    // The other market trades on, and a late tick does not open this one again.
    expect(machine.trade('t0', { B: 1 }).kind).toBe('trade-booked');
    expect(() => {
      machine.marks({ A: 90 });
    }).toThrow(/delisted/);
    expect(machine.trade('t0', { A: 1 })).toMatchObject({ kind: 'trade-rejected', code: 'market-closed' });
  });

  it('has the pool bear what accounts cannot pay, and lists the market anew when it is resumed', () => {
    const machine = traded(['A', 'B'], [40]);
    machine.order({ order: 'halt', market: 'A' });
    machine.order({ order: 'halt', market: 'B' });
    machine.order({ order: 'delist', market: 'A', price: '0.01' });
    const events = machine.order({ order: 'delist', market: 'B', price: '0.01' });
    expect(events.map(({ kind }) => kind)).toContain('bankruptcy-settled');
    machine.order({ order: 'resume', market: 'A' });
    machine.engine.take({ market: 'A', price: '50', time: machine.time + 1000, sequence: 1e6 });
    expect(machine.engine.board.mark('A')!.text).toBe('50');
  });

  it('is refused of a market that is not halted, and without a price', () => {
    const machine = traded();
    expect(() => machine.order({ order: 'delist', market: 'A', price: '90' })).toThrow(/must be halted/);
    machine.order({ order: 'halt', market: 'A' });
    expect(() => machine.order({ order: 'delist', market: 'A' })).toThrow(/price/);
    expect(machine.ledger.marketNames()).toEqual(['A', 'B']);
  });
});

describe('bust', () => {
  const key = (booked: TradeBooked) => ({
    account: booked.account,
    id: booked.tradeId,
    of: booked.planId === undefined ? ('trades' as const) : ('liquidation-trades' as const),
  });

  it('takes a trade back: the position, premia and cash are as if it had not been, whatever came between', () => {
    const size = fc.integer({ min: -300_000_000, max: 300_000_000 }).filter((units) => units !== 0);
    fc.assert(
      fc.property(size, size, (first, second) => {
        const machine = traded();
        const twin = traded();
        const trade = machine.trade('t0', { A: (first / 1e8).toFixed(8) }) as TradeBooked;
        expect(trade.kind).toBe('trade-booked');
        for (const one of [machine, twin]) {
          one.trade('t1', { A: (second / 1e8).toFixed(8) });
          // At the same moment: no funding in between.
          one.marks({ A: 111.1 }, 0);
        }
        machine.order(
          { order: 'bust', market: '*', trade: key(trade) },
          { booked: trade, followed: [], busted: false },
        );
        expect(machine.ledger.position('t0', 'A').size).toBe(twin.ledger.position('t0', 'A').size);
        const difference = machine.engine.accounts.exactEquity('t0') - twin.engine.accounts.exactEquity('t0');
        expect(Number(difference)).toBeLessThanOrEqual(0);
        expect(Number(difference)).toBeGreaterThanOrEqual(-4);
      }),
      { numRuns: 40 },
    );
  }, 60_000);

  it('takes a liquidation back with its penalty and the debt that the pool had borne', () => {
    const machine = new OrderedMachine(['A']);
    machine.provide('lp', 1_000_000);
    machine.marks();
    machine.deposit('t0', 2_000);
    expect(machine.trade('t0', { A: 100 }).kind).toBe('trade-booked');
    machine.marks({ A: 60 });
    const events = machine.liquidateAll('t0');
    const booked = events.find((event): event is TradeBooked => event.kind === 'trade-booked')!;
    const bankrupt = events.find(({ kind }) => kind === 'bankruptcy-settled')!;
    expect(bankrupt).toBeDefined();
    expect(machine.ledger.cashOf('t0')).toBe(0n);
    const [event] = machine.order(
      { order: 'bust', market: '*', trade: key(booked) },
      { booked, followed: [bankrupt], busted: false },
    );
    expect(event).toMatchObject({ kind: 'trade-busted', planId: booked.planId });
    expect(machine.ledger.position('t0', 'A').size).toBe(100n * 10n ** 8n);
    machine.marks({ A: 100 });
    expect(machine.equity('t0')).toBeGreaterThan(0);
    expect(machine.ledger.totals.bankruptcies).toBe(0n);
  });

  it('is refused of a trade that is not in the journal, of another account, taken back before, or in a market changed since', () => {
    const machine = traded();
    const booked = machine.trade('t0', { A: 1 }) as TradeBooked;
    const order =
      (journalled: JournalledTrade | undefined, account = 't0') =>
      () =>
        machine.order({ order: 'bust', market: '*', trade: { ...key(booked), account } }, journalled);
    const journalled = { booked, followed: [], busted: false };
    expect(order(undefined)).toThrow(/no booked trade/);
    expect(order(journalled, 't1')).toThrow(/no booked trade/);
    expect(order({ ...journalled, busted: true })).toThrow(/taken back already/);
    machine.wait(1000);
    machine.order({ order: 'halt', market: 'A' });
    machine.order({ order: 'rescale', market: 'A', factor: '10' });
    expect(order(journalled)).toThrow(/was rescaled or delisted since/);
  });
});
