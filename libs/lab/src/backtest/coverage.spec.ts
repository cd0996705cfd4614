import { describe, expect, it } from 'vitest';
import { randomStream } from '#lib/runtime';
import type { CoverageSnapshot } from './coverage-recorder.js';
import { coveragePicture, coverageReport, upperTail } from './coverage-report.js';

const ALPHA = 0.05;
const DEVIATION = 2;

/** A pool short one unit of a market that moves by N(0, 2²) a snapshot; its EVaR as stated times a factor. */
function history(count: number, factor: number, income: number): CoverageSnapshot[] {
  const random = randomStream(9);
  let price = 1000;
  return Array.from({ length: count }, (_, t) => {
    const snapshot = {
      ...{ time: t * 3_600_000, sizes: Float64Array.of(1), prices: Float64Array.of(price) },
      ...{ entryNotional: price, capital: 3, liquidity: 10, evar: 8, callSpread: 0.4 },
      lossEvar: factor * DEVIATION * Math.sqrt(-2 * Math.log(ALPHA)),
      ...{ toExchange: income * t, toLiquidity: income * t },
    };
    price += DEVIATION * random.normal();
    return snapshot;
  });
}

describe('coverageReport', () => {
  it('accepts an EVaR that holds and rejects one that is a third of it', () => {
    const good = coverageReport(history(600, 1, 0.5), 1, ALPHA);
    expect(good.loss.rate).toBeLessThan(ALPHA);
    expect(good.loss.atMost).toBeGreaterThan(0.5);
    const bad = coverageReport(history(600, 1 / 3, 0.5), 1, ALPHA);
    expect(bad.loss.atMost).toBeLessThan(1e-3);
  });

  it('rejects premia that do not pay for the losses', () => {
    expect(coverageReport(history(600, 1, 0.5), 1, ALPHA).exchange.pValue).toBeGreaterThan(0.9);
    expect(coverageReport(history(600, 1, -0.5), 1, ALPHA).exchange.pValue).toBeLessThan(1e-3);
  });

  it('pays the providers’ call spread between its strikes', () => {
    const snapshots = history(40, 1, 0);
    const { intervals } = coverageReport(snapshots, 4, ALPHA);
    expect(intervals).toHaveLength(9);
    intervals.forEach(({ loss, payoff, liability }) => {
      expect(payoff).toBeCloseTo(Math.min(10, Math.max(0, loss - 3)), 9);
      expect(liability).toBeCloseTo(loss - 13, 9);
    });
  });

  it('asks for intervals, and draws them', () => {
    expect(() => coverageReport(history(10, 1, 0), 4, ALPHA)).toThrow(/snapshots: make 2 intervals/);
    expect(coveragePicture(coverageReport(history(40, 1, 0), 1, ALPHA))).toContain('providers');
  });
});

describe('upperTail', () => {
  it('is the binomial’s', () => {
    expect(upperTail(3, 2, 0.5)).toBeCloseTo(0.5, 12);
    expect(upperTail(10, 0, 0.2)).toBeCloseTo(1, 12);
    expect(upperTail(2, 2, 0.1)).toBeCloseTo(0.01, 12);
  });
});
