import { describe, expect, it } from 'vitest';
import { liabilityRiskValue } from '#lib/risk';
import { randomCase, singlePosition } from '../../../../test/support/liquidation-cases.js';
import { standingOf } from '../index.js';
import { linearExcess, programOf } from './program.js';
import { premiumConstraint } from '../solve/premium-constraint.js';

describe('the premium constraint', () => {
  it('has the gradient and Hessian of its value', () => {
    for (let seed = 1; seed <= 30; seed++) {
      const program = programOf(randomCase(seed, { n: 4 }));
      const w = Float64Array.of(0.3, 0.6, 0.2, 0.8);
      const { gradient, hessian } = premiumConstraint(program, w);
      const step = 1e-4;
      for (let i = 0; i < 4; i++) {
        const at = (sign: number) => premiumConstraint(program, w.with(i, w[i] + sign * step));
        const [up, down] = [at(1), at(-1)];
        const scale = Math.abs(gradient[i]) + program.notionals[i] * 1e-3;
        expect(Math.abs((up.value - down.value) / (2 * step) - gradient[i]) / scale).toBeLessThan(1e-5);
        for (let j = 0; j < 4; j++) {
          const second = (up.gradient[j] - down.gradient[j]) / (2 * step);
          const size = Math.sqrt(hessian[i * 4 + i] * hessian[j * 4 + j]) + 1e-9 * program.notionals[i];
          expect(Math.abs(second - hessian[i * 4 + j]) / size).toBeLessThan(1e-4);
        }
      }
    }
  });

  it('adds up over small steps as over large ones', () => {
    // riskChange integrates where the change is small and subtracts where it is not.
    for (let seed = 1; seed <= 30; seed++) {
      const given = randomCase(seed, { n: 3 });
      const program = programOf(given);
      const value = (w: number) => {
        const at = new Float64Array(3).fill(w);
        return premiumConstraint(program, at).value - linearExcess(program, at);
      };
      const s = (w: number) => {
        const sizes = given.positions.map(({ size }) => size * w);
        const { variance, covariance, covarianceWithBook } = given.pool;
        let sum = variance;
        for (let i = 0; i < 3; i++) {
          sum -= 2 * sizes[i] * covarianceWithBook[i];
          for (let j = 0; j < 3; j++) sum += sizes[i] * covariance[i * 3 + j] * sizes[j];
        }
        return Math.sqrt(sum);
      };
      const risk = (w: number) => liabilityRiskValue('evar', given.pool.mean, s(w), Math.log(given.alpha));
      for (const w of [1e-3, 0.01, 0.1, 1]) {
        expect(Math.abs(value(w) - (risk(w) - risk(0)))).toBeLessThan(1e-12 * risk(0));
      }
    }
  });
});

describe('standingOf', () => {
  it('is equity and margins at mark', () => {
    const { equity, notional, maintenanceMargin, initialMargin } = standingOf(
      singlePosition({ positions: [{ ...singlePosition().positions[0], size: -2, entryNotional: -220 }] }),
    );
    expect({ equity, notional, maintenanceMargin, initialMargin }).toEqual({
      equity: 23,
      notional: 200,
      maintenanceMargin: 10,
      initialMargin: 20,
    });
  });
});
