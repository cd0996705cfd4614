import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { liabilityRisk, liabilityRiskValue } from '#lib/risk';
import { uniform, uniforms } from '../../../../test/support/arbitraries.js';
import { singlePosition } from '../../../../test/support/liquidation-cases.js';
import { type LiquidationProgram, programOf } from '../program/program.js';
import { premiumBound, premiumCut } from './premium-bounds.js';

const LOG_ALPHA = Math.log(0.01);
const MEAN = -50;
const ALL = Float64Array.of(1, 1);
const risk = (variance: number) =>
  liabilityRiskValue('evar', MEAN, Math.sqrt(Math.max(variance, 0)), LOG_ALPHA);
const shiftAt = (variance: number) => liabilityRisk('evar', MEAN, Math.sqrt(variance), LOG_ALPHA).shift;

/** Two positions of 1 and −2 units against a pool of s² = 400, whose book has (ΣQ)ᵢ with them. */
function pair(withBook: readonly number[], correlation = 3): LiquidationProgram {
  const { positions } = singlePosition();
  const [first] = positions;
  return programOf(
    singlePosition({
      positions: [first, { ...first, market: 'B', size: -2 }],
      pool: {
        ...{ mean: MEAN, variance: 400, covarianceWithBook: withBook },
        covariance: [36, correlation, correlation, 16],
      },
    }),
  );
}

/** s(w)² = 400 − 2uᵀw + wᵀMw, u = (u₁, −2u₂), M = (36, −2c; −2c, 64) */
function varianceOf(withBook: readonly number[], w: readonly number[], correlation = 3): number {
  const linear = withBook[0] * w[0] - 2 * withBook[1] * w[1];
  return 400 - 2 * linear + 36 * w[0] ** 2 - 4 * correlation * w[0] * w[1] + 64 * w[1] ** 2;
}

const books = uniforms(2, -80, 80);
const inside = uniforms(2, 0, 1);

describe(premiumCut, () => {
  const value = (cut: ReturnType<typeof premiumCut>, w: readonly number[]) =>
    cut.constant + cut.gradient[0] * w[0] + cut.gradient[1] * w[1];

  it('touches the change of risk at its point, with its slope, under the tilt that is best there', () => {
    fc.assert(
      fc.property(books, inside, (withBook, v) => {
        const variance = varianceOf(withBook, v);
        fc.pre(variance > 1);
        const cut = premiumCut(pair(withBook), { point: v, shift: shiftAt(variance) }, ALL);
        const exact = risk(variance) - risk(400);
        expect(Math.abs(value(cut, v) - exact)).toBeLessThan(1e-8);
        expect(cut.error).toBeLessThan(1e-9);
        const step = 1e-5;
        for (const i of [0, 1]) {
          const at = (move: number) => risk(varianceOf(withBook, v.with(i, v[i] + move)));
          expect(cut.gradient[i]).toBeCloseTo((at(step) - at(-step)) / (2 * step), 4);
        }
      }),
    );
  });

  it('is nowhere above the change of risk, whatever its point and its tilt', () => {
    fc.assert(
      fc.property(books, inside, inside, uniform(0.2, 3), (withBook, v, w, stretch) => {
        const t = (shiftAt(400) + (2 * -MEAN) / 20) * stretch;
        const variance = Math.max(varianceOf(withBook, v), 1);
        const shift = t + (2 * MEAN) / Math.sqrt(variance);
        const cut = premiumCut(pair(withBook), { point: v, shift }, ALL);
        const exact = risk(varianceOf(withBook, w)) - risk(400);
        expect(value(cut, w) - cut.error).toBeLessThanOrEqual(exact + 1e-10);
      }),
    );
  });

  it('says of a point without risk what is known there: the risk is not negative', () => {
    // The book is the first position and nothing else: u₁ = M₁₁ = s².
    const hedged = programOf(
      singlePosition({
        pool: { mean: 10, variance: 400, covarianceWithBook: [400], covariance: [400] },
      }),
    );
    const cut = premiumCut(hedged, { point: [1], shift: 0 }, Float64Array.of(1));
    expect([...cut.gradient]).toEqual([0]);
    const before = liabilityRiskValue('evar', 10, 20, LOG_ALPHA);
    expect(cut.constant).toBeLessThanOrEqual(10 - before + 1e-9);
    expect(cut.constant).toBeGreaterThan(10 - before - 1e-6);
  });

  it('allows for rounding by the size of the terms within the box', () => {
    // 2·h′/s·(Σ w|q|σ·Σ v|q|σ + |u|w) in units of 18 roundings: at v = w = 1, (14·14 + 60 + 40)/s.
    const withBook = [60, -20];
    const variance = varianceOf(withBook, [1, 1]);
    const error = (caps: Float64Array, v: readonly number[]) =>
      premiumCut(pair(withBook), { point: v, shift: shiftAt(variance) }, caps).error;
    const slope = liabilityRisk('evar', MEAN, Math.sqrt(variance), LOG_ALPHA).hs;
    const terms = (2 * slope * (14 * 14 + 60 + 40)) / Math.sqrt(variance);
    expect(error(ALL, [1, 1])).toBeGreaterThan(18 * Number.EPSILON * terms);
    expect(error(Float64Array.of(0, 0), [1, 1])).toBe(error(ALL, [1, 1]));
    expect(error(Float64Array.of(0.5, 0.5), [0.2, 0.1])).toBeLessThan(error(ALL, [0.2, 0.1]));
  });
});

describe(premiumBound, () => {
  it('is the premium from above, by the tilt that is best after closing', () => {
    fc.assert(
      fc.property(books, inside, uniform(0.9, 1.1), (withBook, w, stretch) => {
        const variance = varianceOf(withBook, w);
        fc.pre(variance > 1);
        // A difference of floats has fewer digits than the bound.
        const exact = Math.max(0, risk(variance) - risk(400) - 1e-12);
        const bound = premiumBound(pair(withBook), w, shiftAt(variance));
        expect(bound).toBeGreaterThanOrEqual(exact);
        expect(bound).toBeLessThan(exact + 1e-9);
        expect(premiumBound(pair(withBook), w, stretch * shiftAt(variance))).toBeGreaterThanOrEqual(exact);
      }),
    );
  });

  it('is nothing where closing hedges the pool', () => {
    expect(premiumBound(pair([60, -40]), [0.5, 0.5], shiftAt(400))).toBe(0);
  });

  it('has the error of a tilt that bounds the risk before too loosely', () => {
    const { positions, ...rest } = singlePosition();
    const loose = programOf({ ...rest, positions }, 1.2 * shiftAt(400));
    expect(loose.before.error).toBeGreaterThan(0);
    expect(premiumBound(loose, [0], shiftAt(400))).toBeGreaterThanOrEqual(0);
    const unhedging = { ...rest, positions, pool: { ...rest.pool, covarianceWithBook: [-40] } };
    const exact = risk(400 + 40 + 1) - risk(400);
    const bound = premiumBound(programOf(unhedging, 1.2 * shiftAt(400)), [0.5], shiftAt(441));
    expect(bound).toBeGreaterThan(exact);
  });
});
