import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InvalidInputError } from '#lib/errors';
import { LinearVesting } from './linear-vesting.js';

const amounts = fc.array(
  fc.record({
    wait: fc.integer({ min: 0, max: 400 }),
    amount: fc.integer({ min: -1_000_000, max: 1_000_000 }).map(BigInt),
  }),
  { minLength: 1, maxLength: 30 },
);

describe(LinearVesting, () => {
  it('earns evenly: half at half time, all at the end', () => {
    const vesting = new LinearVesting(1000, 10);
    vesting.collect(100, 777n);
    expect(vesting.due(600)).toBe(388n);
    expect(vesting.vest(600)).toBe(388n);
    expect(vesting.pending).toBe(389n);
    expect(vesting.vest(1099)).toBe(388n);
    expect(vesting.vest(1100)).toBe(1n);
    expect(vesting.vest(5000)).toBe(0n);
  });

  it('pays out every unit, however often it is asked, and the same as one that is asked once', () => {
    fc.assert(
      fc.property(amounts, fc.integer({ min: 1, max: 50 }), (steps, bucket) => {
        const often = new LinearVesting(997, bucket);
        const once = new LinearVesting(997, bucket);
        let now = 0;
        let [paid, total] = [0n, 0n];
        for (const { wait, amount } of steps) {
          now += wait;
          paid += often.vest(now);
          often.collect(now, amount);
          once.collect(now, amount);
          total += amount;
          expect(often.pending).toBe(total - paid);
        }
        now += 997 + bucket;
        expect(paid + often.vest(now)).toBe(total);
        expect(once.vest(now)).toBe(total);
        expect([often.pending, often.state().entries.length]).toEqual([0n, 0]);
      }),
    );
  });

  it('is never more than a unit from (now − t)/τ of each amount', () => {
    fc.assert(
      fc.property(amounts, fc.integer({ min: 0, max: 3000 }), (steps, until) => {
        const vesting = new LinearVesting(997, 1);
        let [now, exact, paid] = [0, 0, 0n];
        const taken: [number, bigint][] = [];
        for (const { wait, amount } of steps) {
          now += wait;
          paid += vesting.vest(now);
          vesting.collect(now, amount);
          taken.push([now, amount]);
        }
        now += until;
        paid += vesting.vest(now);
        for (const [at, amount] of taken) exact += Number(amount) * Math.min(1, (now - at) / 997);
        expect(Math.abs(exact - Number(paid))).toBeLessThanOrEqual(1 + 1e-6);
      }),
    );
  });

  it('gives the unearned part of an amount back: afterwards it is as if the rest had been collected, to the unit', () => {
    fc.assert(
      fc.property(amounts, fc.integer({ min: 1, max: 1_000_000 }), fc.nat(1500), (steps, taken, later) => {
        const vesting = new LinearVesting(997, 7);
        const twin = new LinearVesting(997, 7);
        let now = 0;
        for (const { wait, amount } of steps) {
          now += wait;
          for (const each of [vesting, twin]) each.collect(now, amount);
        }
        vesting.collect(now, BigInt(taken));
        const collectedAt = now;
        now += later;
        const paid = later % 2 === 0 ? vesting.vest(now - (later >> 1)) : 0n;
        const unearned = vesting.unearned(collectedAt, BigInt(taken), now);
        expect(vesting.takeBack(collectedAt, BigInt(taken), now)).toBe(unearned);
        const share = Math.max(0, Math.min(1, 1 - (now - Math.ceil(collectedAt / 7) * 7) / 997));
        expect(Math.abs(Number(unearned) - taken * share)).toBeLessThanOrEqual(1);
        const rest = vesting.vest(now) + paid;
        expect(Math.abs(Number(rest - twin.vest(now) - (BigInt(taken) - unearned)))).toBeLessThanOrEqual(1);
        now += 3000;
        vesting.vest(now);
        expect(vesting.pending).toBe(0n);
        expect(vesting.state().remainder).toBe(0n);
        expect(vesting.takeBack(collectedAt, BigInt(taken), now)).toBe(0n);
      }),
    );
  });

  it('knows beforehand what it would pay', () => {
    fc.assert(
      fc.property(amounts, fc.integer({ min: 1, max: 50 }), (steps, bucket) => {
        const vesting = new LinearVesting(997, bucket);
        let now = 0;
        for (const { wait, amount } of steps) {
          now += wait;
          vesting.collect(now, amount);
          for (const ahead of [0, 1, 300, 996, 997, 1500, 5000]) {
            const due = vesting.due(now + ahead);
            expect(new LinearVesting(997, bucket, vesting.state()).vest(now + ahead)).toBe(due);
          }
          expect(vesting.earnedUntil).toBeLessThanOrEqual(now);
          vesting.vest(now);
          expect(vesting.earnedUntil).toBe(now);
        }
      }),
    );
  });

  it('has a bucket’s amounts begin together, at its end', () => {
    const vesting = new LinearVesting(1000, 100);
    for (const [at, amount] of [
      [1, 3n],
      [100, 4n],
      [101, 0n],
      [101, 5n],
    ] as const)
      vesting.collect(at, amount);
    expect(vesting.state()).toEqual({
      entries: [
        { collectedAt: 100, amount: 7n },
        { collectedAt: 200, amount: 5n },
      ],
      ...{ until: 0, remainder: 0n, pending: 12n },
    });
  });

  it('goes on from its state', () => {
    fc.assert(
      fc.property(amounts, (steps) => {
        let now = 0;
        let a = new LinearVesting(997, 7);
        const b = new LinearVesting(997, 7);
        for (const { wait, amount } of steps) {
          now += wait;
          expect(a.vest(now)).toBe(b.vest(now));
          a.collect(now, amount);
          b.collect(now, amount);
          a = new LinearVesting(997, 7, a.state());
        }
        expect(a.vest(now + 500)).toBe(b.vest(now + 500));
        expect(a.state()).toEqual(b.state());
      }),
    );
  });

  it.each([
    [0, 1, /horizonMs/],
    [1.5, 1, /horizonMs/],
    [NaN, 1, /horizonMs/],
    [1, 0, /bucketMs/],
    [1, NaN, /bucketMs/],
  ])('refuses a horizon of %d in buckets of %d', (horizon, bucket, words) => {
    expect(() => new LinearVesting(horizon, bucket)).toThrow(words);
  });

  it('refuses time that runs backwards', () => {
    const vesting = new LinearVesting(1000, 10);
    vesting.vest(500);
    expect(() => {
      vesting.collect(400, 1n);
    }).toThrow(InvalidInputError);
    vesting.collect(500, 1n);
    vesting.collect(700, 1n);
    expect(() => {
      vesting.collect(690, 1n);
    }).toThrow('690 is before what was earned until 500');
  });
});
