import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { liquidate, type LiquidationPlan, loadSolvers } from '#lib/liquidation';
import { CONDITIONS, randomCase } from '../../../test/support/liquidation-cases.js';
import { evaluatedLiquidation } from '../../../test/support/liquidation-circuit.js';
import { temporaryProver, unprotected } from '../../../test/support/proofs.js';
import { witnessOf } from '../../../test/support/witness.js';
import {
  accountUnit,
  dequantise,
  type LiquidationPublic,
  liquidationStatement,
  type ProofDocument,
} from './index.js';

function casesOf(seed: number) {
  return randomCase(seed, {
    n: 1 + (seed % 16),
    condition: CONDITIONS[seed % CONDITIONS.length],
    penaltyRate: seed % 11 === 10 ? 0.002 : 0,
    ...(seed % 5 === 0 ? { health: seed % 10 === 0 ? -0.1 : 0.02 } : {}),
  });
}

describe('the liquidation statement', () => {
  it('holds far within its tolerances for 2,000 plans of every outcome and condition', async () => {
    const solvers = await loadSolvers();
    const seen: Record<string, number> = {};
    for (let seed = 1; seed <= 2000; seed++) {
      const plan = liquidate(casesOf(seed), solvers);
      const found = evaluatedLiquidation(liquidationStatement.inputs({ plan }));
      const kind = `${plan.outcome} ${found.proves}`;
      seen[kind] = (seen[kind] ?? 0) + 1;
      const at = `plan ${seed}`;
      if (found.proves === 'infeasibility') {
        expect(found.bound, at).toBeGreaterThan(0n);
        continue;
      }
      const unit = accountUnit(plan.case.positions);
      expect(Number(found.excess) / Number(found.relief), at).toBeLessThan(2 ** -13);
      expect(Number(found.objective - found.bound), at).toBeLessThan(Number(found.objective) / 4096 + 512);
      expect(Math.abs(dequantise(found.objective) - plan.objective / unit), at).toBeLessThan(1e-5);
      expect(Math.abs(dequantise(found.charge) - plan.premium / unit), at).toBeLessThan(
        1e-3 * (plan.premium / unit) + 2e-4,
      );
    }
    expect(Object.keys(seen).sort()).toEqual([
      'bankrupt infeasibility',
      'full infeasibility',
      'partial optimality',
    ]);
  }, 300_000);

  it('refuses what it is not made for, by name', async () => {
    const solvers = await loadSolvers();
    const healthy = liquidate({ ...casesOf(1), collateral: 1e9 }, solvers);
    expect(() => liquidationStatement.inputs({ plan: healthy })).toThrow(/plan.outcome/);
    const impact = liquidate(randomCase(1, { n: 4, impact: true }), solvers);
    expect(() => liquidationStatement.inputs({ plan: impact })).toThrow(/impact/);
    const given = casesOf(1);
    const large = { ...given, pool: { ...given.pool, variance: given.pool.variance * 1e6 } };
    expect(() => liquidationStatement.inputs({ plan: liquidate(large, solvers) })).toThrow(
      /volatility|pool.variance/,
    );
  });
});

describe('its circuit', () => {
  it('computes what the statement computes with integers, and holds only within each tolerance', async () => {
    const plan = liquidate(randomCase(9, { n: 5 }), await loadSolvers());
    const rows = liquidationStatement.inputs({ plan });
    const found = witnessOf(liquidationStatement, rows);
    if ('refused' in found) throw new Error(found.refused);
    expect(found.public.failures).toEqual([]);
    const expected = evaluatedLiquidation(rows);
    for (const name of ['excess', 'charge', 'objective', 'bound'] as const)
      expect(found.values.get(name), name).toEqual([expected[name]]);
    const value = (name: string, at = 0) => found.values.get(name)![at];
    const failures = (name: string, at: number, to: bigint) =>
      liquidationStatement.public(new Map(found.values).set(name, found.values.get(name)!.with(at, to)))
        .failures;
    const s = [found.values.get('publicScalars')![2], value('volatilityAfter')];
    const one = 1n << 24n;
    const bounds: [name: string, at: number, bound: bigint][] = [
      ['residualVariance', 0, (s[1] + 1n) << 24n],
      ['residualDirection', 15, (s[1] >> 1n) + 1n],
      ['residualRatio', 0, (s[0] >> 1n) + 1n],
      ['residualRatio', 1, (s[1] >> 1n) + 1n],
      ['residualInverse', 3, 6n * one],
      ['residualLog', 1, (3n * one) / 2n + 8n],
      ['residualProbability', 0, one + 8n],
      ['residualDensity', 1, one + 8n],
      ['residualUpper', 1, (value('tilt', 1) >> 1n) + 1n],
      ['slack', 1, 64n + (value('tilt', 1) >> 20n)],
      ['publicCovariance', 7, 1n << 56n],
      ['publicBook', 15, 1n << 56n],
    ];
    for (const [name, at, bound] of bounds)
      for (const sign of [1n, -1n]) {
        expect(failures(name, at, sign * bound), name).toEqual([]);
        expect(failures(name, at, sign * (bound + 1n)), name).toHaveLength(1);
      }
    const relief = found.values.get('publicRelief')!.reduce((sum, d) => sum + d, 0n);
    const objective = value('objective');
    const refused: [name: string, at: number, holds: bigint, refused: bigint][] = [
      ['violations', 0, 0n, 1n],
      ['excess', 0, relief >> 12n, (relief >> 12n) + 1n],
      ['bound', 0, objective - (objective >> 11n) - 1024n, objective - (objective >> 11n) - 1025n],
      ['publicFractions', 2, one, one + 1n],
      ['publicFractions', 2, 0n, -1n],
      ['publicScalars', 5, 0n, -1n],
      ['publicScalars', 6, 0n, -1n],
      ['publicScalars', 3, 1n, 0n],
      ['tilt', 0, value('tilt'), 0n],
    ];
    for (const [name, at, holds, refusedAt] of refused) {
      expect(failures(name, at, holds), name).toEqual([]);
      expect(failures(name, at, refusedAt).length, name).toBeGreaterThan(0);
    }
    expect(failures('publicNotionals', 0, value('publicNotionals') + 129n * one)).toHaveLength(1);
    // A proof that no close restores the margin must show it strictly.
    const infeasible = new Map(found.values).set(
      'publicScalars',
      found.values
        .get('publicScalars')!
        .with(4, 0n)
        .with(5, one / 4n)
        .with(6, (3n * one) / 4n),
    );
    const bound = (to: bigint) =>
      liquidationStatement.public(new Map(infeasible).set('bound', [to])).failures;
    expect(bound(0n)).toEqual([]);
    expect(bound(-1n)).toHaveLength(1);
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

  it('says what the plan says', () => {
    const unit = accountUnit(plan.case.positions);
    expect(values.proves).toBe('optimality');
    expect(Math.abs(values.objective - plan.objective / unit)).toBeLessThan(1e-5);
    expect(Math.abs(values.premium - plan.premium / unit)).toBeLessThan(1e-4);
    expect(values.fractions.slice(5).every((w) => w === 0)).toBe(true);
  });

  it('does not verify with any public value changed by one unit', async () => {
    expect(await unprotected(prover, liquidationStatement, document)).toEqual([]);
  }, 900_000);
});
