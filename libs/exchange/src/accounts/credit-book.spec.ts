import { describe, expect, it } from 'vitest';
import { BOOK_EVENTS } from '../../../../test/support/book-events.js';
import { ExchangeMachine, HOUR_MS, LINEAR } from '../../../../test/support/exchange-machine.js';

/** K of 1,000,000; the worst move is 15 %, twice taken. */
function machine(
  accountShare: number | null,
  poolShare: number | null,
  markets = ['A', 'B'],
): ExchangeMachine {
  const credit = { accountShare, poolShare, loading: 0 };
  const made = new ExchangeMachine(markets, {
    volatility: 0.01,
    rules: { ...LINEAR, credit },
  });
  made.provide('lp', 1_000_000);
  made.wait(1000);
  return made;
}
/** An account with cash and a position at 100, without a premium. */
const holds = (made: ExchangeMachine, account: string, cash: string, market: string, size: string) => {
  made.deposit(account, cash);
  const legs = [{ market, size, price: '100' }];
  made.ledger.apply({ ...BOOK_EVENTS['trade-booked'], at: made.time, account, legs });
  made.engine.credit.enter(account);
};
const worst = ({ engine }: ExchangeMachine, scenario: string, times = 2) =>
  engine.credit.worst(1000).find((one) => one.scenario === scenario && one.times === times)?.deficit;

describe('the cost of defaults', () => {
  it('is kept where one of the caps holds, and nowhere else', () => {
    const kept = (caps: readonly [number | null, number | null]) => {
      const made = machine(caps[0], caps[1]);
      holds(made, 'a', '1000', 'A', '100');
      const { credit } = made.engine;
      return [
        credit.worst(1).length,
        credit.passState() === undefined,
        credit.complete,
        'credit' in made.engine.snapshot(),
      ];
    };
    expect(kept([null, null])).toEqual([0, true, true, false]);
    for (const caps of [
      [0.01, null],
      [null, 0.1],
      [0.01, 0.1],
    ] as const)
      expect(kept(caps)).toEqual([1, false, true, true]);
  });

  it('sums what each account would leave in each scenario, the largest first', () => {
    const made = machine(null, 1);
    expect(made.engine.credit.worst(1)[0].deficit).toBe(0);
    holds(made, 'a', '1000', 'A', '100');
    holds(made, 'b', '500', 'A', '50');
    holds(made, 'c', '100', 'B', '-10');
    // 30 % of 10,000 less 1,000, and of 5,000 less 500.
    expect(worst(made, 'market 15 % down')).toBeCloseTo(3000, 6);
    expect(worst(made, 'market 15 % up')).toBeCloseTo(200, 6);
    expect(worst(made, 'market 15 % down', 1)).toBeCloseTo(750, 6);
    expect(worst(made, 'A alone down')).toBeCloseTo(1500, 6);
    const all = made.engine.credit.worst(1000);
    expect(all[0]).toMatchObject({ scenario: 'market 15 % down', times: 2 });
    expect(all.map(({ deficit }) => deficit)).toEqual(
      [...all].map(({ deficit }) => deficit).sort((x, y) => y - x),
    );
    expect(made.engine.credit.worst(3)).toEqual(all.slice(0, 3));
  });

  it('follows the accounts: deposits, closing, charges', () => {
    const made = machine(null, 1);
    holds(made, 'a', '1000', 'A', '100');
    made.deposit('a', 400);
    expect(worst(made, 'market 15 % down')).toBeCloseTo(1600, 6);
    made.ledger.apply({
      ...BOOK_EVENTS['credit-charged'],
      at: made.time,
      account: 'a',
      charged: '100',
      rate: '0',
    });
    expect(worst(made, 'market 15 % down')).toBeCloseTo(1600, 6);
    made.engine.credit.cashChanged('a');
    expect(worst(made, 'market 15 % down')).toBeCloseTo(1700, 6);
    const close = [{ market: 'A', size: '-100', price: '100' }];
    made.ledger.apply({ ...BOOK_EVENTS['trade-booked'], at: made.time, account: 'a', legs: close });
    made.engine.credit.cashChanged('a');
    expect(worst(made, 'market 15 % down')).toBe(0);
    // Nobody’s charge is nobody’s deficit.
    made.engine.credit.cashChanged('nobody');
    expect(worst(made, 'market 15 % down')).toBe(0);
  });

  it('is the same for who takes the books up later, under the same parameters or others', () => {
    const made = machine(0.5, 1, ['A', 'B', 'C']);
    holds(made, 'a', '1000', 'A', '100');
    holds(made, 'b', '500', 'B', '-50');
    made.marks({ A: 90, B: 120 });
    made.forecast();
    const before = made.engine.credit.worst(1000);
    made.restart();
    expect(made.engine.credit.worst(1000)).toEqual(before);
    const { parameters } = made.engine.parameters.rules;
    const margin = { ...parameters.margin, worstHours: { A: 0.5 } };
    const change = {
      commandId: 'c',
      base: 1,
      parameters: { ...parameters, margin },
      by: 'olga',
      reason: 'a test',
      issuedAt: 5,
    };
    made.engine.setParameters(change, made.time);
    const after = made.engine.credit.worst(1000);
    // A alone may fall by one half now, not twice: 4,500 of nothing that is left of a, beside the 500 that b owes.
    expect(worst(made, 'A alone down', 1)).toBeCloseTo(5000, 3);
    made.restart();
    expect(made.engine.credit.worst(1000)).toEqual(after);
  });

  it('is counted anew at the marks of a bar’s end, account by account', () => {
    const made = machine(null, 1);
    for (let i = 0; i < 40; i++) holds(made, `a${i}`, '1000', 'A', '100');
    made.marks({ A: 95 });
    const old = worst(made, 'market 15 % down')!;
    expect(old).toBeCloseTo(40 * 2000, 6);
    made.wait(HOUR_MS);
    made.forecast({ volatility: 0.01 });
    // With the forecast 32 accounts are counted at 95: 30 % of 9,500 less the 500 that are left; the rest with the next command.
    expect(made.engine.credit.complete).toBe(false);
    expect(made.engine.credit.passState()).toBeDefined();
    made.deposit('x', 1);
    expect(made.engine.credit.complete).toBe(true);
    const funding = Number(made.ledger.account('a0').fundingOwed) / 1e8;
    expect(worst(made, 'market 15 % down')!).toBeCloseTo(40 * (2350 + funding), 0);
    expect(made.engine.credit.numbersOf(['a0', 'a39', 'nobody'])).toHaveLength(2);
  });
});

describe('a command that would raise it', () => {
  const capped = (accountShare: number | null, poolShare: number | null) => {
    const made = machine(accountShare, poolShare);
    // 30 % of 30,000 less 5,000.
    holds(made, 'a', '5000', 'A', '300');
    holds(made, 'b', '5000', 'A', '300');
    return made;
  };
  const code = (event: object) => (event as { code?: string }).code;

  it('past an account’s cap is refused, and one that does not raise it is not', () => {
    const made = capped(0.005, null);
    expect(code(made.trade('a', { A: 60 }))).toBe('credit-cap');
    expect(code(made.withdraw('a', 1100))).toBe('credit-cap');
    expect(code(made.trade('a', { A: 30 }))).toBeUndefined();
    const past = capped(0.001, null);
    expect(code(past.trade('a', { A: 1 }))).toBe('credit-cap');
    expect(code(past.trade('a', { A: -1 }))).toBeUndefined();
    expect(code(past.withdraw('a', 1))).toBe('credit-cap');
  });

  it('past the cap of all in a scenario is refused, of one account or of several at once', () => {
    const made = capped(null, 0.009);
    expect(code(made.trade('a', { A: 60 }))).toBe('credit-cap');
    expect(code(made.trade('a', { A: 20 }))).toBeUndefined();
    const fill = (buyer: string, seller: string, size: string) => ({
      ...{ buyer, seller, size, market: 'A', price: '100' },
      maker: 'buyer' as const,
    });
    const match = (...fills: readonly ReturnType<typeof fill>[]) =>
      made.match({ matchId: `m${fills.length}${fills[0].size}`, fills: [...fills], pool: [], releases: [] });
    made.deposit('rich', 1_000_000);
    expect(code(match(fill('a', 'rich', '10'), fill('b', 'rich', '10')))).toBe('credit-cap');
    // What one adds the other takes away.
    expect(code(match(fill('a', 'b', '10')))).toBeUndefined();
    expect(code(match(fill('rich', 'a', '10')))).toBeUndefined();
  });

  it('is of no account that has more than it can lose', () => {
    const made = capped(0, 0);
    made.deposit('rich', 1_000_000);
    expect(code(made.trade('rich', { A: 300, B: -300 }))).toBeUndefined();
    expect(code(made.withdraw('rich', 1000))).toBeUndefined();
  });
});
