import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { logUniform, uniform, uniforms } from './arbitraries.js';

/** Share of 20,000 draws that a condition holds for. */
function share<T>(arbitrary: fc.Arbitrary<T>, holds: (value: T) => boolean): number {
  const drawn = fc.sample(arbitrary, { numRuns: 20_000, seed: 5 });
  return drawn.filter(holds).length / drawn.length;
}

describe(uniform, () => {
  it('fills an interval evenly, and draws its ends', () => {
    for (let part = 1; part < 9; part++) {
      const inside = share(uniform(-3, 7), (value) => value >= part - 3 && value < part - 2);
      expect(inside).toBeGreaterThan(0.06);
      expect(inside).toBeLessThan(0.12);
    }
    expect(share(uniform(0, 1), (value) => value < 1e-3)).toBeLessThan(0.25);
    expect(share(uniform(2, 5), (value) => value === 2)).toBeGreaterThan(0);
    expect(share(uniform(2, 5), (value) => value === 5)).toBeGreaterThan(0);
    expect(share(uniform(2, 5), (value) => value >= 2 && value <= 5)).toBe(1);
  });

  it('refuses what is no interval', () => {
    for (const [min, max] of [
      [1, 1],
      [2, 1],
      [0, Infinity],
      [NaN, 1],
    ])
      expect(() => uniform(min, max)).toThrow(RangeError);
  });
});

describe(logUniform, () => {
  it('draws each order of magnitude about as often', () => {
    for (let power = -2; power < 4; power++) {
      const inside = share(
        logUniform(1e-3, 1e5),
        (value) => value >= 10 ** power && value < 10 ** (power + 1),
      );
      expect(inside).toBeGreaterThan(0.07);
      expect(inside).toBeLessThan(0.16);
    }
    expect(share(logUniform(1e-3, 1e5), (value) => value >= 1e-3 && value <= 1e5)).toBe(1);
    expect(() => logUniform(0, 1)).toThrow(RangeError);
  });
});

it('uniforms draws as many numbers as it is told', () => {
  expect(share(uniforms(7, -1, 1), (values) => values.length === 7)).toBe(1);
});
