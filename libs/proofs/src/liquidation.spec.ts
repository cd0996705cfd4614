import { describe, expect, it } from 'vitest';
import { liabilityRisk } from '#lib/risk';
import { liquidate, loadSolvers } from '#lib/liquidation';
import { CONDITIONS, randomCase } from '../../../test/support/liquidation-cases.js';
import { sandwichOf } from './evar-sandwich.js';
import { dotProduct, positivePart, times, UNIT } from './fixed-point.js';
import {
  dequantise,
  EXCESS_TOLERANCE,
  LIQUIDATION_GAP_TOLERANCE,
  liquidationStatement,
} from './index.js';

/** What the circuit makes of its rows, with integers. */
function evaluated(rows: readonly (readonly bigint[])[]) {
  const [a, d, g, triangle, w, [b, m, s0, budget, weight, linear, risk], witness] = rows;
  const y = witness.slice(16, 32);
  const s1 = s0 + witness[32];
  const before = sandwichOf(m, s0, budget, 'before');
  const after = sandwichOf(m, s1, budget, 'after');
  const premium = positivePart(after.upper - before.lower);
  const rate = after.volatilitySlope;
  const gradient = y.map((value, i) => times(rate, value) - d[i]);
  const constant = b + (after.lower - before.upper) - times(rate, dotProduct(y, w));
  const negative = gradient.reduce((sum, value, i) => {
    const reduced = times(weight, a[i]) + times(risk, value) - times(linear, d[i]);
    return sum + positivePart(-reduced);
  }, 0n);
  const bound = times(linear, b) + times(risk, constant) - negative;
  void g;
  void triangle;
  return {
    objective: dequantise(dotProduct(a, w)),
    excess: dequantise(b - dotProduct(d, w) + premium),
    bound: dequantise(bound),
    premium: dequantise(premium),
    before,
    after,
  };
}

describe('x', () => {
  it('y', async () => {
    const solvers = await loadSolvers();
    let worst = { excess: 0, gap: 0, infeasible: 0, risk: 0, slack: 0, spread: 0 };
    let counts: Record<string, number> = {};
    for (let seed = 1; seed <= 10000; seed++) {
      const plan = liquidate(randomCase(seed, { n: 1 + (seed % 16), condition: CONDITIONS[seed % CONDITIONS.length], ...(seed % 5 === 0 ? { health: seed % 10 === 0 ? -0.1 : 0.02 } : {}) }), solvers);
      if (plan.outcome === 'healthy') continue;
      counts[plan.outcome] = (counts[plan.outcome] ?? 0) + 1;
      let rows;
      try { rows = liquidationStatement.inputs({ plan }); } catch (e) { const k = (e as Error).message.slice(0, 70); counts[k] = (counts[k] ?? 0) + 1; continue; }
      const e = evaluated(rows);
      const [, , , , , [, m, s0, budget, weight]] = rows;
      if (weight !== 0n) {
        if (e.excess>worst.excess || e.objective - e.bound>worst.gap) console.log(seed, CONDITIONS[seed % CONDITIONS.length], plan.outcome, e.excess, e.objective - e.bound, e.objective, 's0', dequantise(s0), 'm', dequantise(m), plan.gap);
        worst.excess = Math.max(worst.excess, e.excess);
        worst.gap = Math.max(worst.gap, e.objective - e.bound);
      } else worst.infeasible = Math.max(worst.infeasible, -e.bound);
      for (const x of [e.before, e.after]) { worst.slack = Math.max(worst.slack, -dequantise(x.slack)); worst.spread = Math.max(worst.spread, Math.abs(dequantise(x.upper - x.lower)) / dequantise(x.upper)); }
      const h = liabilityRisk('evar', dequantise(m), dequantise(s0), -dequantise(budget)).value;
      worst.risk = Math.max(worst.risk, Math.abs(dequantise(e.before.upper) - h) / dequantise(s0));
    }
    console.log(worst, counts, EXCESS_TOLERANCE, LIQUIDATION_GAP_TOLERANCE, UNIT);
    expect(1).toBe(1);
  }, 600000);
});
