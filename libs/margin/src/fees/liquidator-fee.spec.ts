import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  adverseCost,
  fullLiquidationFee,
  largestPenalty,
  penaltyRate,
  splitFee,
  withinPenalty,
} from '../index.js';

const { penalty } = JSON.parse(readFileSync('test/vectors/margin-adl.json', 'utf8')) as {
  penalty: { cases: Record<'maintenance' | 'gross' | 'penaltyMax', string>[] };
};

describe('liquidators’ fees', () => {
  it('are a quarter of the maintenance margin at most, and 1 % of the notional', () => {
    for (const { maintenance, gross, penaltyMax } of penalty.cases) {
      expect(largestPenalty(Number(maintenance), Number(gross))).toBeCloseTo(Number(penaltyMax), 15);
    }
    expect(() => largestPenalty(1, 0)).toThrow(/gross/);
    expect(() => largestPenalty(-1, 1)).toThrow(/maintenanceMargin/);
  });

  it('rise from 0.1 % to the largest in six steps of five seconds', () => {
    const rates = [0, 4.999, 5, 14, 29.9, 30, 1e6].map((elapsed) => penaltyRate(0.007, elapsed));
    [0.001, 0.001, 0.002, 0.003, 0.006, 0.007, 0.007].forEach((rate, i) => {
      expect(rates[i]).toBeCloseTo(rate, 15);
    });
    expect(penaltyRate(0.0005, 0)).toBe(0.0005);
    expect(() => penaltyRate(0.01, -1)).toThrow(/elapsed/);
  });

  it('leave room for fills that are worse than the mark, and none for better ones elsewhere', () => {
    const fills = [
      { size: 10, mark: 100, price: 99.5 },
      { size: -4, mark: 50, price: 50.25 },
      { size: 5, mark: 10, price: 12 },
    ];
    expect(adverseCost(fills)).toBe(6);
    expect(withinPenalty(fills, 4, 0.01, 1000)).toBe(true);
    expect(withinPenalty(fills, 4.001, 0.01, 1000)).toBe(false);
    expect(withinPenalty([], -1, 0.01, 1000)).toBe(false);
  });

  it('are paid by the account as far as it can, else by the reserve', () => {
    expect(fullLiquidationFee(0.01, 1000, 50)).toEqual({ account: 10, reserve: 0 });
    expect(fullLiquidationFee(0.01, 1000, 4)).toEqual({ account: 4, reserve: 0 });
    expect(fullLiquidationFee(0.01, 1000, -4)).toEqual({ account: 0, reserve: 10 });
    expect(fullLiquidationFee(0.01, 1e6, -4)).toEqual({ account: 0, reserve: 500 });
    expect(fullLiquidationFee(0.01, 20, -4)).toEqual({ account: 0, reserve: 0.2 });
  });

  it('are split to the unit', () => {
    expect(splitFee(7n)).toEqual({ solver: 3n, reserve: 4n });
    expect(() => splitFee(-1n)).toThrow(/fee/);
  });
});
