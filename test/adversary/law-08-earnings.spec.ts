import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ExchangeMachine, HOUR_MS, number } from '../support/exchange-machine.js';

/** A pool of 1 M with a trader's position on it, whose premium the providers earn. */
function pool(): ExchangeMachine {
  const machine = new ExchangeMachine();
  machine.provide('honest', 1_000_000);
  machine.deposit('trader', 10_000_000);
  expect(machine.trade('trader', { A: 50_000 }).kind).toBe('trade-booked');
  return machine;
}

/** Law 8: earnings belong to the bearers of the risk, in proportion to time. */
describe('earnings of liquidity', () => {
  it('500 M deposited a quarter of an hour before a premium vests gain nothing of it', () => {
    const machine = pool();
    const premium = number(machine.ledger.pendingToLiquidity);
    expect(premium).toBeGreaterThan(1000);
    machine.wait(24 * HOUR_MS - HOUR_MS / 4);
    machine.provide('thief', 500_000_000);
    expect(machine.ledger.sharesOf('thief')).toBe(0n);
    machine.marks();
    expect(machine.ledger.sharesOf('thief')).toBeGreaterThan(0n);
    machine.wait(HOUR_MS);
    // All that was pending when it came was 1/96 of the premium; it takes none of the earlier earnings.
    expect(machine.worth('thief')).toBeLessThanOrEqual(500_000_000 + premium / 90);
    expect(machine.worth('honest')).toBeGreaterThan(900_000 + 0.9 * premium);
  });

  it('whoever comes while a position makes shares cheap has no part in their rise when an accomplice closes it', () => {
    const machine = new ExchangeMachine();
    machine.provide('honest', 1_000_000);
    machine.deposit('accomplice', 10_000_000);
    machine.trade('accomplice', { A: 20_000 });
    machine.wait(26 * HOUR_MS);
    // The position's risk doubles with the forecast; premium and funding were paid for the risk of before.
    machine.forecast({ volatility: 0.1 });
    machine.wait(1000);
    const liquidity = number(machine.ledger.liquidity);
    expect(machine.worth('honest')).toBeLessThan(liquidity - 10_000);
    machine.provide('thief', 1_000_000);
    machine.marks();
    machine.trade('accomplice', { A: -20_000 });
    machine.settle();
    expect(machine.worth('honest')).toBeGreaterThan(liquidity - 1);
    expect(machine.worth('thief')).toBeLessThan(1_000_001);
  });

  it('earns evenly over the horizon', () => {
    const machine = pool();
    machine.trade('trader', { A: -50_000 });
    const pending = number(machine.ledger.pendingToLiquidity);
    machine.wait(HOUR_MS);
    const start = number(machine.ledger.liquidity);
    machine.wait(6 * HOUR_MS);
    const quarter = number(machine.ledger.liquidity) - start;
    expect(quarter / pending).toBeGreaterThan(0.23);
    expect(quarter / pending).toBeLessThan(0.27);
  });

  it('what vests when all have left is the exchange’s: a deposit of 1 is worth 1', () => {
    const machine = pool();
    machine.trade('trader', { A: -50_000 });
    machine.leave('honest', Math.floor(machine.worth('honest') * 1e8) / 1e8);
    expect(machine.ledger.outstandingShares).toBeLessThan(10n ** 8n);
    machine.wait(25 * HOUR_MS);
    const left = machine.ledger.freeShares('honest');
    if (left > 0n) machine.leave('honest', machine.worth('honest').toFixed(8));
    const capital = machine.ledger.capital;
    machine.wait(25 * HOUR_MS);
    machine.provide('thief', 1);
    expect(machine.ledger.capital).toBeGreaterThanOrEqual(capital);
    expect(machine.worth('thief')).toBeLessThanOrEqual(1.000001);
  });

  it('no crumb of a share stays to which earnings vest: a unit worth thousands would be what others lose by rounding', () => {
    const machine = new ExchangeMachine();
    machine.provide('thief', 1_000_000);
    machine.deposit('accomplice', 10_000_000);
    machine.trade('accomplice', { A: 50_000 });
    machine.trade('accomplice', { A: -50_000 });
    machine.marks();
    machine.settle();
    const pending = number(machine.ledger.pendingToLiquidity);
    expect(pending).toBeGreaterThan(10_000);
    // All but one unit of money: it leaves with all.
    const { worth } = machine.engine.shares.positionOf('thief');
    machine.leave('thief', number(worth - 1n).toFixed(8));
    expect(machine.ledger.outstandingShares).toBe(0n);
    machine.wait(25 * HOUR_MS);
    // With the crumb 198,470 were worth 149,102 a moment later, and the crumb 49,368 more.
    const brought = 2 * pending - 1;
    machine.provide('victim', brought.toFixed(8));
    machine.marks();
    expect(machine.worth('victim')).toBeGreaterThan(brought - 0.01);
  });

  it('whoever comes gets a hundredth of a share at least, or is refused; digits of shares are bounded', () => {
    const machine = pool();
    // A share that is worth a million: a vault's, or one to which everything has vested.
    const issue = (outstanding: string, amount: string) => {
      const { ledger } = machine;
      ledger.apply({
        ...{ kind: 'liquidity-deposited', at: machine.time, commandId: `own-${outstanding}` },
        ...{ provider: 'honest', amount: '0', shares: outstanding },
      });
      machine.provide('new', amount);
      machine.marks();
      return machine.events.findLast(({ kind }) => kind.startsWith('liquidity-'));
    };
    expect(issue('9'.repeat(34), '1000000')).toMatchObject({ kind: 'liquidity-deposited' });
    expect(issue('9'.repeat(38), '1000000')).toMatchObject({
      ...{ kind: 'liquidity-rejected', code: 'invalid-input' },
      reason: expect.stringContaining('more shares than the books can tell') as string,
    });
    const few = new ExchangeMachine();
    few.provide('thief', 1);
    few.ledger.apply({
      ...{ kind: 'liquidity-deposited', at: few.time, commandId: 'gift', provider: 'thief' },
      ...{ amount: '1000000', shares: '0' },
    });
    few.provide('victim', '9999');
    few.marks();
    expect(few.events.findLast(({ kind }) => kind === 'liquidity-rejected')).toMatchObject({
      reason: expect.stringContaining('buys less than 0.01 shares') as string,
    });
    few.provide('victim', '10002');
    few.marks();
    expect(few.ledger.sharesOf('victim')).toBeGreaterThan(10n ** 6n);
  });

  it('who asks to leave before a loss bears it: the exit is at the marks that come after', () => {
    const machine = pool();
    machine.provide('thief', 1_000_000);
    machine.marks();
    const before = machine.worth('thief');
    // Known to the thief: the next mark costs the pool 500,000.
    const asked = machine.leave('thief', Math.floor(before / 2));
    expect(asked.kind).toBe('liquidity-asked');
    const honest = machine.worth('honest');
    machine.marks({ A: 110 });
    const paid = machine.events.findLast(({ kind }) => kind === 'liquidity-withdrawn');
    expect(paid).toMatchObject({ provider: 'thief', mode: 'forced' });
    const received = Number((paid as { paid: string }).paid);
    const lost = 1 - (received + machine.worth('thief')) / before;
    // It lost at least the share of its worth that the one who stayed has lost.
    expect(lost).toBeGreaterThanOrEqual(1 - machine.worth('honest') / honest - 1e-6);
  });

  it('no command of a provider takes anything from the others', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            who: fc.constantFrom('x', 'y', 'z'),
            amount: fc.integer({ min: 1, max: 2_000_000 }),
            deposits: fc.boolean(),
            mode: fc.constantFrom('locked', 'forced'),
            move: fc.integer({ min: 950, max: 1050 }),
          }),
          { minLength: 1, maxLength: 12 },
        ),
        (steps) => {
          const machine = pool();
          for (const { who, amount, deposits, mode, move } of steps) {
            if (deposits) machine.provide(who, amount);
            else machine.leave(who, amount, mode);
            // The marks that execute it are the marks it was asked at: nothing but the command changes anything.
            machine.engine.settleTime();
            const before = machine.worth('honest');
            machine.marks({}, 1);
            expect(machine.worth('honest')).toBeGreaterThanOrEqual(before * (1 - 1e-9) - 1e-6);
            machine.marks({ A: move / 10 });
          }
          expect(machine.ledger.recount()).toBeUndefined();
        },
      ),
      { numRuns: 40 },
    );
  });
});

/** Law 8b: who bears and who gains does not depend on the order in which positions are closed. */
describe('the waterfall', () => {
  const closings = (order: readonly string[]) => {
    const machine = new ExchangeMachine();
    machine.provide('lp', 1_000_000);
    for (const account of ['a', 'b', 'c', 'd']) machine.deposit(account, 50_000_000);
    // A flat book: gains of some are losses of the others.
    for (const [account, size] of [
      ['a', 100_000],
      ['b', -100_000],
      ['c', 60_000],
      ['d', -60_000],
    ] as const)
      machine.trade(account, { A: size });
    machine.marks({ A: 101 });
    for (const account of order)
      machine.trade(account, { A: { a: -100_000, b: 100_000, c: -60_000, d: 60_000 }[account]! });
    const { capital, liquidity, shortfall, borne } = machine.ledger;
    return { capital, liquidity, shortfall, borne };
  };

  it('a flat book that is closed moves nothing from L to P, whoever closes first', () => {
    const results = [
      ['a', 'b', 'c', 'd'],
      ['b', 'a', 'd', 'c'],
      ['a', 'c', 'b', 'd'],
      ['d', 'b', 'c', 'a'],
    ].map(closings);
    for (const result of results) {
      // L has its own, and the premia vested in a second; P has nothing of the 160,000 that went through L.
      expect(number(result.liquidity)).toBeGreaterThanOrEqual(1_000_000);
      expect(number(result.liquidity)).toBeLessThan(1_000_010);
      expect(number(result.capital)).toBeLessThan(1e-5);
      expect([result.shortfall, result.borne]).toEqual([0n, 0n]);
    }
  });

  it('two months of matched flow leave L what it has earned', () => {
    const machine = new ExchangeMachine(['A'], { volatility: 0.02 });
    machine.provide('lp', 1_000_000);
    machine.deposit('long', 100_000_000);
    machine.deposit('short', 100_000_000);
    for (let day = 0; day < 60; day++) {
      machine.trade('long', { A: 1000 });
      machine.trade('short', { A: -1000 });
      machine.marks({ A: day % 2 === 0 ? 103 : 100 }, 12 * HOUR_MS);
      machine.trade('long', { A: -1000 });
      machine.trade('short', { A: 1000 });
      machine.marks({}, 12 * HOUR_MS);
    }
    const earned = number(machine.ledger.totals.liquidityPremia + machine.ledger.totals.liquidityFunding);
    const pending = number(machine.ledger.pendingToLiquidity);
    expect(number(machine.ledger.liquidity)).toBeGreaterThanOrEqual(1_000_000 + earned - pending - 1);
    expect(machine.ledger.borne).toBe(0n);
  });

  it('a solvent account that closes at a premium above its equity pays its equity, and is not bankrupt', () => {
    const machine = new ExchangeMachine(['A', 'B'], { volatility: 0.3, correlation: -0.9 });
    machine.provide('lp', 100_000);
    machine.deposit('hedger', 100_000_000);
    machine.deposit('poor', 60_000);
    machine.trade('hedger', { A: -20_000 });
    expect(machine.trade('poor', { A: 10_000 }).kind).toBe('trade-booked');
    machine.marks({ A: 97 });
    const equity = machine.equity('poor');
    const quoted = machine.engine.price([{ market: 'A', size: '-10000' }]);
    expect(number(quoted.riskPremium + quoted.liquidityPremium)).toBeGreaterThan(equity);
    expect(equity).toBeGreaterThan(0);
    const events = machine.liquidateAll('poor');
    expect(events.map(({ kind }) => kind)).not.toContain('bankruptcy-settled');
    expect(machine.ledger.cashOf('poor')).toBeGreaterThanOrEqual(0n);
    expect(number(machine.ledger.cashOf('poor'))).toBeLessThan(1e-6);
  });
});
