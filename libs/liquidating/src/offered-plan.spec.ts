import { beforeAll, describe, expect, it } from 'vitest';
import { liquidate, type LiquidationPlan, loadSolvers, type Solvers } from '#lib/liquidation';
import { caseAtRate, offeredPlan, type OfferRefusedError } from './index.js';
import { randomPortfolioCase } from '../../../test/support/liquidation-cases.js';

describe(offeredPlan, () => {
  let solvers: Solvers;
  let published: LiquidationPlan;
  let own: LiquidationPlan;
  const solution = (plan: LiquidationPlan, change: object = {}) => ({
    ...{ caseDigest: published.caseDigest, fractions: plan.fractions, reserved: plan.case.reserved ?? 0 },
    ...{ certificate: plan.certificate, ...change },
  });
  const reasons = (rate: number | undefined, given: unknown) => {
    try {
      offeredPlan(published, rate, given);
      return [];
    } catch (error) {
      return (error as OfferRefusedError).reasons;
    }
  };

  beforeAll(async () => {
    solvers = await loadSolvers();
    published = liquidate(randomPortfolioCase(7, { n: 5, penaltyRate: 0.01, health: 0.7 }), solvers);
    own = liquidate(caseAtRate(published.case, 0.0005), solvers);
    expect(published.outcome).toBe('partial');
  });

  it('is the house’s fractions at the bid’s rate, or what an own solver has found for it', () => {
    expect(offeredPlan(published, undefined, undefined)).toEqual({ penaltyRate: 0.01, plan: published });
    expect(offeredPlan(published, 0.0005, undefined)).toEqual({ penaltyRate: 0.0005, plan: published });
    const { plan } = offeredPlan(published, 0.0005, solution(own));
    expect(plan.fractions).toEqual(own.fractions);
    // Less penalty, less to close.
    expect(plan.closedNotional).toBeLessThan(published.closedNotional);
    expect(plan.case).toEqual({ ...published.case, penaltyRate: 0.0005, reserved: own.case.reserved ?? 0 });
  });

  it.each([
    ['a rate above the plan’s', 0.02, undefined, /rate 0.02 is not from 0/],
    ['a negative rate', -0.001, undefined, /rate -0.001/],
    ['what is no solution', 0.0005, { fractions: [2] }, /solution\./],
    ['another case', 0.0005, { caseDigest: 'x' }, /answers the case x/],
    ['too few fractions', 0.0005, { fractions: [0.5] }, /1 fractions/],
    ['closing too little', 0.0005, 'less', /initial margin is not restored/],
    ['closing too much', 0.0005, 'more', /gap|more than the published/],
    ['a plan for another rate', 0.01, 'own', /not restored/],
    ['no multipliers', 0.0005, 'witness', /gap/],
    ['a reserve that asks for more', 0.0005, { reserved: 1e9 }, /./],
  ] as const)('refuses %s, and says why', (_what, rate, change, words) => {
    const shifted = (by: number) =>
      solution(own, { fractions: own.fractions.map((w) => Math.min(1, Math.max(0, w * by))) });
    const given =
      change === 'less'
        ? shifted(0.9)
        : change === 'more'
          ? shifted(1.1)
          : change === 'own'
            ? solution(own)
            : change === 'witness'
              ? solution(own, {
                  certificate: { ...own.certificate, dual: { margin: 0, losses: [], premium: [] } },
                })
              : change === undefined
                ? undefined
                : solution(own, change);
    expect(reasons(rate, given).join('; ')).toMatch(words);
  });

  it('refuses a certificate of more pieces than are checked, and points of another length', () => {
    const { certificate } = own;
    const many = {
      ...certificate!,
      dual: { ...certificate!.dual, losses: new Array(300).fill({ scenario: 0, multiplier: 0 }) },
    };
    expect(reasons(0.0005, solution(own, { certificate: many }))).toEqual([
      expect.stringMatching(/300|pieces/),
    ]);
    const odd = {
      ...certificate!,
      dual: { ...certificate!.dual, premium: [{ point: [0.5], shift: 1, multiplier: 0 }] },
    };
    expect(reasons(0.0005, solution(own, { certificate: odd }))).toEqual([
      expect.stringMatching(/points must have/),
    ]);
  });
});
