import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { logUniform, uniform } from '../../../test/support/arbitraries.js';
import { forcedWithdrawalFee, liabilityRisk, liabilityRiskValue, type RiskMeasure } from './index.js';

const LOG_ALPHA = Math.log(0.01);
const MEASURES: RiskMeasure[] = ['evar', 'esscher'];
const NONE = { tilt: 0, shift: 0, hmm: 0, hms: 0, hss: 0 };

describe.each(MEASURES)('the risk of a certain liability by %s', (measure) => {
  it('is the limit of small volatility, with its slopes', () => {
    for (const [m, hm] of [
      [5, 1],
      [-5, 0],
    ]) {
      const limit = liabilityRisk(measure, m, 0, LOG_ALPHA);
      const near = liabilityRisk(measure, m, 1e-9, LOG_ALPHA);
      expect(limit).toMatchObject({ ...NONE, value: Math.max(m, 0), hm, k: m / 0 });
      expect(near.value).toBeCloseTo(limit.value, 8);
      expect(near.hm).toBeCloseTo(limit.hm, 8);
      expect(near.hs).toBeCloseTo(limit.hs, 8);
    }
    expect(liabilityRisk(measure, 5, 0, LOG_ALPHA).hs).toBeCloseTo(Math.sqrt(2 * Math.log(100)), 14);
    expect(liabilityRisk(measure, -5, 0, LOG_ALPHA).hs).toBe(0);
  });

  it('of nothing has the slope in volatility that it has everywhere', () => {
    const { hs, hm, value } = liabilityRisk(measure, 0, 0, LOG_ALPHA);
    expect([hm, value]).toEqual([0, 0]);
    expect(hs).toBeCloseTo(liabilityRisk(measure, 0, 3, LOG_ALPHA).hs, 14);
    expect(hs).toBeCloseTo(liabilityRisk(measure, 0, 3, LOG_ALPHA).value / 3, 14);
  });

  it('is the same where the volatility is too small to divide by', () => {
    for (const m of [1e9, -1e9]) {
      const certain = liabilityRisk(measure, m, 0, LOG_ALPHA);
      expect(liabilityRisk(measure, m, 1e-310, LOG_ALPHA)).toEqual(certain);
      expect(liabilityRiskValue(measure, m, 1e-310, LOG_ALPHA)).toBe(Math.max(m, 0));
    }
    expect(liabilityRiskValue(measure, 0, 0, LOG_ALPHA)).toBe(0);
    expect(liabilityRiskValue(measure, 7, 0, LOG_ALPHA)).toBe(7);
  });

  it('has its second derivatives from one number, as a homogeneous function has', () => {
    fc.assert(
      fc.property(uniform(-20, 20), uniform(0.1, 10), uniform(1, 2), (m, s, tailFactor) => {
        const { value, hm, hs, hmm, hms, hss } = liabilityRisk(measure, m, s, LOG_ALPHA, tailFactor);
        const scale = Math.abs(m) + s;
        expect(Math.abs(m * hm + s * hs - value)).toBeLessThan(1e-10 * scale);
        expect(Math.abs(m * hmm + s * hms)).toBeLessThan(1e-10 * scale);
        expect(Math.abs(m * hms + s * hss)).toBeLessThan(1e-10 * scale);
      }),
    );
  });

  it('has the value that is computed alone', () => {
    fc.assert(
      fc.property(uniform(-20, 20), logUniform(0.01, 10), uniform(1, 2), (m, s, tailFactor) => {
        expect(liabilityRiskValue(measure, m, s, LOG_ALPHA, tailFactor)).toBe(
          liabilityRisk(measure, m, s, LOG_ALPHA, tailFactor).value,
        );
      }),
    );
    expect(liabilityRiskValue(measure, -3, 2, LOG_ALPHA)).toBe(
      liabilityRisk(measure, -3, 2, LOG_ALPHA).value,
    );
  });

  it('costs whoever leaves now the risk that he adds', () => {
    const exposure = { mean: -3, volatility: 2 };
    const fee = (amount: number, ...factor: number[]) =>
      forcedWithdrawalFee(measure, exposure, amount, LOG_ALPHA, ...factor);
    const risk = (m: number, s: number) => liabilityRiskValue(measure, m, s, LOG_ALPHA);
    expect(fee(1.5)).toBe(risk(-1.5, 2) - risk(-3, 2));
    expect(fee(1.5, 1.25)).toBe(risk(-1.5, 2.5) - risk(-3, 2.5));
    expect([fee(0), fee(-1)]).toEqual([0, 0]);
  });
});
