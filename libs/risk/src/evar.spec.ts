import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { logUniform, uniform } from '../../../test/support/arbitraries.js';
import { referenceVector, relativeError } from '../../../test/support/vectors.js';
import { evarBounds, evarBoundsAtShift, standardisedEsscher, standardisedEvar } from './index.js';

interface EvarVector {
  alpha: number;
  k: number;
  tStar: number;
  g: number;
  gPrime: number;
  hs: number;
  gSecond: number;
}

const k = uniform(-40, 40);
const logAlpha = logUniform(1e-6, 0.5).map(Math.log);

describe(standardisedEvar, () => {
  it('agrees with 50-digit arithmetic for k from −40 to 40', () => {
    const { evar } = referenceVector<{ evar: EvarVector[] }>('pricing.json');
    expect(evar.length).toBeGreaterThan(40);
    for (const expected of evar) {
      const result = standardisedEvar(expected.k, Math.log(expected.alpha));
      expect(relativeError(result.tilt, expected.tStar)).toBeLessThan(1e-10);
      expect(relativeError(result.value, expected.g)).toBeLessThan(1e-10);
      expect(relativeError(result.slope, expected.gPrime)).toBeLessThan(1e-10);
      expect(relativeError(result.volatilitySlope, expected.hs)).toBeLessThan(1e-10);
      if (expected.gSecond > 1e-280)
        expect(relativeError(result.curvature, expected.gSecond)).toBeLessThan(1e-8);
    }
  });

  it('is the published value 3.0360784 at k = 0, α = 1 %', () => {
    expect(standardisedEvar(0, Math.log(0.01)).value).toBeCloseTo(3.0360784358, 8);
  });

  it('attains its infimum: nothing near t* is lower, and t* spends the whole entropy budget', () => {
    fc.assert(
      fc.property(k, logAlpha, (at, budget) => {
        const { value, tilt } = standardisedEvar(at, budget);
        for (const factor of [0.9, 0.99, 1.01, 1.1]) {
          expect(evarBounds(tilt * factor, at, budget).upper).toBeGreaterThanOrEqual(value * (1 - 1e-12));
        }
        expect(evarBounds(tilt, at, budget).entropy).toBeCloseTo(-budget, 6);
      }),
    );
  });

  it('is the same whatever was asked for before: of the last evaluations it is looked up', () => {
    const ask = (means: readonly number[], alphas: readonly number[]) =>
      means.flatMap((k) => alphas.map((alpha) => ({ ...standardisedEvar(k, Math.log(alpha)) })));
    const [means, alphas] = [
      [-3, -1, 0.5],
      [0.01, 0.05],
    ];
    const fresh = ask(means, alphas);
    expect(new Set(fresh.map(({ value }) => value)).size).toBe(6);
    // The same six again, looked up, and again after others have taken their places.
    expect(ask(means, alphas)).toEqual(fresh);
    ask([1, 2, 3, 4], alphas);
    expect(ask(means, alphas)).toEqual(fresh);
  });

  it('lies between the bounds that any tilt gives', () => {
    fc.assert(
      fc.property(k, logAlpha, logUniform(0.01, 100), (at, budget, tilt) => {
        const { value } = standardisedEvar(at, budget);
        const { upper, lower, entropy } = evarBounds(tilt, at, budget);
        expect(upper).toBeGreaterThanOrEqual(value * (1 - 1e-10));
        if (entropy <= -budget) expect(lower).toBeLessThanOrEqual(value * (1 + 1e-10));
      }),
    );
  });

  it('has the derivatives that differences of it show', () => {
    fc.assert(
      fc.property(uniform(-12, 4), logAlpha, (at, budget) => {
        const step = 1e-4;
        const [low, mid, high] = [-step, 0, step].map((shift) => standardisedEvar(at + shift, budget));
        const scale = Math.max(mid.slope, 1e-6);
        expect(Math.abs((high.value - low.value) / (2 * step) - mid.slope)).toBeLessThan(1e-5 * scale + 1e-9);
        expect(Math.abs((high.slope - low.slope) / (2 * step) - mid.curvature)).toBeLessThan(
          1e-4 * mid.curvature + 1e-8,
        );
      }),
    );
  });

  it('keeps its accuracy far outside the usual range', () => {
    // g(k)·|k| → −ln α/2 as k → −∞.
    for (const far of [-1e3, -1e5, -1e7, -1e9, -1e100]) {
      const { value, slope } = standardisedEvar(far, Math.log(0.01));
      expect(relativeError(value * -far, Math.log(100) / 2)).toBeLessThan(1e-5);
      expect(relativeError(slope * far * far, Math.log(100) / 2)).toBeLessThan(1e-4);
    }
    expect(standardisedEvar(1e8, Math.log(0.01)).value).toBeCloseTo(1e8 + Math.sqrt(2 * Math.log(100)), 6);
  });

  it.each([-1, 1])('goes on where the asymptotes begin, at k = %d·10⁸', (sign) => {
    const budget = Math.log(100);
    const near = standardisedEvar(sign * 1e8, -budget);
    const far = standardisedEvar(sign * 1e8 * (1 + 1e-15), -budget);
    expect(far).not.toEqual(near);
    for (const name of ['tilt', 'shift', 'value', 'slope', 'volatilitySlope'] as const)
      expect(relativeError(far[name], near[name]), name).toBeLessThan(1e-8);
    // g″ of −ln α/(2|k|), which differences of the moments no longer show there.
    if (sign < 0) expect(far.curvature / (budget / 1e24)).toBeCloseTo(1, 9);
    else expect(far.curvature).toBe(0);
  });

  it('is above the Esscher closed form everywhere and close to it for k ≥ 0', () => {
    fc.assert(
      fc.property(k, logAlpha, (at, budget) => {
        const lower = standardisedEsscher(at, budget).value;
        const { value } = standardisedEvar(at, budget);
        expect(value).toBeGreaterThanOrEqual(lower * (1 - 1e-10));
        if (at >= 3 && budget < Math.log(0.1)) expect(relativeError(lower, value)).toBeLessThan(1e-3);
      }),
    );
  });
});

describe(evarBounds, () => {
  it('has the derivatives that differences of it show, and the parts that add up to the mean', () => {
    fc.assert(
      fc.property(uniform(-6, 4), uniform(0.5, 8), logAlpha, (at, tilt, budget) => {
        const step = 1e-5;
        const [low, mid, high] = [-step, 0, step].map((shift) => evarBounds(tilt + shift, at, budget));
        const slope = (high.entropy - low.entropy) / (2 * step);
        expect(Math.abs(slope - mid.entropySlope)).toBeLessThan(1e-6 * (1 + mid.entropySlope));
        expect(mid.lower).toBeCloseTo(at * mid.positive + mid.volatilitySlope, 10);
        expect(evarBoundsAtShift(tilt + 2 * at, at, budget)).toEqual(mid);
      }),
    );
  });
});

describe(standardisedEsscher, () => {
  it('has the shift of its tilt', () => {
    const { tilt, shift } = standardisedEsscher(-3, Math.log(0.01));
    expect(tilt).toBeCloseTo(Math.sqrt(2 * Math.log(100)), 14);
    expect(shift).toBeCloseTo(tilt - 6, 14);
  });
});
