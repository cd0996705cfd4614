import { describe, expect, it } from 'vitest';
import {
  type BookEvent,
  followersOf,
  type JournalledTrade,
  markParameters,
  type MarketOrder,
  marketOrderSeal,
  type TradeBooked,
} from '#lib/exchange';
import { ExchangeMachine, HOUR_MS, LINEAR, number } from '../support/exchange-machine.js';

const SECRET = 'the operator’s secret';
const MARKS = markParameters({ bandMinimum: 10, maximumStepMs: 1e12, orderSecret: SECRET });
const CHARGED = { ...LINEAR, credit: { accountShare: null, poolShare: null, loading: 1.5 } };

/** An exchange with the operator's orders, and the charge for default options. */
class Ordered extends ExchangeMachine {
  private issued = 0;
  constructor() {
    super(['A', 'B'], { volatility: 0.05, parameters: { marks: MARKS }, rules: CHARGED });
    this.provide('lp', 1_000_000);
    this.wait(1000);
  }

  order(asked: Pick<MarketOrder, 'order' | 'market'> & Partial<MarketOrder>, trade?: JournalledTrade) {
    const unsealed = { by: 'olga', reason: 'a test', issuedAt: ++this.issued, ...asked };
    this.engine.order({ ...unsealed, seal: marketOrderSeal(SECRET, unsealed) }, trade);
    const events = this.engine.takeMatured();
    expect(this.ledger.recount()).toBeUndefined();
    return events;
  }

  delist(market: string, price: string): void {
    this.order({ order: 'halt', market });
    this.order({ order: 'delist', market, price });
  }

  /** A trade, as the journal has it. */
  journalled(make: () => BookEvent): JournalledTrade {
    const { length } = this.events;
    const booked = make() as TradeBooked;
    const after = this.events.slice(this.events.indexOf(booked, length) + 1);
    return { booked, followed: followersOf(booked, after), busted: false };
  }

  bust(trade: JournalledTrade): BookEvent[] {
    const { account, tradeId: id } = trade.booked;
    return this.order({ order: 'bust', market: '*', trade: { account, id, of: 'trades' } }, trade);
  }
}

/** Orders of the operator beside what traders do: nobody gains by the seam. */
describe('orders of the operator', () => {
  it('a trade is taken back with the debt and the collateral that followed it, though a charge came between', () => {
    const machine = new Ordered();
    machine.deposit('t', 30_000);
    machine.transfer('t', 'B', 3000);
    machine.trade('t', { B: 100 }, { margin: 'isolated' });
    machine.wait(HOUR_MS);
    const worth = () => machine.equity('t') + machine.equity('t~B');
    const before = worth();
    const closed = machine.journalled(() => machine.trade('t', { B: -100 }, { margin: 'isolated' }));
    expect(closed.followed.map(({ kind }) => kind)).toEqual(['collateral-moved']);
    const kinds = machine.events.slice(-3).map(({ kind }) => kind);
    expect(kinds).toEqual(['trade-booked', 'credit-charged', 'collateral-moved']);
    machine.bust(closed);
    // Without it t would have kept the 3,000 and had a position that owes them.
    expect(machine.equity('t~B')).toBeGreaterThan(2000);
    expect(worth()).toBeCloseTo(before, 2);
  });

  it('a debt that the pool bore comes back with the trade', () => {
    const machine = new Ordered();
    machine.deposit('t', 30_000);
    machine.trade('t', { A: 4000 });
    machine.wait(HOUR_MS);
    machine.marks({ A: 90 });
    const equity = machine.equity('t');
    expect(equity).toBeLessThan(-5000);
    const closed = machine.journalled(() => machine.trade('t', { A: -4000 }, { reduceOnly: true }));
    expect(closed.followed.map(({ kind }) => kind)).toEqual(['bankruptcy-settled']);
    expect(machine.equity('t')).toBe(0);
    machine.bust(closed);
    // But for the charge of an hour, which nobody pays for a bankrupt.
    expect(machine.equity('t')).toBeLessThan(equity + 50);
  });

  it('whoever has no position any more owes nothing for its default: a delisting ends the charge', () => {
    const machine = new Ordered();
    machine.deposit('t', 30_000);
    machine.transfer('t', 'B', 3000);
    machine.trade('t', { A: 1000 });
    machine.trade('t', { B: 100 }, { margin: 'isolated' });
    machine.wait(60_000);
    for (const account of ['t', 't~B']) expect(machine.ledger.creditRateOf(account)).toBeDefined();
    machine.delist('A', '100');
    machine.delist('B', '100');
    for (const account of ['t', 't~B']) expect(machine.ledger.creditRateOf(account)).toBeUndefined();
    expect(machine.ledger.hasAccount('t~B')).toBe(false);
    // It owed 6.54 after a day without a position, and the account that was gone 0.49.
    const cash = machine.ledger.cashOf('t');
    machine.engine.watermark(machine.time + 24 * HOUR_MS);
    machine.deposit('t', 1);
    expect(number(machine.ledger.cashOf('t') - cash)).toBe(1);
  });

  it('no trade of a market’s former listing is taken back in the new one', () => {
    const machine = new Ordered();
    machine.deposit('t', 30_000);
    const bought = machine.journalled(() => machine.trade('t', { A: 100 }));
    machine.wait(1000);
    machine.delist('A', '90');
    expect(() => machine.bust(bought)).toThrow(/delisted/);
    machine.order({ order: 'resume', market: 'A' });
    machine.marks({ A: 50 });
    // A short at 100 in a market at 50: 5,000 won.
    expect(() => machine.bust(bought)).toThrow(/rescaled or delisted/);
    expect(machine.ledger.hasPositions('t')).toBe(false);
  });

  it('nor one of the moment of a rescaling', () => {
    const machine = new Ordered();
    machine.deposit('t', 30_000);
    const bought = machine.journalled(() => machine.trade('t', { A: 100 }));
    machine.order({ order: 'halt', market: 'A' });
    machine.order({ order: 'rescale', market: 'A', factor: '1000' });
    expect(() => machine.bust(bought)).toThrow(/rescaled/);
  });
});
