import { beforeAll, describe, expect, it } from 'vitest';
import { liabilityRiskValue } from '#lib/risk';
import {
  CONDITIONS,
  partialPlans,
  randomCase,
  singlePosition,
} from '../../../../test/support/liquidation-cases.js';
import {
  liquidate,
  type LiquidationCase,
  loadSolvers,
  parsePlan,
  type Solvers,
  verifyCertificate,
} from '../index.js';

let solvers: Solvers;
beforeAll(async () => {
  solvers = await loadSolvers();
});

describe('liquidate', () => {
  it('leaves an account alone that has its maintenance margin', () => {
    const plan = liquidate(singlePosition({ collateral: 5 }), solvers);
    expect(plan).toMatchObject({ outcome: 'healthy', fractions: [0], certificate: null, objective: 0 });
    expect(verifyCertificate(plan)).toEqual({ holds: true, failures: [] });
  });

  it('closes what restores the initial margin: one position whose closing frees the pool of risk', () => {
    // 0.1·100·(1 − w) = 3
    const plan = liquidate(singlePosition(), solvers);
    expect(plan.outcome).toBe('partial');
    expect(plan.fractions[0]).toBeCloseTo(0.7, 12);
    expect(plan).toMatchObject({ method: 'closed-form', premium: 0, penalty: 0, shortfall: 0 });
    expect(plan.initialMarginAfter).toBeLessThanOrEqual(plan.equityAfter);
  });

  it('adds the penalty to what must be closed', () => {
    // 0.1·100·(1 − w) = 3 − 0.02·100·w
    const plan = liquidate(singlePosition({ penaltyRate: 0.02 }), solvers);
    expect(plan.fractions[0]).toBeCloseTo(7 / 8, 12);
    expect(plan.penalty).toBeCloseTo(1.75, 10);
  });

  it('finds the root where closing costs the pool a hedge', () => {
    const pool = { mean: -50, variance: 400, covarianceWithBook: [-4], covariance: [4] };
    const plan = liquidate(singlePosition({ pool }), solvers);
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
    const plan = liquidate(singlePosition({ pool, collateral: 1 }), solvers);
    expect(plan).toMatchObject({ outcome: 'full', fractions: [1], shortfall: 0, gap: null });
    expect(verifyCertificate(plan).holds).toBe(true);
  });

  it('calls a negative equity bankrupt and says by how much', () => {
    const plan = liquidate(singlePosition({ collateral: -2 }), solvers);
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
    for (const plan of partialPlans(solvers, 500)) {
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
    for (const plan of partialPlans(solvers, 120)) {
      if (plan.method !== 'sequential-quadratic' || plan.fractions.length > 10) continue;
      const other = liquidate(plan.case, solvers, { maximumQuadraticPrograms: 0 });
      // The search for a feasible point may have found the optimum: nothing is left for the cutting planes.
      if (other.method !== 'cutting-planes') continue;
      compared++;
      expect(other.gap).toBeLessThanOrEqual(1e-8);
      expect(Math.abs(other.objective / plan.objective - 1)).toBeLessThan(2e-8);
    }
    expect(compared).toBeGreaterThan(5);
  });

  it.each([
    ['collateral', { collateral: NaN }, 'collateral'],
    ['alpha', { alpha: 1 }, 'alpha'],
    ['penaltyRate', { penaltyRate: -0.1 }, 'penaltyRate'],
    ['size', { positions: [{ ...singlePosition().positions[0], size: 0 }] }, 'positions[0].size'],
    ['price', { positions: [{ ...singlePosition().positions[0], price: -1 }] }, 'positions[0].price'],
    [
      'initialRate',
      { positions: [{ ...singlePosition().positions[0], initialRate: 0.01 }] },
      'positions[0].initialRate',
    ],
    ['pool length', { pool: { ...singlePosition().pool, covariance: [] } }, 'pool.covariance'],
    ['variance', { pool: { ...singlePosition().pool, variance: -1 } }, 'pool.variance'],
    // |cov| above the product of the deviations: no book has this risk.
    ['joint covariance', { pool: { ...singlePosition().pool, covarianceWithBook: [41] } }, 'pool.covariance'],
  ] as [string, Partial<LiquidationCase>, string][])('refuses a wrong %s', (_name, change, field) => {
    expect(() => liquidate(singlePosition(change), solvers)).toThrow(
      expect.objectContaining({ field }) as Error,
    );
  });
});
