import { describe, expect, it } from 'vitest';
import { ExchangeLedger, PricingEngine } from '#lib/exchange';
import { ExchangeMachine, HOUR_MS, LINEAR, money, number } from '../support/exchange-machine.js';

const exchange = (rules: object = {}) => {
  const machine = new ExchangeMachine(['A', 'B'], {
    volatility: 0.03,
    correlation: 0.5,
    rules: { margin: { mode: 'portfolio' }, credit: {}, ...rules },
  });
  machine.provide('lp', 1_000_000);
  machine.wait(1000);
  return machine;
};
const credit = (accountShare: number | null, poolShare: number | null) => ({
  credit: { accountShare, poolShare, loading: 0 },
});

/** Law 6: two accounts of one person, long and short, do not win by leaving a debt behind. */
describe('caps', () => {
  it('bound the debt of one account in the worst scenario, twice taken', () => {
    const machine = exchange(credit(0.01, null));
    machine.deposit('a', 100_000);
    // 15 % twice: 0.3·x − E ≤ 10,000.
    expect(machine.trade('a', { A: 3300 }).kind).toBe('trade-booked');
    const { deficit, scenario, times } = machine.engine.credit.worst(1)[0];
    expect({ scenario, times }).toEqual({ scenario: 'market 15 % down', times: 2 });
    expect(deficit).toBeCloseTo(0.3 * 330_000 - machine.equity('a'), 5);
    const room = Math.floor(10_000 - deficit);
    expect(machine.trade('a', { A: 500 })).toMatchObject({ kind: 'trade-rejected', code: 'credit-cap' });
    expect(machine.withdraw('a', room + 1)).toMatchObject({ kind: 'account-rejected', code: 'credit-cap' });
    expect(machine.transfer('a', 'B', room + 1)).toMatchObject({ code: 'credit-cap' });
    expect(machine.withdraw('a', room).kind).toBe('account-withdrawn');
    expect(machine.withdraw('a', 1)).toMatchObject({ code: 'credit-cap' });
    // A trade that lowers the debt is taken whatever the cap.
    machine.engine.setParameters(
      {
        ...{ commandId: 'p', base: 1, by: 'op', reason: 'test', issuedAt: machine.time },
        parameters: {
          ...machine.engine.parameters.rules.parameters,
          ...{ credit: { accountShare: 0.001, poolShare: null, loading: 0 } },
        },
      },
      machine.time,
    );
    expect(machine.trade('a', { A: 1 })).toMatchObject({ code: 'credit-cap' });
    expect(machine.trade('a', { A: -100 }).kind).toBe('trade-booked');
  });

  it('bound the debts of all accounts in a scenario, however many accounts they are spread over', () => {
    const machine = exchange(credit(null, 0.1));
    let opened = 0;
    let refused = 0;
    for (let i = 0; i < 80; i++) {
      machine.deposit(`s${i}`, 5500);
      const answer = machine.trade(`s${i}`, { A: 250 });
      if (answer.kind === 'trade-booked') opened++;
      else {
        expect(answer).toMatchObject({ code: 'credit-cap' });
        refused++;
      }
    }
    // Each could leave 0.3·25,000 − 5,500 and its premium: at most 100,000 of all together.
    expect(opened).toBeGreaterThan(20);
    expect(refused).toBeGreaterThan(20);
    expect(machine.engine.credit.worst(1)[0].deficit).toBeLessThanOrEqual(0.1 * machine.engine.marginCapital);
    // The other side adds to other scenarios, not to this one.
    machine.deposit('short', 5500);
    expect(machine.trade('short', { A: -250 }).kind).toBe('trade-booked');
  });

  it('are counted anew after a bar, a few accounts with each command, and taken up after a restart', () => {
    const machine = exchange(credit(null, 1));
    for (let i = 0; i < 200; i++) {
      machine.deposit(`s${i}`, 3000);
      machine.trade(`s${i}`, { A: (i % 2 ? 1 : -1) * (100 + i / 4), B: i % 3 });
    }
    machine.marks({ A: 97, B: 101 });
    machine.wait(HOUR_MS);
    machine.forecast();
    expect(machine.engine.credit.complete).toBe(false);
    const restart = () => {
      const { engine, ledger } = machine;
      const vesting = [ledger.horizonMs, ledger.bucketMs] as const;
      const copy = ExchangeLedger.restore(JSON.parse(JSON.stringify(ledger.snapshot())) as never, ...vesting);
      const state = JSON.parse(JSON.stringify(engine.snapshot())) as ReturnType<typeof engine.snapshot>;
      return new PricingEngine(engine.parameters, copy, state, engine.board.latestForecast);
    };
    for (let i = 0; i < 8; i++) {
      machine.deposit('other', 1);
      expect(restart().credit.worst(100)).toEqual(machine.engine.credit.worst(100));
    }
    expect(machine.engine.credit.complete).toBe(true);
    const counted = machine.engine.credit.worst(100);
    machine.forecast();
    machine.wait(1000);
    expect(machine.engine.credit.worst(100)).toEqual(counted);
  });
});

describe('the credit charge', () => {
  it('accrues by the hour, at the rate of the account as it was, into the reserve', () => {
    const machine = exchange({ credit: { accountShare: null, poolShare: null } });
    machine.deposit('a', 20_000);
    machine.trade('a', { A: 1000 });
    const { rate } = machine.ledger.creditOf('a', machine.time);
    expect(rate).toBeGreaterThan(0n);
    const before = machine.equity('a');
    machine.wait(10 * HOUR_MS);
    const { owed } = machine.ledger.creditOf('a', machine.time);
    expect(owed).toBe(10n * rate);
    expect(before - machine.equity('a')).toBeGreaterThanOrEqual(number(owed));
    machine.trade('a', { A: -1000 });
    expect(machine.ledger.creditReserve).toBe(owed);
    expect(machine.ledger.creditOf('a', machine.time).rate).toBe(0n);
    expect(machine.ledger.totals.creditCharges).toBe(owed);
  });

  it('accrues without an event while marks alone move, until the difference or the debt matters', () => {
    const machine = exchange({ credit: { accountShare: null, poolShare: 1 } });
    machine.deposit('a', 20_000);
    machine.trade('a', { A: 1000 });
    machine.forecast({ volatility: 0.03 });
    machine.wait(1000);
    const { rate } = machine.ledger.creditOf('a', machine.time);
    const since = machine.ledger.creditRateOf('a')!.since;
    const from = machine.events.length;
    const charges = () =>
      machine.events.slice(from).flatMap((event) => (event.kind === 'credit-charged' ? [event] : []));
    // A fall of 4 % takes a fifth of the equity, and raises the rate by more than a quarter.
    machine.marks({ A: 96 }, 60_000);
    machine.forecast({ volatility: 0.03 });
    machine.wait(60_000);
    const now = machine.engine.accounts.creditRate('a');
    expect(now.rate * 4n).toBeGreaterThan(rate * 5n);
    expect(charges()).toEqual([]);
    // Equity, claims and the need of the pool have the debt in them all the same.
    const accrued = machine.ledger.accruedCredit(machine.time);
    const { owed: debt } = machine.ledger.creditOf('a', machine.time);
    expect(debt).toBeGreaterThan(0n);
    expect(debt - accrued).toBeLessThanOrEqual(1n);
    expect(Math.abs(Number(machine.engine.claims - machine.engine.accounts.exactEquity('a')))).toBeLessThan(
      10,
    );
    // By then the debt would be another one by three ten-thousandths of the equity.
    const hours = (3e-4 * now.equity * 1e8) / Number(now.rate - rate);
    machine.wait(Math.ceil(1.05 * hours * HOUR_MS));
    machine.forecast({ volatility: 0.03 });
    machine.wait(1000);
    expect(charges()).toHaveLength(1);
    const [charged] = charges();
    expect(money(charged.charged)).toBe((rate * BigInt(charged.at - since) + 3_599_999n) / 3_600_000n);
    expect(money(charged.rate)).toBeGreaterThan(rate);
    expect(machine.ledger.creditReserve).toBe(money(charged.charged));
    expect(machine.ledger.recount()).toBeUndefined();
  });

  it('is taken where the debt is a thousandth of the equity, although the rate has not moved', () => {
    const machine = exchange({ credit: { accountShare: null, poolShare: 1, loading: 20 } });
    machine.deposit('a', 20_000);
    machine.trade('a', { A: 1000 });
    const { rate } = machine.ledger.creditOf('a', machine.time);
    const hours = (1e-3 * machine.equity('a') * 1e8) / Number(rate);
    const charges = () => machine.events.filter(({ kind }) => kind === 'credit-charged').length;
    const before = charges();
    machine.wait(Math.floor(0.7 * hours * HOUR_MS));
    machine.forecast({ volatility: 0.03 });
    machine.wait(1);
    expect(charges()).toBe(before);
    machine.wait(Math.floor(0.35 * hours * HOUR_MS));
    machine.forecast({ volatility: 0.03 });
    machine.wait(1);
    expect(charges()).toBe(before + 1);
  });

  it('takes no more than there is, and pays for defaults before the pool does', () => {
    const machine = exchange({
      ...{ ...LINEAR, credit: { accountShare: null, poolShare: null, loading: 100 } },
      // No liquidator is paid out of the reserve.
      liquidation: { penaltyRate: 0 },
    });
    machine.deposit('rich', 200_000);
    machine.trade('rich', { A: 10_000 });
    machine.wait(40 * HOUR_MS);
    machine.trade('rich', { A: -5000 });
    const reserve = machine.ledger.creditReserve;
    expect(reserve).toBeGreaterThan(0n);
    machine.deposit('poor', 6000);
    machine.trade('poor', { B: 1000 });
    machine.wait(HOUR_MS);
    machine.settle();
    machine.marks({ B: 92 });
    const { capital, liquidity } = machine.ledger;
    const events = machine.liquidateAll('poor');
    const loss = events.find(({ kind }) => kind === 'bankruptcy-settled') as { loss: string } | undefined;
    expect(loss).toBeDefined();
    expect(events.find((event) => event.kind === 'credit-charged' && event.account === 'poor')).toMatchObject(
      {
        charged: '0',
        rate: '0',
      },
    );
    const paid = money(loss!.loss) < reserve ? money(loss!.loss) : reserve;
    expect(machine.ledger.creditReserve).toBe(reserve - paid);
    // The trader's loss up to its equity is the pool's gain.
    expect(machine.ledger.capital + machine.ledger.liquidity).toBeGreaterThan(capital + liquidity);
  });

  it('costs honest accounts little: a share of a percent a year at five times leverage', () => {
    const machine = exchange({ credit: { accountShare: null, poolShare: null } });
    machine.deposit('a', 20_000);
    machine.trade('a', { A: 1000 });
    const year = number(machine.ledger.creditOf('a', machine.time).rate) * 24 * 365;
    expect(year / 100_000).toBeGreaterThan(0.0005);
    expect(year / 100_000).toBeLessThan(0.01);
  });
});
