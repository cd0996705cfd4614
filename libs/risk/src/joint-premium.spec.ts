import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jointPremium, liabilityRiskValue } from './index.js';

interface Vectors {
  two_sided: {
    matched: Record<'before' | 'buyerAlone50' | 'sellerAfter' | 'jointNet5', string>;
    joint: {
      Sigma: string[][];
      Q0: string[];
      mean: string;
      alpha: string;
      legs: { d: string[] }[];
      total: string;
      shares: string[];
      premia: string[];
      gaussLegendre5: string[];
    };
  };
}
const { two_sided: vectors } = JSON.parse(readFileSync('test/vectors/margin-adl.json', 'utf8')) as Vectors;
const { joint, matched } = vectors;
const GIVEN = {
  mean: Number(joint.mean),
  book: joint.Q0.map(Number),
  covariance: joint.Sigma.flat().map(Number),
  alpha: Number(joint.alpha),
  legs: joint.legs.map(({ d }) => d.map(Number)),
};

describe('jointPremium', () => {
  it('agrees with 50-digit arithmetic: the five points to rounding, the integral to 2e-9', () => {
    const { total, shares, premia } = jointPremium(GIVEN);
    const close = (value: number, expected: string, tolerance: number) => {
      expect(Math.abs(value - Number(expected))).toBeLessThanOrEqual(tolerance * Number(joint.total));
    };
    close(total, joint.total, 1e-11);
    shares.forEach((share, j) => {
      close(share, joint.gaussLegendre5[j], 1e-11);
      close(share, joint.shares[j], 2e-9);
      close(premia[j], joint.premia[j], 2e-9);
    });
  });

  it('charges matched trades only for what is left to the pool', () => {
    const book = (legs: number[]) =>
      jointPremium({
        mean: -1_100_000,
        book: [600_000],
        covariance: [0.04 ** 2],
        alpha: 0.01,
        legs: legs.map((size) => [size * 60_000]),
      });
    expect(book([50]).total).toBeCloseTo(Number(matched.buyerAlone50), 5);
    expect(book([5]).total).toBeCloseTo(Number(matched.jointNet5), 6);
    expect(book([50, -45]).total).toBeCloseTo(Number(matched.jointNet5), 6);
    expect(book([-5]).total).toBe(Number(matched.sellerAfter));
    expect(liabilityRiskValue('evar', -1_100_000, 24_000, Math.log(0.01))).toBeCloseTo(
      Number(matched.before),
      7,
    );
  });

  const size = fc.integer({ min: -2000, max: 2000 }).map((thousands) => thousands * 1e3);
  const legs = fc.array(fc.tuple(size, size), { minLength: 1, maxLength: 6 });
  it('adds up to the premium, whatever the order, and splitting a leg changes nothing', () => {
    fc.assert(
      fc.property(legs, fc.nat(), fc.integer({ min: 0, max: 100 }), (list, at, percent) => {
        const one = jointPremium({ ...GIVEN, legs: list });
        const scale =
          1e-9 * (Math.abs(one.total) + one.shares.reduce((sum, share) => sum + Math.abs(share), 0) + 1);
        const paid = one.premia.reduce((sum, premium) => sum + premium, 0);
        if (one.shares.some((share) => share > 0)) expect(Math.abs(paid - one.total)).toBeLessThan(scale);
        const reversed = jointPremium({ ...GIVEN, legs: list.toReversed() });
        one.premia.forEach((premium, j) => {
          expect(premium).toBeGreaterThanOrEqual(0);
          expect(Math.abs(premium - reversed.premia[list.length - 1 - j])).toBeLessThan(scale);
        });
        const index = at % list.length;
        const part = (share: number) => list[index].map((value) => (value * share) / 100);
        const split = jointPremium({
          ...GIVEN,
          legs: list.toSpliced(
            index,
            1,
            part(percent) as [number, number],
            part(100 - percent) as [number, number],
          ),
        });
        expect(Math.abs(split.premia[index] + split.premia[index + 1] - one.premia[index])).toBeLessThan(
          scale,
        );
      }),
    );
  });

  it('is nothing for legs that leave a book without risk without it', () => {
    const nothing = { mean: -100, book: [0], covariance: [0.01], alpha: 0.01, legs: [[0], [0]] };
    expect(jointPremium(nothing)).toEqual({ total: 0, shares: [0, 0], premia: [0, 0] });
  });

  it('refuses vectors of other lengths', () => {
    const entries = GIVEN.book.length ** 2;
    expect(() => jointPremium({ ...GIVEN, covariance: [1] })).toThrow(`must have ${entries} entries, got 1`);
    expect(() => jointPremium({ ...GIVEN, legs: [[1]] })).toThrow(/legs\[0\]/);
  });
});
