// Long because each case is solved in several ways that have to agree.
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { callSpread } from '#lib/risk';
import {
  casesWithPremium,
  CONDITIONS,
  randomPortfolioCase,
} from '../../../../test/support/liquidation-cases.js';
import {
  excessBound,
  liquidate,
  type LiquidationCase,
  loadSolvers,
  marginExcess,
  parsePlan,
  type Solvers,
  standingOf,
  verifyCertificate,
} from '../index.js';
import { programOf, varianceAt } from '../program/program.js';
import { restoreMargin } from './liquidate.js';

interface Pool {
  mean: string;
  variance: string;
  u: string[];
  M: string[][];
  alpha: string;
}
interface Vectors {
  margin: {
    markets: string[];
    sigma_h: string[];
    correlation: string[][];
    depth: string[];
    f: string[];
    K: string;
    b: string;
    alpha: string;
    scenarios: string[][];
  };
  liquidation_single: Record<
    'market' | 'x' | 'equity' | 'penaltyRate' | 'w' | 'objective' | 'marginAfter',
    string
  >[];
  liquidation_three: {
    sigmaScale: string;
    x: string[];
    equity: string;
    penaltyRate: string;
    pool: Pool | null;
    w: string[];
    objective: string;
    marginAfter: string;
    premium: string;
  }[];
}
const vectors = JSON.parse(readFileSync('test/vectors/margin-adl.json', 'utf8')) as Vectors;

/** A case of the vectors: prices of 1, so that sizes are notionals, and entries at mark. */
function caseOf(
  x: number[],
  equity: string,
  penaltyRate: string,
  sigmaScale = 1,
  pool: Pool | null = null,
): LiquidationCase {
  const { markets, sigma_h, correlation, depth, f, K, b, alpha, scenarios } = vectors.margin;
  const held = x.flatMap((value, i) => (value === 0 ? [] : [i]));
  const sigma = (i: number) => sigmaScale * Number(sigma_h[i]);
  return {
    collateral: Number(equity),
    positions: held.map((i) => ({
      market: markets[i],
      size: x[i],
      price: 1,
      entryNotional: x[i],
      maintenanceRate: Number(f[i]) / 2,
      initialRate: Number(f[i]),
      depth: Number(depth[i]),
    })),
    pool: {
      mean: Number(pool?.mean ?? -1e9),
      variance: Number(pool?.variance ?? 1),
      covarianceWithBook: held.map((i) => (pool ? Number(pool.u[i]) / x[i] : 0)),
      covariance: held.flatMap((i) => held.map((j) => (pool ? Number(pool.M[i][j]) / x[i] / x[j] : 0))),
    },
    alpha: Number(pool?.alpha ?? 0.01),
    penaltyRate: Number(penaltyRate),
    portfolio: {
      alpha: Number(alpha),
      covariance: held.flatMap((i) => held.map((j) => sigma(i) * sigma(j) * Number(correlation[i][j]))),
      scenarios: scenarios.map((shocks, k) => ({
        name: `s${k}`,
        shocks: held.map((i) => Number(shocks[i])),
      })),
      absorbable: Number(b) * Number(K),
    },
  };
}

let solvers: Solvers;
beforeAll(async () => {
  solvers = await loadSolvers();
});

describe('liquidate with portfolio margin', () => {
  it('closes of one position what 50-digit arithmetic closes', () => {
    for (const { market, x, equity, penaltyRate, w, objective, marginAfter } of vectors.liquidation_single) {
      const notionals = vectors.margin.markets.map((name) => (name === market ? Number(x) : 0));
      const plan = liquidate(caseOf(notionals, equity, penaltyRate), solvers);
      expect(verifyCertificate(plan)).toEqual({ holds: true, failures: [] });
      expect(Math.abs(plan.objective / Number(objective) - 1)).toBeLessThan(1e-8);
      expect(plan.fractions[0]).toBeCloseTo(Number(w), 7);
      expect(Math.abs(plan.initialMarginAfter / Number(marginAfter) - 1)).toBeLessThan(1e-7);
    }
  });

  it.each(vectors.liquidation_three)('and of three, with several pieces active: %#', (given) => {
    const x = given.x.map(Number);
    const account = caseOf(x, given.equity, given.penaltyRate, Number(given.sigmaScale), given.pool);
    // Two have their maintenance margin: the program is solved all the same.
    const plan = restoreMargin(account, programOf(account), solvers);
    const words = verifyCertificate(plan).failures.filter(
      (failure) => !failure.includes('maintenance margin of'),
    );
    expect(words).toEqual([]);
    const objective = Number(given.objective);
    expect(Math.abs(plan.objective / objective - 1)).toBeLessThan(1e-8);
    expect(plan.lowerBound).toBeLessThanOrEqual(objective * (1 + 1e-15));
    given.w.forEach((w, i) => {
      expect(plan.fractions[i]).toBeCloseTo(Number(w), 3);
    });
    expect(Math.abs(plan.premium - Number(given.premium))).toBeLessThan(1e-6 * objective);
    expect(Math.abs(plan.initialMarginAfter / Number(given.marginAfter) - 1)).toBeLessThan(1e-5);
  });

  it(
    'certifies a relative gap of at most 1e-8 for 500 random programs, n = 1 … 50, without cutting planes',
    { timeout: 300_000 },
    () => {
      const sizes = [1, 2, 3, 5, 8, 10, 15, 20, 30, 50];
      let worst = 0;
      const outcomes: Record<string, number> = {};
      for (let seed = 0, partial = 0; partial < 500; seed++) {
        const given = randomPortfolioCase(seed + 1, {
          n: sizes[seed % sizes.length],
          condition: CONDITIONS[Math.floor(seed / sizes.length) % CONDITIONS.length],
          impact: seed % 5 === 4,
          penaltyRate: seed % 11 === 10 ? 0.002 : 0,
        });
        const plan = liquidate(given, solvers);
        expect(verifyCertificate(parsePlan(JSON.parse(JSON.stringify(plan)))).failures).toEqual([]);
        outcomes[plan.outcome] = (outcomes[plan.outcome] ?? 0) + 1;
        if (plan.outcome !== 'partial') continue;
        partial++;
        expect(plan.method).toBe('interior-point');
        worst = Math.max(worst, plan.gap!);
      }
      expect(worst).toBeLessThanOrEqual(1e-8);
      expect(outcomes.full).toBeGreaterThan(20);
    },
  );

  it('does not depend on the plans before it, of the same size or another', () => {
    const cases = [3, 4, 3].flatMap((n) =>
      [1, 2, 5].map((seed) => randomPortfolioCase(seed, { n, health: 0.8 })),
    );
    const inOrder = cases.map((each) => liquidate(each, solvers));
    const backwards = cases.toReversed().map((each) => liquidate(each, solvers));
    expect(backwards.toReversed()).toEqual(inOrder);
    expect(inOrder.map(({ outcome }) => outcome)).toContain('partial');
  });

  it('comes to the same optimum by cutting planes alone', () => {
    let compared = 0;
    for (let seed = 0; seed < 40; seed++) {
      const given = randomPortfolioCase(seed + 1, {
        n: 1 + (seed % 8),
        condition: CONDITIONS[seed % CONDITIONS.length],
        impact: seed % 5 === 0,
      });
      const plan = liquidate(given, solvers);
      if (plan.certificate?.proves !== 'optimality') continue;
      const other = liquidate(given, solvers, { maximumSystems: 0 });
      compared++;
      expect(other.method).toBe('cutting-planes');
      expect(verifyCertificate(other).failures).toEqual([]);
      expect(Math.abs(other.objective / plan.objective - 1)).toBeLessThan(2e-8);
    }
    expect(compared).toBeGreaterThan(20);
  });

  it('decides every account, whatever is left of it', () => {
    const outcomes: Record<string, number> = {};
    for (let seed = 0; seed < 300; seed++) {
      const given = randomPortfolioCase(seed + 5001, {
        n: 1 + (seed % 12),
        condition: CONDITIONS[seed % CONDITIONS.length],
        health: [0, 0.05, -0.2, 0.1, 0.2][seed % 5],
        penaltyRate: seed % 3 === 0 ? 0.004 : 0,
      });
      const plan = liquidate(given, solvers);
      expect(verifyCertificate(plan).failures).toEqual([]);
      outcomes[plan.outcome] = (outcomes[plan.outcome] ?? 0) + 1;
    }
    for (const outcome of ['partial', 'full', 'bankrupt']) expect(outcomes[outcome]).toBeGreaterThan(30);
  });

  it('closes less the tighter an account’s hedge is, and never nothing of a sick one', () => {
    const x = [2e6, -1.5e6, 5e5];
    const given = caseOf(x, '90000', '0');
    expect(liquidate({ ...given, collateral: 1e6 }, solvers).outcome).toBe('healthy');
    const bound = liquidate(given, solvers).objective;
    const poorer = liquidate({ ...given, collateral: 80_000 }, solvers).objective;
    expect(poorer).toBeGreaterThan(bound);
    expect(bound).toBeGreaterThan(0);
  });

  it('keeps what is reserved for the liquidity premium', () => {
    const given = caseOf([2e6, -1.5e6, 5e5], '90000', '0.001');
    const reserved = 1500;
    const plan = liquidate({ ...given, reserved }, solvers);
    expect(verifyCertificate(plan)).toEqual({ holds: true, failures: [] });
    expect(plan.reserved).toBe(reserved);
    expect(plan.equityAfter).toBeCloseTo(90_000 - plan.penalty - plan.premium - reserved, 6);
    expect(plan.initialMarginAfter).toBeLessThanOrEqual(plan.equityAfter);
    expect(plan.objective).toBeGreaterThan(liquidate(given, solvers).objective);
  });

  it('reserves the liquidity premium of its own trade, so that the account is healthy after it', () => {
    let charged = 0;
    for (const given of casesWithPremium(150)) {
      const { pool } = given;
      const s = Math.sqrt(pool.variance);
      const plan = liquidate(given, solvers);
      expect(verifyCertificate(plan)).toEqual({ holds: true, failures: [] });
      if (plan.certificate?.proves !== 'optimality') continue;
      const after = pool.variance + varianceAt(programOf(plan.case), plan.fractions).change;
      const spread = (variance: number) =>
        callSpread(pool.mean + 3 * s, 0, 3 * s, 0.8 * Math.sqrt(variance)).price;
      const owed = Math.max(0, spread(after) - spread(pool.variance));
      expect(plan.reserved).toBeGreaterThanOrEqual(owed);
      expect(plan.equityAfter).toBeGreaterThanOrEqual(plan.initialMarginAfter);
      if (owed > 0) charged++;
    }
    expect(charged).toBeGreaterThan(20);
  });

  it.each([
    [2801, 6],
    [6296, 9],
  ])('needs no cutting planes where the first units go round in circles: case %s', (seed, n) => {
    const plan = liquidate(randomPortfolioCase(seed, { n }), solvers);
    expect(plan).toMatchObject({ outcome: 'partial', method: 'interior-point' });
    expect(verifyCertificate(plan)).toEqual({ holds: true, failures: [] });
  });

  it('measures the excess at w as the margin of what is left', () => {
    for (let seed = 1; seed <= 40; seed++) {
      const given = randomPortfolioCase(seed, { n: 4, penaltyRate: 0.001 });
      const program = programOf(given);
      const w = [0.1, 0.9, 0.4, 0.75].map((value) => value * (seed % 3 === 0 ? 1e-6 : 1));
      const left = {
        ...given,
        positions: given.positions.map((position, i) => ({ ...position, size: position.size * (1 - w[i]) })),
      };
      const { equity } = standingOf(given);
      const penalty = program.notionals.reduce((sum, notional, i) => sum + 0.001 * notional * w[i], 0);
      const due = standingOf(left).initialMargin + penalty - equity;
      const scale = standingOf(given).initialMargin;
      expect(Math.abs(marginExcess(program, w) - due)).toBeLessThan(1e-13 * scale * 10);
      expect(excessBound(program, w, program.before.shift)).toBeGreaterThanOrEqual(marginExcess(program, w));
    }
  });

  const good = () => caseOf([2e6, -1.5e6, 5e5], '90000', '0');
  it.each([
    ['reserved', (c: LiquidationCase) => ({ ...c, reserved: -1 }), /reserved/],
    ['a depth of nothing', (c: LiquidationCase) => changed(c, { depth: 0 }), /depth/],
    [
      'tiers whose rates fall',
      (c: LiquidationCase) => changed(c, { tiers: [{ above: 10, maintenanceRate: 0, initialRate: 0.001 }] }),
      /rate: must not be below/,
    ],
    [
      'a tier below its maintenance rate',
      (c: LiquidationCase) => changed(c, { tiers: [{ above: 10, maintenanceRate: 0.5, initialRate: 0.4 }] }),
      /tiers\[0\]\.initialRate/,
    ],
    ['α', (c: LiquidationCase) => risky(c, { alpha: 2 }), /alpha/],
    [
      'a covariance that is none',
      (c: LiquidationCase) => risky(c, { covariance: [1, 2, 0, 2, 1, 0, 0, 0, 1] }),
      /semi-definite/,
    ],
    [
      'one that is not symmetric',
      (c: LiquidationCase) => risky(c, { covariance: [1, 0.1, 0, 0.2, 1, 0, 0, 0, 1] }),
      /symmetric/,
    ],
    [
      'a variance below 0',
      (c: LiquidationCase) => risky(c, { covariance: [1, 0, 0, 0, -1, 0, 0, 0, 1] }),
      /must not be negative/,
    ],
    [
      'one without variance',
      (c: LiquidationCase) => risky(c, { covariance: [1, 0, 1, 0, 1, 0, 1, 0, 0] }),
      /where a variance is 0/,
    ],
    ['a pool without limit', (c: LiquidationCase) => risky(c, { absorbable: 1e61 }), /absorbable/],
    [
      'a scenario that is too short',
      (c: LiquidationCase) => risky(c, { scenarios: [{ name: 'a', shocks: [0.1] }] }),
      /shocks/,
    ],
    [
      'a shock past all bounds',
      (c: LiquidationCase) => risky(c, { scenarios: [{ name: 'a', shocks: [1e61, 0, 0] }] }),
      /shocks\[0\]/,
    ],
  ])('refuses %s', (_what, change, words) => {
    expect(() => liquidate(change(good()), solvers)).toThrow(words);
  });
  function changed(
    c: LiquidationCase,
    first: Partial<LiquidationCase['positions'][number]>,
  ): LiquidationCase {
    return { ...c, positions: c.positions.map((p, i) => (i === 0 ? { ...p, ...first } : p)) };
  }
  function risky(
    c: LiquidationCase,
    change: Partial<NonNullable<LiquidationCase['portfolio']>>,
  ): LiquidationCase {
    return { ...c, portfolio: { ...c.portfolio!, ...change } };
  }
});
