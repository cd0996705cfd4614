import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { uniform, uniforms } from '../../../../test/support/arbitraries.js';
import { CONDITIONS, randomCase, singlePosition } from '../../../../test/support/liquidation-cases.js';
import { lowerBound } from '../certificate/bounds.js';
import {
  digestOf,
  liquidate,
  type LiquidationPlan,
  loadSolvers,
  parsePlan,
  type Solvers,
  verifyCertificate,
} from '../index.js';
import { objectiveOf, programOf } from '../program/program.js';
import { premiumConstraint } from '../solve/premium-constraint.js';

let solvers: Solvers;
beforeAll(async () => {
  solvers = await loadSolvers();
});

describe('lowerBound', () => {
  it('is never above a feasible objective, whatever the witness', () => {
    const plans = Array.from({ length: 40 }, (_, seed) =>
      liquidate(randomCase(seed + 1, { n: 1 + (seed % 6) }), solvers),
    ).filter(({ outcome }) => outcome === 'partial');
    fc.assert(
      fc.property(
        fc.nat(plans.length - 1),
        uniforms(6, 0, 1),
        uniform(0, 100),
        uniform(0, 100),
        uniform(0.2, 5),
        (which, point, linear, multiplier, stretch) => {
          const plan = plans[which];
          const program = programOf(plan.case);
          const v = point.slice(0, program.n);
          // Any tilt: the optimal one's t, stretched.
          const variance = premiumConstraint(program, v);
          const shift = variance.shift * stretch;
          const cut = { point: v, shift, multiplier };
          expect(
            lowerBound(program, { margin: linear + multiplier, losses: [], premium: [cut] }, plan.objective),
          ).toBeLessThanOrEqual(plan.objective * (1 + 1e-12));
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('verifyCertificate', () => {
  /** A plan that pays a premium, so that every number matters, and one where closing relieves the pool. */
  let plans: LiquidationPlan[];
  beforeAll(() => {
    let paying: LiquidationPlan | undefined;
    let relieving: LiquidationPlan | undefined;
    for (let seed = 1; paying === undefined || relieving === undefined; seed++) {
      const plan = liquidate(randomCase(seed, { n: 3, condition: CONDITIONS[seed % 8] }), solvers);
      if (plan.outcome !== 'partial') continue;
      if (plan.premium > 0) paying ??= plan;
      else relieving ??= plan;
    }
    plans = [paying, relieving];
  });

  const copy = (plan: LiquidationPlan) => structuredClone(plan) as Mutable<LiquidationPlan>;
  type Mutable<T> = { -readonly [K in keyof T]: T[K] extends object | null ? Mutable<T[K]> : T[K] };

  /** Every number below a value, with a setter. */
  function* numbersOf(
    holder: object,
    path = '',
  ): Iterable<{ path: string; value: number; set(value: number): void }> {
    for (const [key, value] of Object.entries(holder) as [string, unknown][]) {
      const at = path === '' ? key : `${path}.${key}`;
      if (typeof value === 'number') {
        const set = (changed: number) => ((holder as Record<string, number>)[key] = changed);
        yield { path: at, value, set };
      } else if (typeof value === 'object' && value !== null) yield* numbersOf(value, at);
    }
  }

  it('refuses every number of the account’s and the market’s data changed by a millionth', () => {
    for (const plan of plans) {
      for (const { path } of numbersOf(plan.case)) {
        for (const factor of [1 + 1e-6, 1 - 1e-6]) {
          const forged = copy(plan);
          const target = [...numbersOf(forged.case)].find((candidate) => candidate.path === path)!;
          target.set(target.value === 0 ? 1e-6 : target.value * factor);
          expect(verifyCertificate(forged).holds, path).toBe(false);
        }
      }
    }
  });

  it('does not hold for changed data even with a digest made to fit, unless the plan is optimal for them as well', () => {
    let refused = 0;
    for (const plan of plans) {
      for (const { path } of numbersOf(plan.case)) {
        for (const factor of [1 + 1e-6, 1 - 1e-6]) {
          const forged = copy(plan);
          const target = [...numbersOf(forged.case)].find((candidate) => candidate.path === path)!;
          target.set(target.value === 0 ? 1e-6 : target.value * factor);
          forged.caseDigest = digestOf(forged.case);
          if (!verifyCertificate(forged).holds) {
            refused++;
            continue;
          }
          const truth = liquidate(forged.case, solvers);
          expect(Math.abs(truth.objective / forged.objective - 1), path).toBeLessThan(2e-8);
        }
      }
    }
    expect(refused).toBeGreaterThan(40);
  });

  it('refuses fractions lowered by a millionth, also where the objective is made to fit', () => {
    for (const plan of plans) {
      plan.fractions.forEach((fraction, i) => {
        const forged = copy(plan);
        forged.fractions[i] = fraction - 1e-6;
        expect(verifyCertificate(forged).holds).toBe(false);
        forged.objective = objectiveOf(programOf(forged.case), forged.fractions);
        expect(verifyCertificate(forged).holds).toBe(false);
      });
    }
  });

  it('refuses a claim that is altered: objective, bound, gap, premium, equity, margins', () => {
    const claims = [
      'objective',
      'lowerBound',
      'gap',
      'closedNotional',
      'premium',
      'penalty',
      'equityBefore',
      'maintenanceMargin',
      'equityAfter',
      'initialMarginAfter',
      'shortfall',
    ] as const;
    for (const plan of plans) {
      for (const claim of claims) {
        for (const factor of [1 + 1e-6, 1 - 1e-6]) {
          const forged = copy(plan);
          const value = forged[claim] ?? 0;
          forged[claim] = Math.abs(value) < 1e-9 ? value + 1e-9 : value * factor;
          expect(verifyCertificate(forged).holds, claim).toBe(false);
        }
      }
      for (const outcome of ['healthy', 'full', 'bankrupt'] as const) {
        const forged = copy(plan);
        forged.outcome = outcome;
        expect(verifyCertificate(forged).holds).toBe(false);
      }
    }
  });

  it('never accepts a bound that is tighter than is true, however the witness is altered', () => {
    for (const plan of plans) {
      for (const { path, value } of numbersOf(plan.certificate!)) {
        for (const factor of [1 + 1e-6, 1 - 1e-6, 1.1, 0.9, 0, -1]) {
          const forged = copy(plan);
          [...numbersOf(forged.certificate!)]
            .find((candidate) => candidate.path === path)!
            .set(value * factor + 1e-9);
          // As stated first, then with every claim made to fit the altered witness.
          for (const claims of [{}, refit(forged)]) {
            const candidate = { ...forged, ...claims } as LiquidationPlan;
            if (!verifyCertificate(candidate, Infinity).holds) continue;
            expect(candidate.lowerBound, path).toBeLessThanOrEqual(plan.objective);
            expect(
              verifyCertificate(candidate).holds,
              JSON.stringify([candidate.gap, verifyCertificate(candidate).failures]),
            ).toBe(candidate.gap! <= 1e-8);
          }
        }
      }
    }

    function refit(forged: Mutable<LiquidationPlan>): Partial<LiquidationPlan> {
      const program = programOf(forged.case, forged.certificate!.poolShift);
      const bound = lowerBound(program, forged.certificate!.dual, forged.objective);
      return { lowerBound: bound, gap: Math.max(0, forged.objective - bound) / forged.objective };
    }
  });

  it('refuses a proof of impossibility for an account that can be saved', () => {
    const impossible = liquidate(singlePosition({ collateral: -2 }), solvers);
    const savable = singlePosition();
    const plan = liquidate(savable, solvers);
    const forged = {
      ...plan,
      outcome: 'full',
      fractions: [1],
      certificate: impossible.certificate,
    } as LiquidationPlan;
    expect(verifyCertificate(forged).failures.join()).toContain('does not prove');
  });

  it('names what is wrong with a plan that is not one', () => {
    const broken = { ...copy(plans[0]), fractions: ['0'] };
    expect(() => parsePlan(broken)).toThrow(/plan\.fractions\.0/);
    expect(() => parsePlan({ ...copy(plans[0]), extra: 1 })).toThrow(/plan/);
  });
});
