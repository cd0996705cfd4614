import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { liabilityRiskValue } from '#lib/risk';
import { CONDITIONS, randomCase } from '../../../test/support/liquidation-cases.js';
import {
  digestOf,
  liquidate,
  type LiquidationCase,
  type LiquidationPlan,
  loadSolvers,
  parsePlan,
  type Solvers,
  standingOf,
  verifyCertificate,
} from './index.js';
import { lowerBound } from './certificate.js';
import { linearExcess, objectiveOf, premiumConstraint, programOf } from './program.js';

let solvers: Solvers;
beforeAll(async () => {
  solvers = await loadSolvers();
});

/** One long position; the pool's book is the account's own and something that leans against it. */
function single(change: Partial<LiquidationCase> = {}): LiquidationCase {
  return {
    collateral: 3,
    positions: [
      {
        market: 'A',
        size: 1,
        price: 100,
        entryNotional: 100,
        maintenanceRate: 0.05,
        initialRate: 0.1,
      },
    ],
    pool: { mean: -50, variance: 400, covarianceWithBook: [40], covariance: [4] },
    alpha: 0.01,
    ...change,
  };
}

const SIZES = [1, 2, 3, 5, 8, 10, 15, 20, 30, 50, 75, 100];

/** Random programs that have a partial outcome, in rounds over conditions and sizes. */
function* partialPlans(count: number): Iterable<LiquidationPlan> {
  for (let seed = 0; count > 0; seed++) {
    const given = randomCase(seed + 1, {
      n: SIZES[seed % SIZES.length],
      condition: CONDITIONS[Math.floor(seed / SIZES.length) % CONDITIONS.length],
      impact: seed % 5 === 4,
      penaltyRate: seed % 11 === 10 ? 0.002 : 0,
    });
    const plan = liquidate(given, solvers);
    if (plan.outcome !== 'partial') continue;
    count--;
    yield plan;
  }
}

describe('liquidate', () => {
  it('leaves an account alone that has its maintenance margin', () => {
    const plan = liquidate(single({ collateral: 5 }), solvers);
    expect(plan).toMatchObject({ outcome: 'healthy', fractions: [0], certificate: null, objective: 0 });
    expect(verifyCertificate(plan)).toEqual({ holds: true, failures: [] });
  });

  it('closes what restores the initial margin: one position whose closing frees the pool of risk', () => {
    // 0.1·100·(1 − w) = 3
    const plan = liquidate(single(), solvers);
    expect(plan.outcome).toBe('partial');
    expect(plan.fractions[0]).toBeCloseTo(0.7, 12);
    expect(plan).toMatchObject({ method: 'closed-form', premium: 0, penalty: 0, shortfall: 0 });
    expect(plan.initialMarginAfter).toBeLessThanOrEqual(plan.equityAfter);
  });

  it('adds the penalty to what must be closed', () => {
    // 0.1·100·(1 − w) = 3 − 0.02·100·w
    const plan = liquidate(single({ penaltyRate: 0.02 }), solvers);
    expect(plan.fractions[0]).toBeCloseTo(7 / 8, 12);
    expect(plan.penalty).toBeCloseTo(1.75, 10);
  });

  it('finds the root where closing costs the pool a hedge', () => {
    const pool = { mean: -50, variance: 400, covarianceWithBook: [-4], covariance: [4] };
    const plan = liquidate(single({ pool }), solvers);
    const premium = (w: number) => {
      const risk = (variance: number) => liabilityRiskValue('evar', -50, Math.sqrt(variance), Math.log(0.01));
      return risk(400 + 8 * w + 4 * w * w) - risk(400);
    };
    let [low, high] = [0, 1];
    for (let step = 0; step < 60; step++) {
      const middle = (low + high) / 2;
      if (10 * (1 - middle) - 3 + premium(middle) > 0) low = middle;
      else high = middle;
    }
    expect(plan.outcome).toBe('partial');
    expect(plan.fractions[0]).toBeCloseTo(high, 10);
    expect(plan.premium).toBeCloseTo(premium(high), 9);
    expect(plan.fractions[0]).toBeGreaterThan(0.7);
  });

  it('closes everything where the pool asks for more than there is', () => {
    const pool = { mean: -5, variance: 400, covarianceWithBook: [-200], covariance: [100] };
    const plan = liquidate(single({ pool, collateral: 1 }), solvers);
    expect(plan).toMatchObject({ outcome: 'full', fractions: [1], shortfall: 0, gap: null });
    expect(verifyCertificate(plan).holds).toBe(true);
  });

  it('calls a negative equity bankrupt and says by how much', () => {
    const plan = liquidate(single({ collateral: -2 }), solvers);
    expect(plan).toMatchObject({ outcome: 'bankrupt', fractions: [1], shortfall: 2 });
    expect(verifyCertificate(plan).holds).toBe(true);
  });

  it('closes the position whose margin is dearest first', () => {
    const given = randomCase(5, { n: 4 });
    const rates = [0.1, 0.3, 0.2, 0.15];
    const positions = given.positions.map((position, i) => ({
      ...position,
      entryNotional: position.size * position.price,
      maintenanceRate: rates[i] / 2,
      initialRate: rates[i],
    }));
    // A book that every position adds to: closing costs nothing.
    const independent = given.pool.covariance.map((value, i) => (i % 5 === 0 ? value : 0));
    const covarianceWithBook = positions.map(({ size }, i) => 3 * independent[5 * i] * size);
    const notionals = positions.map(({ size, price }) => Math.abs(size) * price);
    const initial = notionals.reduce((sum, notional, i) => sum + notional * rates[i], 0);
    const collateral = 0.45 * initial;
    const variance =
      100 * covarianceWithBook.reduce((sum, value, i) => sum + value ** 2 / independent[5 * i], 0);
    const plan = liquidate(
      {
        ...given,
        collateral,
        positions,
        pool: { mean: -1, variance, covarianceWithBook, covariance: independent },
      },
      solvers,
    );

    expect(plan.method).toBe('closed-form');
    const closed = plan.fractions.map((fraction) =>
      fraction === 0 ? 'kept' : fraction === 1 ? 'closed' : 'part',
    );
    const byRate = [1, 2, 3, 0].map((i) => closed[i]);
    expect(byRate.join(' ')).toMatch(/^(closed )*part( kept)*$/);
  });

  it('certifies a relative gap of at most 1e-8 for 500 random programs, n = 1 … 100, ill-conditioned ones included', () => {
    const worst = { gap: 0, seeds: 0 };
    const methods = new Set<string>();
    for (const plan of partialPlans(500)) {
      worst.gap = Math.max(worst.gap, plan.gap!);
      worst.seeds++;
      methods.add(plan.method!);
      const verdict = verifyCertificate(parsePlan(JSON.parse(JSON.stringify(plan))));
      expect(verdict.failures).toEqual([]);
    }
    expect(worst.seeds).toBe(500);
    expect(worst.gap).toBeLessThanOrEqual(1e-8);
    expect(methods).toContain('sequential-quadratic');
  }, 120_000);

  it('decides every account, whatever is left of it', () => {
    const outcomes = new Map<string, number>();
    for (let seed = 0; seed < 1500; seed++) {
      const given = randomCase(seed + 7001, {
        n: 1 + (seed % 12),
        condition: CONDITIONS[seed % CONDITIONS.length],
        health: [0, 0.05, -0.2, 0.1, 0.2][seed % 5],
        penaltyRate: seed % 3 === 0 ? 0.004 : 0,
      });
      const plan = liquidate(given, solvers);
      expect(verifyCertificate(plan).failures).toEqual([]);
      outcomes.set(plan.outcome, (outcomes.get(plan.outcome) ?? 0) + 1);
    }
    for (const outcome of ['partial', 'full', 'bankrupt']) expect(outcomes.get(outcome)).toBeGreaterThan(100);
  });

  it('comes to the same optimum by cutting planes alone', () => {
    let compared = 0;
    for (const plan of partialPlans(120)) {
      if (plan.method !== 'sequential-quadratic' || plan.fractions.length > 10) continue;
      const other = liquidate(plan.case, solvers, { maximumQuadraticPrograms: 0 });
      if (other.method === 'closed-form') continue;
      compared++;
      expect(other.method).toBe('cutting-planes');
      expect(other.gap).toBeLessThanOrEqual(1e-8);
      expect(Math.abs(other.objective / plan.objective - 1)).toBeLessThan(2e-8);
    }
    expect(compared).toBeGreaterThan(5);
  });

  it.each([
    ['collateral', { collateral: NaN }, 'collateral'],
    ['alpha', { alpha: 1 }, 'alpha'],
    ['penaltyRate', { penaltyRate: -0.1 }, 'penaltyRate'],
    ['size', { positions: [{ ...single().positions[0], size: 0 }] }, 'positions[0].size'],
    ['price', { positions: [{ ...single().positions[0], price: -1 }] }, 'positions[0].price'],
    [
      'initialRate',
      { positions: [{ ...single().positions[0], initialRate: 0.01 }] },
      'positions[0].initialRate',
    ],
    ['pool length', { pool: { ...single().pool, covariance: [] } }, 'pool.covariance'],
    ['variance', { pool: { ...single().pool, variance: -1 } }, 'pool.variance'],
    // |cov| above the product of the deviations: no book has this risk.
    ['joint covariance', { pool: { ...single().pool, covarianceWithBook: [41] } }, 'pool.covariance'],
  ] as [string, Partial<LiquidationCase>, string][])('refuses a wrong %s', (_name, change, field) => {
    expect(() => liquidate(single(change), solvers)).toThrow(expect.objectContaining({ field }) as Error);
  });
});

describe('lowerBound', () => {
  it('is never above a feasible objective, whatever the witness', () => {
    const cases = Array.from({ length: 40 }, (_, seed) => randomCase(seed + 1, { n: 1 + (seed % 6) })).filter(
      (given) => liquidate(given, solvers).outcome === 'partial',
    );
    const plans = cases.map((given) => liquidate(given, solvers));
    fc.assert(
      fc.property(
        fc.nat(plans.length - 1),
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 6, maxLength: 6 }),
        fc.double({ min: 0, max: 100, noNaN: true }),
        fc.double({ min: 0, max: 100, noNaN: true }),
        fc.double({ min: 0.2, max: 5, noNaN: true }),
        (which, point, linear, multiplier, stretch) => {
          const plan = plans[which];
          const program = programOf(plan.case);
          const v = point.slice(0, program.n);
          // Any tilt: the optimal one's t, stretched.
          const variance = premiumConstraint(program, v);
          const shift = variance.shift * stretch;
          const cut = { point: v, shift, multiplier };
          expect(lowerBound(program, { linear, cuts: [cut] }, plan.objective)).toBeLessThanOrEqual(
            plan.objective * (1 + 1e-12),
          );
        },
      ),
      { numRuns: 2000 },
    );
  });
});

describe('verifyCertificate', () => {
  /** A plan that pays a premium, so that every number of it matters, and one where closing relieves the pool. */
  let plans: LiquidationPlan[];
  beforeAll(() => {
    const found = [...partialPlans(150)].filter(({ fractions }) => fractions.length === 3);
    plans = [found.find(({ premium }) => premium > 0)!, found.find(({ premium }) => premium === 0)!];
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
    const impossible = liquidate(single({ collateral: -2 }), solvers);
    const savable = single();
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
      single({ positions: [{ ...single().positions[0], size: -2, entryNotional: -220 }] }),
    );
    expect({ equity, notional, maintenanceMargin, initialMargin }).toEqual({
      equity: 23,
      notional: 200,
      maintenanceMargin: 10,
      initialMargin: 20,
    });
  });
});
