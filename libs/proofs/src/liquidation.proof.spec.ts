import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { liquidate, type LiquidationPlan, loadSolvers } from '#lib/liquidation';
import { CONDITIONS, randomCase } from '../../../test/support/liquidation-cases.js';
import { temporaryProver, unprotected } from '../../../test/support/proofs.js';
import { entropyTolerance, sandwichOf, upperTolerance } from './evar-sandwich.js';
import { dotProduct, positivePart, times } from './fixed-point.js';
import {
  dequantise,
  EXCESS_TOLERANCE,
  LIQUIDATION_GAP_TOLERANCE,
  LIQUIDATION_TOLERANCES,
  type LiquidationPublic,
  liquidationStatement,
  type ProofDocument,
  unitOf,
} from './index.js';

/** What the circuit makes of its rows, with integers. */
function evaluated(rows: readonly (readonly bigint[])[]) {
  const [a, d, , , w, [b, m, s0, budget, weight, linear, risk], witness] = rows;
  const y = witness.slice(16, 32);
  const before = sandwichOf(m, s0, budget, 'before');
  const after = sandwichOf(m, s0 + witness[32], budget, 'after');
  const premium = positivePart(after.upper - before.lower);
  const rate = after.volatilitySlope;
  const constant = b + (after.lower - before.upper) - times(rate, dotProduct(y, w));
  const negative = y.reduce((sum, direction, i) => {
    const reduced = times(weight, a[i]) + times(risk, times(rate, direction) - d[i]) - times(linear, d[i]);
    return sum + positivePart(-reduced);
  }, 0n);
  return {
    proves: weight === 0n ? 'infeasibility' : 'optimality',
    objective: dequantise(dotProduct(a, w)),
    excess: dequantise(b - dotProduct(d, w) + premium),
    premium: dequantise(premium),
    bound: dequantise(times(linear, b) + times(risk, constant) - negative),
    sandwiches: [before, after].map(({ slack, t }) => ({ slack: dequantise(slack), tilt: dequantise(t) })),
  };
}

function casesOf(seed: number) {
  return randomCase(seed, {
    n: 1 + (seed % 16),
    condition: CONDITIONS[seed % CONDITIONS.length],
    penaltyRate: seed % 11 === 10 ? 0.002 : 0,
    ...(seed % 5 === 0 ? { health: seed % 10 === 0 ? -0.1 : 0.02 } : {}),
  });
}

describe('the liquidation statement', () => {
  it('holds within its tolerances for 10,000 plans of every outcome and condition', async () => {
    const solvers = await loadSolvers();
    const seen: Record<string, number> = {};
    for (let seed = 1; seed <= 10_000; seed++) {
      const plan = liquidate(casesOf(seed), solvers);
      const found = evaluated(liquidationStatement.inputs({ plan }));
      seen[`${plan.outcome} ${found.proves}`] = (seen[`${plan.outcome} ${found.proves}`] ?? 0) + 1;
      for (const { slack, tilt } of found.sandwiches)
        expect(slack, `entropy, plan ${seed}`).toBeGreaterThanOrEqual(-entropyTolerance(tilt));
      if (found.proves === 'infeasibility') {
        expect(found.bound, `bound, plan ${seed}`).toBeGreaterThanOrEqual(-EXCESS_TOLERANCE);
        continue;
      }
      expect(found.excess, `excess, plan ${seed}`).toBeLessThanOrEqual(EXCESS_TOLERANCE);
      expect(found.objective - found.bound, `gap, plan ${seed}`).toBeLessThanOrEqual(
        LIQUIDATION_GAP_TOLERANCE,
      );
      const unit = unitOf(plan);
      expect(Math.abs(found.objective - plan.objective / unit), `objective, plan ${seed}`).toBeLessThan(1e-5);
      expect(Math.abs(found.premium - plan.premium / unit), `premium, plan ${seed}`).toBeLessThan(
        EXCESS_TOLERANCE,
      );
    }
    expect(Object.keys(seen).sort()).toEqual(
      expect.arrayContaining(['bankrupt infeasibility', 'full infeasibility', 'partial optimality']),
    );
  }, 300_000);

  it('refuses what it is not made for, by name', async () => {
    const solvers = await loadSolvers();
    const healthy = liquidate({ ...casesOf(1), collateral: 1e9 }, solvers);
    expect(() => liquidationStatement.inputs({ plan: healthy })).toThrow(/plan.outcome/);
    const impact = liquidate(randomCase(1, { n: 4, impact: true }), solvers);
    expect(() => liquidationStatement.inputs({ plan: impact })).toThrow(/impact/);
    const large = liquidate(randomCase(1, { n: 17 }), solvers);
    expect(() => liquidationStatement.inputs({ plan: large })).toThrow(/positions/);
    expect(() => liquidationStatement.parse({ plan: {} })).toThrow(/plan/);
  });
});

describe('a proof of it', () => {
  const { prover, remove } = temporaryProver();
  let plan: LiquidationPlan;
  let document: ProofDocument;
  let values: LiquidationPublic;
  beforeAll(async () => {
    plan = liquidate(randomCase(9, { n: 5 }), await loadSolvers());
    document = await prover.prove(liquidationStatement, { plan });
    const verdict = await prover.verify(liquidationStatement, document);
    expect(verdict.failures).toEqual([]);
    values = verdict.values!;
  }, 600_000);
  afterAll(remove);

  it('says what the plan says, and what the circuit was said to say', () => {
    const unit = unitOf(plan);
    expect(values.proves).toBe('optimality');
    expect(Math.abs(values.objective - plan.objective / unit)).toBeLessThan(1e-5);
    expect(Math.abs(values.premium - plan.premium / unit)).toBeLessThan(EXCESS_TOLERANCE);
    const found = evaluated(liquidationStatement.inputs({ plan }));
    for (const name of ['objective', 'excess', 'premium', 'bound'] as const)
      expect(Math.abs(values[name] - found[name]), name).toBeLessThanOrEqual(2 ** -20);
    expect(values.fractions.slice(5).every((w) => w === 0)).toBe(true);
  });

  it('holds only within each of its tolerances', () => {
    const failures = (change: Partial<LiquidationPublic>) =>
      liquidationStatement.failures({ ...values, ...change });
    const unit = 2 ** -24;
    for (const [name, tolerance] of Object.entries(LIQUIDATION_TOLERANCES)) {
      const at = (value: number) => ({ residuals: { ...values.residuals, [name]: [value] } });
      expect(failures(at(-tolerance)), name).toEqual([]);
      expect(failures(at(tolerance + unit)), name).toHaveLength(1);
    }
    expect(failures({ excess: EXCESS_TOLERANCE })).toEqual([]);
    expect(failures({ excess: EXCESS_TOLERANCE + unit })).toHaveLength(1);
    expect(failures({ objective: 1, bound: 1 - LIQUIDATION_GAP_TOLERANCE })).toEqual([]);
    expect(failures({ objective: 1, bound: 1 - LIQUIDATION_GAP_TOLERANCE - unit })).toHaveLength(1);
    expect(failures({ slack: [0, -entropyTolerance(values.tilts[1])] })).toEqual([]);
    expect(failures({ slack: [0, -entropyTolerance(values.tilts[1]) - unit] })).toHaveLength(1);
    const residual = (upper: number) => ({ residuals: { ...values.residuals, upper: [0, upper] } });
    expect(failures(residual(-upperTolerance(values.tilts[1])))).toEqual([]);
    expect(failures(residual(-upperTolerance(values.tilts[1]) - unit))).toHaveLength(1);
    expect(failures({ fractions: [1 + unit] })).toHaveLength(1);
    expect(failures({ fractions: [-unit] })).toHaveLength(1);
    expect(failures({ multipliers: [-unit, 1] })).toHaveLength(1);
    expect(failures({ tilts: [1, 0] })).toContainEqual(expect.stringContaining('tilt [1] 0'));
    expect(failures({ weight: 2 })).toHaveLength(1);
    expect(failures({ covariance: [2 ** 15, 0] })).toEqual([]);
    expect(failures({ covariance: [2 ** 15 + unit, 0] })).toHaveLength(1);
    const infeasible = { proves: 'infeasibility', multipliers: [0.25, 0.75] } as const;
    expect(failures({ ...infeasible, bound: -EXCESS_TOLERANCE })).toEqual([]);
    expect(failures({ ...infeasible, bound: -EXCESS_TOLERANCE - unit })).toHaveLength(1);
    expect(failures({ ...infeasible, bound: 1, multipliers: [1, 0.75] })).toHaveLength(1);
  });

  it('does not verify with any public value changed by one unit', async () => {
    expect(await unprotected(prover, liquidationStatement, document)).toEqual([]);
  }, 600_000);
});
