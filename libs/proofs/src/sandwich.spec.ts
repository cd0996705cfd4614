import { describe, expect, it } from 'vitest';
import { standardisedEvar } from '#lib/risk';
import { randomStream } from '#lib/runtime';
import { dequantise, quantise } from './field.js';
import { SHARED } from './generated/layout.js';
import { slackTolerance } from './public-values.js';
import { fineExp, LARGEST_RATIO, normalValues, sandwichValues } from './sandwich.js';

const UNIT = 2 ** -24;

describe('the sandwich of EVaR on integers', () => {
  it('is float64’s to 4·10⁻⁶ of s and to 2.5·10⁻⁴ of itself, over 4,000 means, volatilities and budgets', () => {
    const random = randomStream(11);
    for (let i = 0; i < 4000; i++) {
      const deviation = quantise(2 ** (-4 + 16 * random.uniform()), 's');
      const k = i % 2 === 0 ? -(10 ** (3.6 * random.uniform())) : -8 + 12 * random.uniform();
      const mean = BigInt(Math.round(k * Number(deviation)));
      const budget = quantise(-Math.log([0.01, 1e-3, 0.05, 1e-6][i % 4]), 'budget');
      const found = sandwichValues(mean, deviation, budget, 'book');
      const exact = standardisedEvar(Number(mean) / Number(deviation), -dequantise(budget));
      const s = dequantise(deviation);
      const at = `k ${k}, s ${s}`;
      expect(Math.abs(dequantise(found.upper) - s * exact.value), at).toBeLessThan(4e-6 * s);
      if (found.upper >= BigInt(SHARED.smallestUpper))
        expect(Math.abs(dequantise(found.upper) / (s * exact.value) - 1), at).toBeLessThan(2.5e-4);
      expect(Math.abs(dequantise(found.slope) / exact.volatilitySlope - 1), at).toBeLessThan(
        1e-5 + (4 * UNIT) / exact.volatilitySlope + 2e-7 * Math.abs(k),
      );
      const slack = found.slack < 0n ? -found.slack : found.slack;
      expect(Number(slack), at).toBeLessThanOrEqual(Number(slackTolerance(found.t)) / 2);
    }
  });

  it('has the normal distribution to 2·10⁻⁷ and e^y to 10⁻⁹', () => {
    for (let x = -9; x <= 9; x += 0.01) {
      const { density, distribution } = normalValues(quantise(x, 'x'));
      expect(Math.abs(dequantise(density) - Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI))).toBeLessThan(
        2e-7,
      );
      const below = standardNormalCdf(x);
      expect(Math.abs(dequantise(distribution) - below), `${x}`).toBeLessThan(2e-7);
    }
    for (let y = -31.9; y <= 0; y += 0.05)
      expect(
        Math.abs(Number(fineExp(quantise(y, 'y'))) / 2 ** 38 - Math.exp(dequantise(quantise(y, 'y')))),
      ).toBeLessThan(1e-9);
  });

  it('refuses a mean of more deviations than circuits are made for', () => {
    const s = quantise(1, 's');
    expect(() => sandwichValues(BigInt(LARGEST_RATIO + 1) * -s, s, quantise(4.6, 'b'), 'book')).toThrow(
      /book/,
    );
  });
});

/** Φ by Simpson’s rule: independent of the code under test. */
function standardNormalCdf(x: number): number {
  const density = (z: number) => Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
  const steps = 2000;
  const h = x / steps;
  let sum = density(0) + density(x);
  for (let i = 1; i < steps; i++) sum += (i % 2 === 0 ? 2 : 4) * density(i * h);
  return 0.5 + (sum * h) / 3;
}
