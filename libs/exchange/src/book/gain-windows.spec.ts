import { describe, expect, it } from 'vitest';
import { GainWindows } from './gain-windows.js';

const MARKETS = new Map([['A', { price: 100n * 10n ** 12n, index: 5n * 10n ** 18n }]]);
const UNIT = 10n ** 8n;
const position = (size: bigint, entryNotional: bigint, fundingIndex = 5n * 10n ** 18n) => ({
  ...{ size, entryNotional, fundingIndex },
});
/** So much cash and no positions. */
const cash = (amount: bigint) => ({ cash: amount, positions: [] });

describe(GainWindows, () => {
  it('has no baseline before one has begun', () => {
    const windows = new GainWindows();
    windows.remember('x', () => cash(1n));
    windows.addInflow('x', 5n);
    expect([windows.beganAt, windows.baseline('x', cash(1n)), windows.state()]).toEqual([
      undefined,
      undefined,
      [],
    ]);
  });

  it('values books at the marks and funding indices of its beginning, rounded against the account', () => {
    const windows = new GainWindows();
    windows.begin(7, MARKETS);
    const equity = (held: readonly (readonly [string, ReturnType<typeof position>])[]) =>
      windows.baseline('x', { cash: 1000n, positions: held })?.equity;
    expect(equity([])).toBe(1000n);
    expect(equity([['A', position(3n, 250n)]])).toBe(1000n + 300n - 250n);
    expect(equity([['A', position(-3n, -350n)]])).toBe(1000n - 300n + 350n);
    // It has owed funding since an index of 4 and half: one and a half of 3 units, rounded up.
    expect(equity([['A', position(3n, 250n, 45n * 10n ** 17n)]])).toBe(1050n - 2n);
    // A market that the window does not know counts at its entry.
    expect(equity([['B', position(3n, 250n)]])).toBe(1000n);
  });

  it('remembers who changes as it was before its first change, in both windows', () => {
    const windows = new GainWindows();
    windows.begin(1, MARKETS);
    windows.remember('x', () => cash(10n));
    windows.addInflow('x', 5n);
    windows.remember('x', () => cash(99n));
    windows.begin(2, MARKETS);
    expect(windows.beganAt).toBe(2);
    windows.remember('x', () => cash(15n));
    windows.addInflow('x', -2n);
    expect(windows.baseline('x', cash(0n))).toEqual({ equity: 10n, inflow: 3n });
    windows.begin(3, MARKETS);
    expect(windows.baseline('x', cash(0n))).toEqual({ equity: 15n, inflow: -2n });
    expect(windows.baseline('y', cash(4n))).toEqual({ equity: 4n, inflow: 0n });
  });

  it('is the same after it was plain data, with one window or with two', () => {
    const windows = new GainWindows();
    windows.begin(1, MARKETS);
    windows.remember('x', () => cash(10n));
    const restored = () => {
      const copy = new GainWindows();
      copy.restore(windows.state());
      return copy;
    };
    expect(restored().state()).toEqual([
      { at: 1, markets: [['A', 100n * 10n ** 12n, 5n * 10n ** 18n]], changed: [['x', 10n, 0n]] },
    ]);
    expect(restored().baseline('x', cash(0n))).toEqual({ equity: 10n, inflow: 0n });
    expect(restored().beganAt).toBe(1);
    windows.begin(2, new Map());
    windows.addInflow('x', 4n);
    expect(
      restored()
        .state()
        .map(({ at }) => at),
    ).toEqual([1, 2]);
    expect(restored().baseline('x', cash(0n))).toEqual({ equity: 10n, inflow: 4n });
    expect(restored().beganAt).toBe(2);
  });

  describe('of money that moves between accounts of one owner', () => {
    /** x has 100 and has won what is above 60 of them; its other account has nothing. @returns inflows of both */
    const moved = (amount: bigint, equity = 100n, ends = false, before = 60n) => {
      const windows = new GainWindows();
      windows.begin(1, MARKETS);
      for (const account of ['x', 'x~A'])
        windows.remember(account, () => cash(account === 'x' ? before : 0n));
      windows.move('x', 'x~A', amount, equity, ends);
      const [from, to] = ['x', 'x~A'].map((account) => windows.baseline(account, cash(0n))!.inflow);
      expect(to).toBe(-from);
      return to;
    };

    it('principal goes first, and what goes beyond it takes its gain along', () => {
      expect([moved(50n), moved(60n), moved(61n), moved(100n)]).toEqual([50n, 60n, 60n, 60n]);
    });

    it('all is principal where nothing was won, and none where more was won than is there', () => {
      expect([moved(50n, 60n), moved(50n, 50n)]).toEqual([50n, 50n]);
      expect(moved(10n, 30n, false, -20n)).toBe(0n);
    });

    it('an account that ends passes on all its gain, or its loss', () => {
      expect([moved(100n, 100n, true), moved(45n, 45n, true)]).toEqual([60n, 60n]);
    });

    it('nothing is counted of an account that no window remembers', () => {
      const windows = new GainWindows();
      windows.begin(1, MARKETS);
      windows.move('x', 'x~A', 10n, 10n, false);
      expect(windows.state()[0].changed).toEqual([]);
    });
  });

  it('counts units of money at prices and sizes of the books', () => {
    const windows = new GainWindows();
    windows.begin(1, MARKETS);
    const held = { cash: 0n, positions: [['A', position(2n * UNIT, 150n * UNIT)] as const] };
    expect(windows.baseline('x', held)).toEqual({ equity: 50n * UNIT, inflow: 0n });
  });
});
