import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { boundedUpdate, MARGIN_RAILS } from './index.js';

const RAILS = { lowest: 0.01, highest: 0.5, step: 0.05, velocity: 0.002, blocks: 50 };

describe(boundedUpdate, () => {
  it.each([
    ['within reach', [0.1], [0.12], [0.12]],
    ['a step', [0.1], [0.9], [0.15]],
    ['a step down', [0.1], [0.001], [0.05]],
    ['the lowest', [0.02], [0], [0.01]],
    ['the highest', [0.49], [0.9], [0.5]],
  ])('goes to %s', (_what, current, target, expected) => {
    boundedUpdate(RAILS, current, target).forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i], 15);
    });
  });

  it('scales all by one factor where the fastest is too fast, as the contract does', () => {
    const next = boundedUpdate({ ...RAILS, velocity: 0.0005 }, [0.1, 0.2], [0.2, 0.21]);
    expect(next[0]).toBeCloseTo(0.125, 15);
    expect(next[1]).toBeCloseTo(0.205, 15);
  });

  it('is never further away than a step, never outside, never in another direction', () => {
    const share = fc.integer({ min: 10, max: 500 }).map((value) => value / 1000);
    fc.assert(
      fc.property(fc.array(fc.tuple(share, share), { minLength: 1, maxLength: 5 }), (pairs) => {
        const current = pairs.map(([from]) => from);
        boundedUpdate(
          RAILS,
          current,
          pairs.map(([, to]) => to),
        ).forEach((value, i) => {
          expect(Math.abs(value - current[i])).toBeLessThanOrEqual(RAILS.step + 1e-15);
          expect((value - current[i]) * (pairs[i][1] - current[i])).toBeGreaterThanOrEqual(0);
          expect(value).toBeGreaterThanOrEqual(RAILS.lowest);
          expect(value).toBeLessThanOrEqual(RAILS.highest);
        });
      }),
    );
  });

  it('refuses what is no requirement', () => {
    for (const value of [NaN, -1e-9, Infinity])
      expect(() => boundedUpdate(MARGIN_RAILS, [0.1], [value])).toThrow(/target\[0\]/);
    expect(boundedUpdate(MARGIN_RAILS, [0.02], [0])).toEqual([0.001]);
    expect(() => boundedUpdate(MARGIN_RAILS, [0.1], [])).toThrow(/must have 1/);
  });
});
