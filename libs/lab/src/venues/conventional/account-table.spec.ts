import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AccountTable } from './account-table.js';

const MARKETS = 4;
const PRICES = Float64Array.of(100, 7.5, 0.25, 3);

/** The same book as plain lists, summed over everything. */
class PlainTable {
  readonly cash = new Map<string, number>();
  readonly sizes = new Map<string, number[]>();

  of(name: string): number[] {
    const known = this.sizes.get(name) ?? new Array<number>(MARKETS).fill(0);
    this.sizes.set(name, known);
    this.cash.set(name, this.cash.get(name) ?? 0);
    return known;
  }

  pay(name: string, amount: number): void {
    this.of(name);
    this.cash.set(name, this.cash.get(name)! + amount);
  }

  trade(name: string, market: number, size: number, price: number): void {
    const sizes = this.of(name);
    const next = sizes[market] + size;
    sizes[market] = Math.abs(next) <= 1e-12 * Math.abs(sizes[market]) ? 0 : next;
    this.pay(name, -size * price);
  }
}

describe(AccountTable, () => {
  const name = fc.integer({ min: 0, max: 90 }).map((i) => `a${i}`);
  const size = fc.integer({ min: -4, max: 4 }).map((tenths) => tenths / 10);
  const step = fc.oneof(
    fc.record({
      name,
      market: fc.nat(MARKETS - 1),
      size,
      price: fc.integer({ min: 1, max: 999 }).map((p) => p / 7),
    }),
    fc.record({ name, amount: fc.integer({ min: -500, max: 500 }).map((a) => a / 3) }),
    fc.record({ name, closes: fc.nat(MARKETS - 1) }),
  );

  it('has every sum of open positions as sums over all markets and accounts are, to the last bit', () => {
    let flat = 0;
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 300 }), (steps) => {
        const [table, plain] = [new AccountTable(MARKETS), new PlainTable()];
        for (const one of steps) {
          const at = table.of(one.name);
          if ('amount' in one) {
            table.pay(at, one.amount);
            plain.pay(one.name, one.amount);
            continue;
          }
          const market = 'market' in one ? one.market : one.closes;
          const traded = 'market' in one ? one.size : -plain.of(one.name)[market];
          const price = 'market' in one ? one.price : PRICES[market];
          if (traded === 0) continue;
          table.trade(at, market, traded, price);
          plain.trade(one.name, market, traded, price);
        }
        const due = Float64Array.of(0.5, 0.01, -0.003, 0);
        const [paid, expected] = [new Float64Array(MARKETS), new Float64Array(MARKETS)];
        for (const account of table.names) {
          const sizes = plain.of(account);
          const at = table.of(account);
          const notionals = sizes.map((held, i) => held * PRICES[i]);
          expect(table.gross(at, PRICES)).toBe(notionals.reduce((sum, x) => sum + Math.abs(x), 0));
          expect(table.equity(at, PRICES)).toBe(
            notionals.reduce((sum, x) => sum + x, plain.cash.get(account)!),
          );
          const held = table.holdings(at, PRICES);
          const open = sizes.flatMap((_, i) => (sizes[i] === 0 ? [] : [[i, notionals[i]]]));
          expect(Array.from({ length: held.count }, (_, j) => [held.markets[j], held.notionals[j]])).toEqual(
            open,
          );
          expect(table.isFlat(at)).toBe(open.length === 0);
          if (open.length === 0) flat++;
          sizes.forEach((one, i) => {
            expected[i] += one * due[i];
            plain.pay(account, -one * due[i]);
          });
        }
        for (let market = 0; market < MARKETS; market++) {
          const sizes = table.names.map((account) => plain.of(account)[market]);
          expect(table.interest(market)).toEqual({
            long: sizes.reduce((sum, one) => sum + Math.max(one, 0), 0),
            short: sizes.reduce((sum, one) => sum + Math.max(-one, 0), 0),
          });
        }
        table.accrue(due, paid);
        expect([...paid]).toEqual([...expected]);
        for (const account of table.names)
          expect(table.cash[table.of(account)]).toBe(plain.cash.get(account));
      }),
      { numRuns: 60 },
    );
    expect(flat).toBeGreaterThan(50);
  });

  it('says once that an account has changed, by cash or by a trade, and not by funding', () => {
    const table = new AccountTable(MARKETS);
    const [one, two] = [table.of('one'), table.of('two')];
    table.pay(one, 5);
    table.trade(two, 1, 2, 7);
    expect([table.seen(one), table.seen(one), table.seen(two), table.seen(two)]).toEqual([
      ...[true, false, true, false],
    ]);
    table.accrue(Float64Array.of(1, 1, 1, 1), new Float64Array(MARKETS));
    expect(table.seen(two)).toBe(false);
  });
});
