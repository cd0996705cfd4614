// Long because every charge and cap is asked of the same few accounts.
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scenarioModel } from '../../../../test/support/scenario-model.js';
import {
  type AccountCharge,
  creditChargeRate,
  CreditExposure,
  expectedDeficit,
  type IndexedPosition,
  openInterestMargin,
} from '../index.js';

const HOUR_MS = 3_600_000;

interface Vectors {
  credit_charge: {
    cases: Record<'s' | 'E' | 'student3', string>[];
    pair: Record<'notionalASide' | 'sigma_h' | 'equityASide' | 'chargeAnHour', string>;
  };
  oi_margin: { base: string; rbar: string; beta: string; K: string; cases: { OI: string; im: string }[] };
  exposure: { accounts: { E: number; x: number[] }[]; scenarios: string[][]; C: string[]; after: string[] };
}
const vectors = JSON.parse(readFileSync('test/vectors/margin-adl.json', 'utf8')) as Vectors;

const model = (scenarios: readonly (readonly number[])[]) => scenarioModel(['A', 'B'], scenarios);

/** Positions at a mark of 1, entered at it: equity is cash. */
const held = (x: readonly number[]): IndexedPosition[] =>
  x.flatMap((size, i) =>
    size === 0 ? [] : [{ market: 'AB'[i], size, entryNotional: size, fundingIndex: 0 }],
  );

describe('expectedDeficit', () => {
  it('agrees with 50-digit arithmetic from deep in debt to a hundred deviations of equity', () => {
    for (const { s, E, student3 } of vectors.credit_charge.cases) {
      expect(Math.abs(expectedDeficit(Number(s), Number(E)) / Number(student3) - 1)).toBeLessThan(1e-12);
    }
  });

  it('falls with equity, is continuous where the series takes over, and is the debt itself without risk', () => {
    const scale = 1 / Math.sqrt(3);
    const [below, above] = [20 - 1e-9, 20 + 1e-9].map((q) => expectedDeficit(1, q * scale));
    expect(Math.abs(above / below - 1)).toBeLessThan(1e-9);
    for (let q = -30; q < 60; q += 0.5) {
      expect(expectedDeficit(1, q + 0.5)).toBeLessThan(expectedDeficit(1, q));
      expect(expectedDeficit(1, q)).toBeGreaterThan(Math.max(0, -q));
    }
    expect(expectedDeficit(0, -5)).toBe(5);
    expect(expectedDeficit(0, 5)).toBe(0);
  });

  it('charges a pair one and a half times what the pair wins', () => {
    const { notionalASide, sigma_h, equityASide, chargeAnHour } = vectors.credit_charge.pair;
    const one = creditChargeRate(Number(notionalASide) * Number(sigma_h), Number(equityASide), 1);
    expect((2 * one) / Number(chargeAnHour)).toBeCloseTo(1, 12);
    expect(creditChargeRate(100, 50, 2)).toBe(creditChargeRate(100, 50, 1) / 2);
  });
});

describe('openInterestMargin', () => {
  const { base, rbar, beta, K, cases } = vectors.oi_margin;
  const limits = { base: Number(base), widest: Number(rbar), bearable: Number(beta) * Number(K) };
  it('agrees with the vectors and bounds what a market’s defaults cost', () => {
    for (const { OI, im } of cases) {
      const margin = openInterestMargin(limits, Number(OI));
      expect(margin).toBeCloseTo(Number(im), 14);
      expect(Number(OI) * (limits.widest - margin)).toBeLessThanOrEqual(limits.bearable * (1 + 1e-12));
    }
    expect(openInterestMargin(limits, 0)).toBe(limits.base);
  });
  it('refuses what is no open interest', () => {
    expect(() => openInterestMargin(limits, -1)).toThrow(/openInterest/);
    expect(() => openInterestMargin({ ...limits, bearable: NaN }, 1)).toThrow(/bearable/);
  });
});

const NOTHING = { equity: 0, positions: [] };

describe('CreditExposure', () => {
  const { accounts, scenarios, C, after } = vectors.exposure;
  const exposure = () => {
    const credit = new CreditExposure(model(scenarios.map((shocks) => shocks.map(Number))));
    credit.setMark('A', 1);
    credit.setMark('B', 1);
    accounts.forEach(({ E, x }, i) => {
      credit.set(`a${i}`, E, held(x));
    });
    return credit;
  };

  it('adds deficits up by scenario, and again after a trade', () => {
    const credit = exposure();
    const K = scenarios.length;
    const close = (expected: readonly string[]) => {
      expected.forEach((value, k) => {
        expect(credit.totals[k]).toBeCloseTo(Number(value), 4);
      });
    };
    close(C);
    credit.set('a0', accounts[0].E, held([1500, 0]));
    close(after);
    // Twice the shocks: account 0 alone loses 300 of 120 in the first.
    expect(credit.totals[K]).toBeGreaterThan(credit.totals[0]);
    credit.remark();
    close(after);
  });

  it('is the same kept incrementally as added up anew, and not lower for an account that is split', () => {
    const amount = fc.integer({ min: -2000, max: 2000 });
    const scenarios = model([
      [-0.1, -0.2],
      [0.1, 0.3],
      [-0.2, 0.2],
      [-0.6, 0],
      [0, 0.6],
    ]);
    const state = fc.record({ account: fc.nat(6), cash: amount, a: amount, b: amount });
    fc.assert(
      fc.property(fc.array(state, { maxLength: 40 }), fc.integer({ min: 50, max: 150 }), (states, price) => {
        const credit = new CreditExposure(scenarios);
        credit.setMark('A', 1);
        credit.setMark('B', 1);
        const last = new Map<number, (typeof states)[number]>();
        for (const one of states) {
          credit.set(`a${one.account}`, one.cash, held([one.a, one.b]));
          last.set(one.account, one);
        }
        for (const [account, one] of last) {
          credit.setCash(`a${account}`, one.cash - 300);
          last.set(account, { ...one, cash: one.cash - 300 });
        }
        const kept = Array.from(credit.totals);
        credit.remark();
        credit.totals.forEach((total, k) => {
          // Steps are whole: not a digit is lost on the way.
          expect(kept[k]).toBe(total);
        });
        const entered = new CreditExposure(scenarios);
        for (const market of ['A', 'B']) entered.setMark(market, 1);
        for (const [account, one] of last) entered.set(`a${account}`, one.cash, held([one.a, one.b]));
        expect(kept).toEqual(Array.from(entered.totals));
        const joined = new CreditExposure(scenarios);
        joined.setMark('A', 1);
        joined.setMark('B', 1);
        const sum = (of: 'cash' | 'a' | 'b') => [...last.values()].reduce((total, one) => total + one[of], 0);
        joined.set('one', sum('cash'), held([sum('a'), sum('b')]));
        credit.setMark('A', price / 100);
        joined.setMark('A', price / 100);
        credit.remark();
        joined.remark();
        joined.totals.forEach((total, k) => {
          expect(credit.totals[k]).toBeGreaterThanOrEqual(total - 1e-5);
        });
      }),
    );
  });

  it('counts accounts anew little by little, and takes the pass up where it was left', () => {
    const state = fc.record({
      account: fc.nat(30),
      cash: fc.integer({ min: -2000, max: 2000 }),
      a: fc.integer({ min: -2000, max: 2000 }),
      b: fc.integer({ min: -2000, max: 2000 }),
      // A few of them, or all at once.
      sweep: fc.oneof(fc.nat(4), fc.constant(40)),
      rate: fc.nat(300),
      price: fc.integer({ min: 50, max: 150 }),
      begin: fc.boolean(),
    });
    const shocks = [
      [-0.1, -0.2],
      [0.1, 0.3],
    ];
    fc.assert(
      fc.property(fc.array(state, { minLength: 1, maxLength: 60 }), (steps) => {
        const credit = new CreditExposure(model(shocks));
        credit.setMark('A', 1);
        credit.setMark('B', 1);
        const last = new Map<string, [cash: number, positions: IndexedPosition[], charge: AccountCharge]>();
        for (const [i, { account, cash, a, b, sweep, price, begin, rate }] of steps.entries()) {
          last.set(`a${account}`, [cash, held([a, b]), { rate, since: i * HOUR_MS }]);
          credit.set(`a${account}`, ...last.get(`a${account}`)!);
          credit.setMark('A', price / 100);
          if (begin) credit.begin((i + 1) * HOUR_MS);
          // Its lists are kept until a mark of the pass changes, and what is kept must not be older than that.
          const { now } = credit.passState();
          credit.sweep(sweep);
          expect(credit.passState().now).toBe(now);
        }
        const again = new CreditExposure(model(shocks));
        again.restorePass(credit.passState());
        for (const [account, state] of [...last].reverse()) again.set(account, ...state);
        expect(Array.from(again.totals)).toEqual(Array.from(credit.totals));
        credit.remark(100 * HOUR_MS);
        expect(credit.complete).toBe(true);
        const fresh = new CreditExposure(model(shocks));
        fresh.setMark('A', steps.at(-1)!.price / 100);
        fresh.setMark('B', 1);
        for (const [account, state] of last) fresh.set(account, ...state);
        fresh.remark(100 * HOUR_MS);
        expect(Array.from(credit.totals)).toEqual(Array.from(fresh.totals));
      }),
    );
  });

  it('counts what accounts owe for their default options by the beginning of the pass', () => {
    const credit = new CreditExposure(model([[-0.1, 0]]), 100);
    credit.setMark('A', 1);
    credit.set('a', 50, held([1000, 0]), { rate: 300, since: HOUR_MS });
    expect(credit.totals[0]).toBeCloseTo(100 - 50, 5);
    credit.begin(5 * HOUR_MS);
    credit.sweep(1);
    expect(credit.totals[0]).toBeCloseTo(100 - 50 + 4 * 3, 5);
    credit.setCash('a', 38, { rate: 300, since: 5 * HOUR_MS });
    expect(credit.totals[0]).toBeCloseTo(100 - 38, 5);
  });

  it('comes equally far with each step, in the same order, whoever was there before and has gone', () => {
    const shocks = [[-0.1, -0.2]];
    const names = Array.from({ length: 9000 }, (_, i) => `a${i}`);
    const stays = (i: number) => i % 3 > 0;
    const [live, restarted] = [new CreditExposure(model(shocks)), new CreditExposure(model(shocks))];
    for (const credit of [live, restarted]) for (const market of 'AB') credit.setMark(market, 1);
    names.forEach((name) => live.set(name, 10, held([5, 0])));
    names.forEach((name, i) => stays(i) || live.set(name, 0, []));
    for (const [i, name] of [...names.entries()].reverse())
      if (stays(i)) restarted.set(name, 10, held([5, 0]));
    live.begin();
    restarted.begin();
    for (let step = 0; !live.complete; step++) {
      const [here, there] = [live, restarted].map((credit) =>
        credit.sweep(32).map((account) => credit.nameOf(account)),
      );
      expect(here).toEqual(there);
      expect(live.passState().swept).toBe(restarted.passState().swept);
    }
    expect(restarted.complete).toBe(true);
  });

  const caps = { capital: 1000, account: 0.1, pool: 0.2 };
  it('refuses what raises an account’s worst deficit above its cap, and lets it lower it', () => {
    const credit = exposure();
    const at = (x: number[]) => held(x).map(({ market, size }) => ({ market, notional: size }));
    expect(
      credit.check('new', NOTHING, { equity: 270, positions: at([900, 0]) }, { ...caps, pool: 1 }),
    ).toBeUndefined();
    expect(
      credit.check('new', NOTHING, { equity: 270, positions: at([1100, 0]) }, { ...caps, pool: 1 }),
    ).toMatchObject({
      cap: 'account',
      times: 2,
      limit: 100,
    });
    const was = { equity: accounts[1].E, positions: at(accounts[1].x) };
    // Account 1 would lose 300 of 100 in the last scenario, twice taken: whatever lowers that is taken.
    expect(
      credit.check('a1', was, { equity: 100, positions: at([-900, 500]) }, { ...caps, pool: 1 }),
    ).toBeUndefined();
    expect(
      credit.check('a1', was, { equity: 90, positions: at([-1000, 500]) }, { ...caps, pool: 1 }),
    ).toMatchObject({ cap: 'account' });
  });

  it('refuses what raises the pool’s exposure above its cap, however small the account', () => {
    const credit = exposure();
    const small = [{ market: 'A', notional: 60 }];
    const before = Math.max(...credit.totals);
    const tight = { capital: before, account: 1, pool: 1 };
    const breach = credit.check('new', NOTHING, { equity: 1, positions: small }, tight);
    expect(breach).toMatchObject({ cap: 'pool', limit: before });
    expect(breach!.deficit).toBeGreaterThan(before);
    expect(
      credit.check('new', NOTHING, { equity: 1, positions: small }, { ...tight, capital: 2 * before }),
    ).toBeUndefined();
    expect(credit.check('new', NOTHING, { equity: 100, positions: small }, tight)).toBeUndefined();
  });

  it('leaves out an account in a market without a mark and refuses a market without parameters', () => {
    const credit = new CreditExposure(model([[-0.1, 0]]));
    credit.set('a', -5, held([10, 0]));
    expect(Math.max(...credit.totals)).toBe(0);
    credit.setMark('A', 1);
    credit.remark();
    expect(credit.totals[0]).toBeCloseTo(6, 5);
    expect(() =>
      credit.check('a', NOTHING, { equity: 1, positions: [{ market: 'Z', notional: 1 }] }, caps),
    ).toThrow(/no margin parameters: Z/);
    expect(() => {
      credit.setMark('A', -1);
    }).toThrow(/A\.price/);
  });
});
