import { describe, expect, it } from 'vitest';
import { evarBoundsAtShift, standardisedEvar } from '#lib/risk';
import { riskChange, tiltedRisk } from './risk-change.js';

const ALPHAS = [0.3, 0.05, 0.01, 1e-4, 1e-6];
const KS = [-200, -40, -8, -3, -1, -0.2, 0, 0.5, 2, 8];

describe('tiltedRisk', () => {
  it('allows enough for a tilt that is a little off: value to second order, slope to first', () => {
    for (const alpha of ALPHAS) {
      const logAlpha = Math.log(alpha);
      for (const k of KS) {
        const best = standardisedEvar(k, logAlpha);
        for (const off of [1e-3, -1e-3, 1e-4, -1e-4]) {
          // So far that the relative entropy is off by about this share of the budget.
          const there = evarBoundsAtShift(best.shift, k, logAlpha);
          const shift = best.shift - (off * logAlpha) / there.entropySlope;
          const { upper, entropy, entropySlope, volatilitySlope } = evarBoundsAtShift(shift, k, logAlpha);
          const t = shift - 2 * k;
          const distance = entropy + logAlpha;
          const second = (2 * distance * distance) / (entropySlope * t * t);
          expect(upper - best.value, `α ${alpha}, k ${k}`).toBeLessThan(second + 1e-15 * best.value);
          const slopeError = 4 * (Math.abs(distance) / -logAlpha) * volatilitySlope;
          expect(Math.abs(volatilitySlope - best.volatilitySlope)).toBeLessThan(slopeError);
        }
      }
    }
  });

  it('bounds h from both sides at any tilt, and by a line that stays below it', () => {
    for (const alpha of ALPHAS) {
      const logAlpha = Math.log(alpha);
      for (const k of KS) {
        const s = 3;
        const m = k * s;
        const h = (volatility: number) => volatility * standardisedEvar(m / volatility, logAlpha).value;
        const best = standardisedEvar(k, logAlpha);
        for (const stretch of [0.2, 0.7, 1, 1 + 1e-12, 1.0001, 1.5, 4]) {
          // The optimal t, stretched; its shift is the optimum's and the amount added to t.
          const shift = best.shift + (stretch - 1) * best.tilt;
          const { upper, error, slope, slopeError } = tiltedRisk(m, logAlpha, s, shift);
          const room = 1e-13 * h(s);
          expect(upper).toBeGreaterThan(h(s) - room);
          expect(upper - error).toBeLessThan(h(s) + room);
          for (const factor of [0.1, 0.5, 0.9, 0.999, 1.001, 1.1, 2, 10]) {
            const line = upper - error + slope * s * (factor - 1) - slopeError * s * Math.abs(factor - 1);
            expect(line, `α ${alpha}, k ${k}, stretch ${stretch}, factor ${factor}`).toBeLessThan(
              h(factor * s) + 1e-12 * (h(s) + h(factor * s)),
            );
          }
        }
      }
    }
  });
});

describe('riskChange', () => {
  const at = (m: number, logAlpha: number, s: number, stretch = 1) => {
    const best = standardisedEvar(m / s, logAlpha);
    return tiltedRisk(m, logAlpha, s, best.shift + (stretch - 1) * best.tilt);
  };

  it('is the difference of the objectives, whatever the tilts', () => {
    for (const alpha of ALPHAS) {
      const logAlpha = Math.log(alpha);
      for (const k of [-40, -3, -0.2, 0.5]) {
        for (const change of [1e-4, -1e-3, 9e-3, 0.3]) {
          for (const stretch of [1, 1.01, 0.98, 1.3]) {
            const [s0, s1] = [2, 2 * Math.sqrt(1 + change)];
            const m = k * s0;
            const [before, after] = [at(m, logAlpha, s0), at(m, logAlpha, s1, stretch)];
            const { change: found, error } = riskChange(m, logAlpha, before, after, s1 * s1 - s0 * s0);
            const difference = after.upper - before.upper;
            // The variance that is given is itself rounded.
            const given = 4 * Number.EPSILON * s0 * after.slope;
            expect(Math.abs(found - difference)).toBeLessThan(error + given + 4e-15 * before.upper);
            expect(error).toBeLessThan(1e-13 * Math.abs(difference) + 2e-14 * before.upper);
          }
        }
      }
    }
  });

  it('keeps its digits where the difference of two float64 numbers has none', () => {
    // With a change of s² by a millionth of a millionth the risk changes by h_s·Δs to first order.
    const logAlpha = Math.log(0.01);
    for (const k of [-100, -10, -2, 0, 1]) {
      const s0 = 1000;
      const m = k * s0;
      const step = 1e-12 * s0 * s0;
      const s1 = Math.sqrt(s0 * s0 + step);
      const { change: found, error } = riskChange(
        m,
        logAlpha,
        at(m, logAlpha, s0),
        at(m, logAlpha, s1),
        step,
      );
      expect(error).toBeLessThan(1e-9 * found);
      const slope = standardisedEvar(k, logAlpha).volatilitySlope;
      expect(Math.abs(found / (slope * (step / (2 * s0))) - 1)).toBeLessThan(1e-9);
    }
  });
});
