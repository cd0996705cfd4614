import { describe, expect, it } from 'vitest';
import { casesWithPremium } from '../../../../test/support/liquidation-cases.js';
import { liquidate, loadSolvers } from '../index.js';
import { liquidityPremium } from '../program/liquidity-premium.js';
import { programOf } from '../program/program.js';
import { reserveFrom, slopeBetween } from './reserve-steps.js';

describe(reserveFrom, () => {
  it.each([0.3, 0.04, 0, -0.2])(
    'covers a premium of slope %s in the reserve, with a thousandth more',
    (slope) => {
      const premium = (reserved: number) => 400 + slope * reserved;
      for (const reserved of [0, 100, 600]) {
        const next = reserveFrom({ reserved, owed: premium(reserved) }, slope);
        expect(next).toBeGreaterThanOrEqual(premium(next));
        expect(next).toBeLessThan(1.0015 * premium(next));
      }
    },
  );

  it.each([0.5, 2, -0.5, NaN, Infinity])('takes the premium as it is where the slope is %s', (slope) => {
    expect(reserveFrom({ reserved: 0, owed: 400 }, slope)).toBeCloseTo(400.4, 9);
  });

  it('takes the slope from two plans', () => {
    expect(slopeBetween({ reserved: 0, owed: 400 }, { reserved: 410, owed: 416.4 })).toBeCloseTo(0.04, 12);
  });
});

describe(liquidate, () => {
  it('reserves hardly more than its own trade owes, whatever closing more to pay for it costs', async () => {
    const solvers = await loadSolvers();
    let charged = 0;
    for (const given of casesWithPremium(150)) {
      const plan = liquidate(given, solvers);
      if (plan.certificate?.proves !== 'optimality') continue;
      const owed = liquidityPremium(plan.case, programOf(plan.case), plan.fractions);
      expect(plan.reserved).toBeGreaterThanOrEqual(owed);
      expect(plan.reserved).toBeLessThanOrEqual(1.01 * owed + 1e-6);
      if (owed > 1e-6) charged++;
    }
    expect(charged).toBeGreaterThan(20);
  });
});
