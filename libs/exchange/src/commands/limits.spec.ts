import { describe, expect, it } from 'vitest';
import { fields } from '#lib/messages';
import { BOOK_EVENTS } from '../../../../test/support/book-events.js';
import { ExchangeMachine } from '../../../../test/support/exchange-machine.js';
import { requireInterest, requireLimits, requireTradeLimit } from './limits.js';

/** Marks of 100; x is long 10 of A and short 2 of B, y is short 4 of A. Limits: 1,500 an account, 2,000 a market, 700 a trade. */
function machine(): ExchangeMachine {
  const made = new ExchangeMachine(['A', 'B'], {
    rules: { limits: { trade: 700, account: 1500, market: 2000 } },
  });
  const booked = (account: string, market: string, size: string) => {
    const legs = [{ market, size, price: '100' }];
    made.ledger.apply({ ...BOOK_EVENTS['trade-booked'], at: made.time, account, legs });
  };
  booked('x', 'A', '10');
  booked('x', 'B', '-2');
  booked('y', 'A', '-4');
  return made;
}
const units = (size: number) => BigInt(Math.round(size * 1e8));
const refusal = (action: () => void) => {
  try {
    action();
    return undefined;
  } catch (error) {
    const { code, details } = error as { code: string; details: { of?: string } };
    return `${code} ${details.of ?? ''}`.trim();
  }
};
const limits = (account: string, sizes: Readonly<Record<string, number>>, on = machine()) =>
  refusal(() => {
    requireLimits(
      on.engine,
      account,
      Object.entries(sizes).map(([name, size]) => ({ name, exactSize: units(size) })),
    );
  });

describe('the limit of a trade', () => {
  it('is of all its legs together, whichever the sides', () => {
    const { engine } = machine();
    const trade = (...sizes: readonly number[]) =>
      refusal(() => {
        requireTradeLimit(engine, sizes.map((size, i) => ({ name: 'AB'[i], size })) as never);
      });
    expect([trade(7), trade(-7), trade(4, -3)]).toEqual([undefined, undefined, undefined]);
    expect([trade(7.01), trade(4, -3.01), trade(-7.01)]).toEqual(
      new Array(3).fill('notional-limit the trade'),
    );
  });
});

describe('the limit of an account', () => {
  it('is of all that it would hold, at marks', () => {
    // It holds 1,200.
    expect([limits('x', { A: 3 }), limits('x', { B: -3 }), limits('x', { A: 1, B: -2 })]).toEqual(
      new Array(3).fill(undefined),
    );
    expect([limits('x', { A: 3.01 }), limits('x', { B: -3.01 }), limits('x', { A: 2, B: -1.01 })]).toEqual(
      new Array(3).fill('notional-limit account x'),
    );
    // Turned round: 2 short become 5 long, 1,500 in all.
    expect([limits('x', { B: 7 }), limits('x', { B: 7.01 })]).toEqual([
      undefined,
      'notional-limit account x',
    ]);
    expect(limits('z', { A: 15 })).toBe('notional-limit market A');
    expect([limits('z', { B: 15 }), limits('z', { B: 15.01 })]).toEqual([
      undefined,
      'notional-limit account z',
    ]);
  });

  it('does not refuse what makes the whole no larger, past the limit or not', () => {
    const past = machine();
    past.marks({ A: 200 });
    expect([
      limits('x', { A: -1 }, past),
      limits('x', { B: 1 }, past),
      limits('x', { A: -1, B: -1 }, past),
    ]).toEqual(new Array(3).fill(undefined));
    expect(limits('x', { B: -0.01 }, past)).toBe('notional-limit account x');
    expect(limits('x', { A: -1, B: -3 }, past)).toBe('notional-limit account x');
  });

  it('counts a market without a mark at its entry', () => {
    const made = machine();
    const legs = [{ market: 'Z', size: '-1', price: '290' }];
    made.ledger.apply({ ...BOOK_EVENTS['trade-booked'], at: made.time, account: 'x', legs });
    expect([limits('x', { A: 0.1 }, made), limits('x', { A: 0.11 }, made)]).toEqual([
      undefined,
      'notional-limit account x',
    ]);
  });

  it('is a size that a command can state', () => {
    const made = new ExchangeMachine(['A'], {
      rules: { limits: { trade: 1e15, account: 1e15, market: 1e15 } },
    });
    for (const mark of [0.01, 1e-6, 1e-9]) made.marks({ A: mark });
    const most = fields.LARGEST_AMOUNT;
    const legs = [{ market: 'A', size: String(fields.LARGEST_AMOUNT), price: '0.000000001' }];
    made.ledger.apply({ ...BOOK_EVENTS['trade-booked'], at: made.time, account: 'x', legs });
    const check = (account: string, size: bigint) =>
      refusal(() => {
        requireLimits(made.engine, account, [{ name: 'A', exactSize: size }]);
      });
    const whole = BigInt(most) * 10n ** 8n;
    expect([check('y', whole), check('y', whole + 1n), check('y', -whole - 1n)]).toEqual([
      ...[undefined, 'invalid-input', 'invalid-input'],
    ]);
    expect([check('x', 1n), check('x', -1n), check('x', -2n * whole - 1n)]).toEqual([
      'invalid-input',
      undefined,
      'invalid-input',
    ]);
    // A position that is too large already may become smaller.
    const more = [{ market: 'A', size: '10', price: '0.000000001' }];
    made.ledger.apply({ ...BOOK_EVENTS['trade-booked'], at: made.time, account: 'x', legs: more });
    expect([check('x', -1n), check('x', 1n)]).toEqual([undefined, 'invalid-input']);
  });
});

describe('the limit of a market', () => {
  it('is of the larger side of its open interest', () => {
    // Longs 10, shorts 4: another account may buy 10 more, or sell 16.
    const rich = () => {
      const made = new ExchangeMachine(['A', 'B'], {
        rules: { limits: { trade: 1e9, account: 1e9, market: 2000 } },
      });
      for (const [account, size] of [
        ['x', '10'],
        ['y', '-4'],
      ] as const)
        made.ledger.apply({
          ...BOOK_EVENTS['trade-booked'],
          at: made.time,
          account,
          legs: [{ market: 'A', size, price: '100' }],
        });
      return made;
    };
    const at = (account: string, size: number) => limits(account, { A: size }, rich());
    expect([at('z', 10), at('z', 10.01), at('z', -16), at('z', -16.01)]).toEqual([
      ...[undefined, 'notional-limit market A', undefined, 'notional-limit market A'],
    ]);
    // What x sells closes its own long first: 10 of 26 are no new interest of the shorts.
    expect([at('x', -26), at('x', -26.01), at('y', 14), at('y', 14.01)]).toEqual([
      ...[undefined, 'notional-limit market A', undefined, 'notional-limit market A'],
    ]);
    const past = rich();
    past.marks({ A: 300 });
    expect([
      limits('x', { A: -1 }, past),
      limits('z', { A: -0.01 }, past),
      limits('z', { A: 0.01 }, past),
    ]).toEqual([...[undefined, undefined, 'notional-limit market A']]);
    // 4 short and 10 long at 300: the shorts may become as many as the longs, and no more.
    expect([limits('z', { A: -6 }, past), limits('z', { A: -6.01 }, past)]).toEqual([
      undefined,
      'notional-limit market A',
    ]);
  });

  it('is of all sides of a match together', () => {
    const { engine } = machine();
    const interest = (long: number, net: number) =>
      refusal(() => {
        requireInterest(engine, 'A', { long: units(long), net: units(net) });
      });
    // Longs 10, shorts 4, at most 20.
    expect([
      interest(10, 0),
      interest(10.01, 0),
      interest(0, -16),
      interest(0, -16.01),
      interest(-5, -5),
    ]).toEqual([...[undefined, 'notional-limit market A', undefined, 'notional-limit market A', undefined]]);
    const past = machine();
    past.marks({ A: 300 });
    const after = (long: number, net: number) =>
      refusal(() => {
        requireInterest(past.engine, 'A', { long: units(long), net: units(net) });
      });
    expect([after(0, 0), after(-1, -1), after(0, -6), after(0.01, 0), after(0, -6.01)]).toEqual([
      ...[undefined, undefined, undefined, 'notional-limit market A', 'notional-limit market A'],
    ]);
  });
});
