import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { liquidate, type LiquidationCase, loadSolvers, standingOf } from '#lib/liquidation';
import { uniform, uniforms } from '../../../../test/support/arbitraries.js';
import { evaluatedLiquidation } from '../../../../test/support/liquidation-circuit.js';
import { CONDITIONS, forecastPortfolioCase } from '../../../../test/support/liquidation-cases.js';
import { accountUnit, dequantise, liquidationStatement } from '../index.js';
import { annexTerms, type MarginAnnex, termsOf, weightsOf } from './annex.js';
import { maintenanceMargin, marginTangent, type MarginTerms } from './tangent.js';

const ONE = 1n << 24n;
/** PORTFOLIO_PLANS=2000 for the long run. */
const PLANS = Number(process.env.PORTFOLIO_PLANS ?? 20);

/** A case's margin in integers, as a verifier has it. */
function integersOf(given: LiquidationCase): { terms: MarginTerms; unit: number } {
  const { positions, pool } = given;
  const unit = accountUnit(positions);
  const n = positions.length;
  const notionals = positions.map(({ size, price }) =>
    BigInt(Math.round((Math.abs(size) * price * 2 ** 24) / unit)),
  );
  const covariance = (i: number, j: number) =>
    BigInt(
      Math.round((positions[i].size * pool.covariance[i * n + j] * positions[j].size * 2 ** 24) / unit ** 2),
    );
  return { terms: termsOf(annexTerms(given, unit, 0n), notionals, covariance), unit };
}

describe('the tangent of a portfolio’s margin', () => {
  it('is nowhere above the margin, whatever its weights, and its distance at the plan is what it says', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 400 }),
        fc.integer({ min: 1, max: 6 }),
        uniforms(8, 0, 1),
        uniforms(8, 0, 1),
        uniforms(8, 0, 1),
        uniform(0, 1),
        fc.boolean(),
        (seed, n, at, other, shares, evar, many) => {
          const given = forecastPortfolioCase(seed, { n });
          const { terms, unit } = integersOf(given);
          const integer = (value: number) => BigInt(Math.round(value * 2 ** 24));
          const scenarios = terms.positions[0].shocks.length;
          const pieces = scenarios === 0 ? 0 : many ? Math.min(4, scenarios) : 1;
          const weight = (share: number) => BigInt(Math.floor((share / (1 + pieces)) * 2 ** 40));
          const weights = {
            evar: weight(evar),
            scenarios: Array.from({ length: pieces }, (_, i) => ({
              scenario: Math.floor(shares[i] * (scenarios - 1)),
              weight: weight(shares[7 - i]),
            })),
            tiers: terms.positions.map(({ tiers }, i) => {
              const tier = Math.floor(shares[i] * (tiers.length - 1e-9));
              return { tier, share: tier === tiers.length - 1 ? 0n : integer(shares[7 - i]) };
            }),
          };
          const margin = (v: readonly number[]) => {
            const left = given.positions.map((position, k) => ({ ...position, size: position.size * v[k] }));
            return standingOf({ ...given, positions: left }).initialMargin / unit;
          };
          const remaining = at.slice(0, n).map(integer);
          const { relief, whole, slack } = marginTangent(terms, remaining, weights);
          const tangent = (v: readonly bigint[]) =>
            dequantise(whole) -
            v.reduce((sum, share, i) => sum + dequantise(relief[i]) * (1 - dequantise(share)), 0);
          const rounding = 1e-5;
          for (const v of [
            other.slice(0, n),
            at.slice(0, n),
            new Array<number>(n).fill(1),
            new Array<number>(n).fill(0),
          ])
            expect(tangent(v.map(integer))).toBeLessThan(margin(v) + rounding);
          const distance = margin(remaining.map(dequantise)) - tangent(remaining);
          expect(Math.abs(dequantise(slack) - distance)).toBeLessThan(rounding);
          expect(slack).toBeGreaterThanOrEqual(0n);
          expect(
            Math.abs(dequantise(maintenanceMargin(terms)) - standingOf(given).maintenanceMargin / unit),
          ).toBeLessThan(rounding);
        },
      ),
      { numRuns: 50 },
    );
  });

  it('of a plan is at the margin, and no plan closes less by its bound: plans of every outcome and condition', async () => {
    const solvers = await loadSolvers();
    const seen = new Set<string>();
    for (let seed = 1; seed <= PLANS; seed++) {
      const given = forecastPortfolioCase(seed, {
        n: 1 + (seed % 16),
        condition: CONDITIONS[seed % CONDITIONS.length],
        penaltyRate: seed % 3 === 2 ? 0.002 : 0,
        ...(seed % 5 === 0 ? { health: seed % 10 === 0 ? -0.1 : 0.02 } : {}),
      });
      const plan = liquidate(given, solvers);
      const rows = liquidationStatement.inputs({ plan });
      const found = evaluatedLiquidation(rows);
      seen.add(`${plan.outcome} ${found.proves}`);
      const at = `plan ${seed}`;
      if (found.proves === 'infeasibility') {
        expect(found.bound, at).toBeGreaterThan(0n);
        continue;
      }
      const annex = liquidationStatement.annex!({ plan }) as MarginAnnex;
      const { terms, unit } = integersOf(given);
      const v = rows[4].slice(0, given.positions.length).map((w) => ONE - w);
      const { slack } = marginTangent(terms, v, weightsOf(annex));
      const notional = rows[0].reduce((sum, value) => sum + value, 0n);
      // Half of what is allowed, at most.
      expect(Number(found.excess + slack) / Number(notional), at).toBeLessThan(2 ** -19);
      expect(Number(found.objective - found.bound), at).toBeLessThan(Number(found.objective) / 4096 + 512);
      expect(Math.abs(dequantise(found.objective) - plan.objective / unit), at).toBeLessThan(1e-5);
    }
    expect([...seen].sort()).toEqual(['bankrupt infeasibility', 'full infeasibility', 'partial optimality']);
  });
});
