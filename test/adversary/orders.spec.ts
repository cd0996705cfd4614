import { describe, expect, it } from 'vitest';
import {
  type BookEvent,
  followersOf,
  type JournalledTrade,
  markParameters,
  type MarketOrder,
  marketOrderSeal,
  type TradeBooked,
  type TradeBusted,
} from '#lib/exchange';
import { ExchangeMachine, HOUR_MS, LINEAR, number } from '../support/exchange-machine.js';

const SECRET = 'the operator’s secret';
const MARKS = markParameters({ bandMinimum: 10, maximumStepMs: 1e12, orderSecret: SECRET });
const CHARGED = { ...LINEAR, credit: { accountShare: null, poolShare: null, loading: 1.5 } };

/** An exchange with the operator's orders, and the charge for default options. */
class Ordered extends ExchangeMachine {
  private issued = 0;
  constructor(rules: object = CHARGED) {
    super(['A', 'B'], { volatility: 0.05, parameters: { marks: MARKS }, rules });
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

  it('a market that is listed anew and silent keeps nobody from anything', () => {
    const machine = new Ordered();
    machine.deposit('t', 30_000);
    machine.trade('t', { B: 100 });
    expect(machine.leave('lp', 1000, 'locked').kind).toBe('liquidity-asked');
    machine.wait(1000);
    machine.delist('A', '100');
    machine.order({ order: 'resume', market: 'A' });
    machine.time += 25 * HOUR_MS;
    // Marks of the other market alone: the risk could not be computed, and each of these threw.
    const tick = () =>
      machine.engine.take({ market: 'B', price: '100', time: ++machine.time, sequence: machine.time });
    tick();
    tick();
    expect(machine.engine.takeMatured().map(({ kind }) => kind)).toContain('liquidity-withdrawn');
    expect(machine.engine.assessment().assessment.riskMeasure).toBeLessThan(0);
    expect(machine.trade('t', { B: 1 }).kind).toBe('trade-booked');
    expect(machine.trade('t', { A: 1 })).toMatchObject({ kind: 'trade-rejected', code: 'unknown-market' });
    machine.restart();
    expect(machine.engine.ready()).toBe(true);
    expect(machine.trade('t', { B: 1 }).kind).toBe('trade-booked');
  });

  it('a provider who has left with its part of a premium pays for no trade that is taken back: nor do the others', () => {
    const machine = new Ordered();
    machine.deposit('t', 1_000_000);
    machine.provide('accomplice', 3_000_000);
    machine.wait(1000);
    const bought = machine.journalled(() => machine.trade('t', { B: 20_000 }));
    machine.wait(25 * HOUR_MS);
    machine.trade('t', { B: -20_000 });
    machine.wait(25 * HOUR_MS);
    machine.leave('accomplice', machine.worth('accomplice').toFixed(8));
    machine.wait(1000);
    const [honest, cash] = [machine.ledger.liquidity, machine.equity('t')];
    machine.bust(bought);
    // 45,664 came back to the trader, 39,894 of it from the provider who stayed; the accomplice had left with 45,504: 18,666 won.
    expect(machine.ledger.liquidity).toBe(honest);
    expect(machine.equity('t')).toBeLessThanOrEqual(cash);
  });

  it('half of the horizon later half of the premium for liquidity comes back, and the whole of the one for risk', () => {
    const machine = new Ordered();
    machine.deposit('t', 100_000);
    // The end of a bucket of premia.
    machine.wait(Math.ceil(machine.time / 1_350_000) * 1_350_000 - machine.time);
    const bought = machine.journalled(() => machine.trade('t', { B: 1000 }));
    machine.wait(12 * HOUR_MS);
    const pending = machine.ledger.pendingToLiquidity;
    const [busted] = machine.bust(bought).filter(({ kind }) => kind === 'trade-busted') as [TradeBusted];
    expect(busted.riskPremium).toBe(bought.booked.riskPremium);
    expect(Number(busted.liquidityPremium)).toBeCloseTo(Number(bought.booked.liquidityPremium) / 2, 6);
    // Nobody earns the rest; what is pending still is funding.
    expect(number(pending - machine.ledger.pendingToLiquidity)).toBeCloseTo(
      Number(busted.liquidityPremium),
      6,
    );
    machine.wait(25 * HOUR_MS);
    machine.wait(1000);
    expect(machine.ledger.pendingToLiquidity).toBe(0n);
  });

  it('collateral that has left the exchange does not come back as a debt of nobody', () => {
    const machine = new Ordered();
    machine.deposit('t', 30_000);
    machine.transfer('t', 'B', 20_000);
    machine.trade('t', { B: 100 }, { margin: 'isolated' });
    const closed = machine.journalled(() => machine.trade('t', { B: -100 }, { margin: 'isolated' }));
    expect(machine.withdraw('t', 25_000).kind).toBe('account-withdrawn');
    const left = machine.ledger.cashOf('t');
    machine.bust(closed);
    // It was −15,000, beside 20,000 of margin in a position that its owner had for a quarter of that.
    expect(machine.ledger.cashOf('t')).toBe(0n);
    expect(machine.equity('t~B')).toBeLessThan(number(left) + 100);
  });

  it('a liquidation that is taken back brings its owner the exchange’s part of the penalty, not the liquidator’s', () => {
    const machine = new Ordered();
    machine.deposit('t', 20_000);
    machine.deposit('bot', 1);
    machine.trade('t', { A: 1000 });
    machine.marks({ A: 92 });
    const liquidation = machine.journalled(() =>
      machine
        .liquidate('t', { A: -1000 }, { penaltyRate: 0.01 })
        .find(({ kind }) => kind === 'trade-booked')!,
    );
    const { penalty, toLiquidator } = liquidation.booked;
    expect(Number(toLiquidator)).toBeGreaterThan(100);
    const bot = machine.ledger.cashOf('bot');
    const { account, tradeId: id } = liquidation.booked;
    const events = machine.order(
      { order: 'bust', market: '*', trade: { account, id, of: 'liquidation-trades' } },
      liquidation,
    );
    const kept = Number(penalty) - Number(toLiquidator);
    expect(Number((events.find(({ kind }) => kind === 'trade-busted') as TradeBusted).penalty)).toBeCloseTo(
      kept,
      8,
    );
    expect(machine.ledger.cashOf('bot')).toBe(bot);
  });

  it('nor one of the moment of a rescaling', () => {
    const machine = new Ordered();
    machine.deposit('t', 30_000);
    const bought = machine.journalled(() => machine.trade('t', { A: 100 }));
    machine.order({ order: 'halt', market: 'A' });
    machine.order({ order: 'rescale', market: 'A', factor: '1000' });
    expect(() => machine.bust(bought)).toThrow(/rescaled/);
  });

  /** Caps on debts, as an exchange has them. */
  const capped = () =>
    new Ordered({ margin: { mode: 'portfolio' }, credit: { accountShare: 1, poolShare: 0.2 } });
  const worst = (machine: Ordered) => machine.engine.credit.worst(1)[0].deficit;

  it.each(['0.001', '1000'])(
    'a rescaling by %s leaves the debts of a fall what they were, and the cap on them',
    (factor) => {
      const machine = capped();
      machine.deposit('t', 30_000);
      expect(machine.trade('t', { A: 1300 }).kind).toBe('trade-booked');
      const before = worst(machine);
      expect(before).toBeGreaterThan(1000);
      machine.order({ order: 'halt', market: 'A' });
      machine.order({ order: 'rescale', market: 'A', factor });
      machine.order({ order: 'resume', market: 'A' });
      expect(worst(machine)).toBeCloseTo(before, 0);
      machine.deposit('u', 30_000);
      const mark = machine.engine.board.mark('A')!.value;
      expect(machine.trade('u', { A: (50_000 / mark).toFixed(8) }).kind).toBe('trade-booked');
      // Past the cap without what t has, or with it, it is the same unit.
      machine.deposit('v', 10_000_000);
      const restarted = worst(machine);
      machine.restart();
      expect(worst(machine)).toBe(restarted);
    },
  );

  it('a market that is listed anew is counted at its new mark', () => {
    const machine = capped();
    machine.deposit('t', 30_000);
    machine.trade('t', { A: 200 });
    machine.delist('A', '100');
    machine.order({ order: 'resume', market: 'A' });
    machine.marks({ A: 0.1 });
    expect(machine.trade('t', { A: 1_300_000 }).kind).toBe('trade-booked');
    const deficit = worst(machine);
    expect(deficit).toBeGreaterThan(1000);
    machine.restart();
    expect(worst(machine)).toBe(deficit);
    machine.forecast();
    machine.wait(1000);
    expect(worst(machine) / deficit).toBeCloseTo(1, 1);
  });
});
