import { describe, expect, it } from 'vitest';
import { InvalidInputError } from '#lib/errors';
import { liquidate, type LiquidationPlan, loadSolvers, standingOf } from '#lib/liquidation';
import { FIELD_ORDER, liquidationStatement, type MarginAnnex } from '#lib/proofs';
import { randomStream } from '#lib/runtime';
import { evaluatedLiquidation } from '../../support/liquidation-circuit.js';
import { forecastPortfolioCase } from '../../support/liquidation-cases.js';
import { type Change, seenWith, witnessOf } from '../../support/witness.js';

const [RELIEF, COVARIANCE, SCALARS] = [1, 3, 5];
const N = 6;

/** A plan whose margin has every term: several pieces of the loss at once, the EVaR among them, closing costs, a charge for risk. */
async function everyTerm() {
  const solvers = await loadSolvers();
  for (let seed = 1; ; seed++) {
    const plan = liquidate(forecastPortfolioCase(seed, { n: N, penaltyRate: 0.002 }), solvers);
    if (plan.outcome !== 'partial' || plan.premium < 0.001 * plan.objective) continue;
    const { dual } = plan.certificate!;
    const active = dual.losses.filter(({ multiplier }) => multiplier > 1e-3 * dual.margin);
    const { alpha, absorbable } = plan.case.portfolio!;
    if (active.length > 1 && active.some(({ evar }) => evar) && alpha !== null && absorbable !== null)
      return plan;
  }
}

const plan = await everyTerm();
const honest = liquidationStatement.inputs({ plan });
const annex = liquidationStatement.annex!({ plan }) as MarginAnnex;
const found = honestly();

function honestly() {
  const made = witnessOf(liquidationStatement, honest, annex);
  if ('refused' in made) throw new Error(made.refused);
  return made;
}

/** Why the honest proof does not hold beside another annex. */
function beside(other: unknown): readonly string[] {
  try {
    return liquidationStatement.public(found.values, other as object).failures;
  } catch (error) {
    if (error instanceof InvalidInputError) return [error.message];
    throw error;
  }
}

/** The verdict on a liar with the solver, the circuit and the source, who proves another plan: all inputs follow from the plan. */
function claimed(made: LiquidationPlan): { failures: readonly string[]; objective?: number } {
  const rows = liquidationStatement.inputs({ plan: made });
  const seen = witnessOf(liquidationStatement, rows, liquidationStatement.annex!({ plan: made }));
  return 'refused' in seen ? { failures: [seen.refused] } : seen.public;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] extends object | null ? Mutable<T[K]> : T[K] };
const copy = <T>(value: T) => structuredClone(value) as Mutable<T>;
const plus = (text: string, more: bigint) => (BigInt(text) + more).toString();
const forged = (change: (made: Mutable<LiquidationPlan>) => void) => {
  const made = copy(plan);
  change(made);
  return made as LiquidationPlan;
};

describe('the proof of a plan under portfolio margin', () => {
  it('holds, and says that the margin is a portfolio’s; without its annex it speaks of rates on notionals', () => {
    expect(found.public.failures).toEqual([]);
    expect(found.public).toMatchObject({ margin: 'portfolio', proves: 'optimality' });
    expect(liquidationStatement.public(found.values).margin).toBe('linear');
    expect(annex.weights.length).toBeGreaterThan(0);
    expect(BigInt(annex.evarWeight)).toBeGreaterThan(0n);
  });

  const heaviest = annex.weights.reduce((a, b) => (BigInt(a[1]) > BigInt(b[1]) ? a : b))[0];
  const idle = annex.markets[0].shocks.findIndex((_, k) =>
    annex.weights.every(([scenario]) => scenario !== k),
  );
  const tiered = annex.markets.findIndex(({ tiers }) => tiers.length > 1);
  const changes: [string, (made: Mutable<MarginAnnex>) => void][] = [
    ['another unit', (a) => (a.unit = plus(a.unit, BigInt(a.unit)))],
    ['a unit of 0', (a) => (a.unit = '0')],
    ['33 units less equity', (a) => (a.equity = plus(a.equity, -33n))],
    ['more equity by a fortieth of the notional', (a) => (a.equity = plus(a.equity, 3n << 24n))],
    ['equity at the maintenance margin', (a) => (a.equity = plus(a.equity, 64n << 24n))],
    ['another penalty', (a) => (a.penaltyRate += 8)],
    ['a penalty of a tenth', (a) => (a.penaltyRate = 2 ** 24 / 10)],
    ['a negative penalty', (a) => (a.penaltyRate = -1)],
    ['a larger EVaR', (a) => (a.evarFactor = plus(a.evarFactor, 64n))],
    ['no EVaR', (a) => (a.evarFactor = '0')],
    ['a smaller pool', (a) => (a.absorbable = (BigInt(a.absorbable) / 2n).toString())],
    ['a pool without limit', (a) => (a.absorbable = '0')],
    ['a pool that vanishes beside the account', (a) => (a.absorbable = '1')],
    ['the other side', (a) => (a.markets[0].side = a.markets[0].side === 1 ? -1 : 1)],
    ['half the depth', (a) => (a.markets[1].depth = (BigInt(a.markets[1].depth) / 2n).toString())],
    ['no depth', (a) => (a.markets[1].depth = '0')],
    ['a rate that is higher', (a) => a.markets.forEach((market) => (market.tiers[0][1] += 1))],
    ['a threshold that is not 0', (a) => (a.markets[0].tiers[0][0] = '1')],
    ['rates that fall', (a) => (a.markets[tiered].tiers[1][1] = a.markets[tiered].tiers[0][1] - 1)],
    [
      'a maintenance rate above the initial',
      (a) => (a.markets[0].tiers[0][2] = a.markets[0].tiers[0][1] + 1),
    ],
    ['a milder scenario that counts', (a) => (a.markets[0].shocks[heaviest] += 64)],
    [
      'a scenario that is worse than all others',
      (a) => a.markets.forEach((market) => (market.shocks[idle] = -market.side * 2 ** 23)),
    ],
    ['a scenario that one market has not', (a) => a.markets[0].shocks.pop()],
    ['a market more', (a) => a.markets.push(a.markets[0])],
    ['a market less', (a) => a.markets.pop()],
    ['a shock below −1', (a) => (a.markets[0].shocks[0] = -(2 ** 24) - 1)],
    ['a weight more than one in all', (a) => (a.evarWeight = (1n << 40n).toString())],
    ['a negative weight', (a) => (a.weights[0][1] = '-1')],
    ['another scenario', (a) => (a.weights.find(([scenario]) => scenario === heaviest)![0] = idle)],
    ['a scenario that is none', (a) => (a.weights[0][0] = a.markets[0].shocks.length)],
    ['no weights', (a) => ((a.weights = []), (a.evarWeight = '0'))],
    ['a tier that is none', (a) => (a.tiers[0][0] = a.markets[0].tiers.length)],
    ['a share beyond the last tier', (a) => (a.tiers[tiered] = [a.markets[tiered].tiers.length - 1, 1])],
    ['too few tiers', (a) => a.tiers.pop()],
    ['a key that is none', (a) => Object.assign(a, { note: 1 })],
  ];
  it.each(changes)('is refused beside an annex with %s', (_, change) => {
    const other = copy(annex);
    change(other);
    expect(beside(other).length).toBeGreaterThan(0);
  });

  const swaps: [string, Change[]][] = [
    ['relief of one unit more', [[RELIEF, 0, (v) => v + 1n]]],
    ['relief around the field', [[RELIEF, 1, (v) => v + FIELD_ORDER / 2n]]],
    ['relief where no position is', [[RELIEF, N, () => 1n]]],
    ['a deficit of 33 units less', [[SCALARS, 0, (v) => v - 33n]]],
    ['another covariance', [[COVARIANCE, 1, (v) => v + (1n << 20n)]]],
    ['a correlation above one', [[COVARIANCE, N - 1, () => 1n << 40n]]],
  ];
  it.each(swaps)(
    'is refused with %s',
    (_, altered) => {
      expect(seenWith(liquidationStatement, honest, altered, annex).failures.length).toBeGreaterThan(0);
    },
    600_000,
  );

  it.each<[string, (made: Mutable<LiquidationPlan>) => void]>([
    ['closes a thousandth less', (p) => (p.fractions = p.fractions.map((w) => 0.999 * w))],
    ['closes a hundredth more', (p) => (p.fractions = p.fractions.map((w) => w + 0.01 * (1 - w)))],
    ['closes everything', (p) => (p.fractions = p.fractions.map(() => 1))],
    ['closes nothing', (p) => (p.fractions = p.fractions.map(() => 0))],
    ['closes the others', (p) => p.fractions.reverse()],
    [
      'is of a healthy account',
      (p) =>
        (p.case.collateral +=
          1.001 * (standingOf(plan.case).maintenanceMargin - standingOf(plan.case).equity)),
    ],
    ['says that nothing restores the margin', (p) => (p.certificate!.proves = 'infeasibility')],
    [
      'closes a hundredth more, its losses on one scenario',
      (p) => {
        p.fractions = p.fractions.map((w) => w + 0.01 * (1 - w));
        p.certificate!.dual.losses = [{ scenario: heaviest, multiplier: p.certificate!.dual.margin }];
      },
    ],
  ])(
    'cannot be made of a plan that %s',
    (_, change) => {
      expect(claimed(forged(change)).failures.length).toBeGreaterThan(0);
    },
    600_000,
  );

  it('cannot be made of another plan than the optimum: 400 random ones with weights of any kind', async () => {
    const solvers = await loadSolvers();
    const random = randomStream(7);
    let taken = 0;
    for (let round = 0; round < 400; round++) {
      const plan_ =
        round % 40 === 0 ? liquidate(forecastPortfolioCase(1000 + round, { n: N }), solvers) : plan;
      if (plan_.outcome !== 'partial') continue;
      const reach = 10 ** (-1 - 7 * random.uniform());
      const made = copy(plan_);
      made.fractions = made.fractions.map((w) => Math.min(1, Math.max(0, w + reach * random.normal())));
      for (const loss of made.certificate!.dual.losses) loss.multiplier *= Math.exp(reach * random.normal());
      const rows = liquidationStatement.inputs({ plan: made });
      const { objective, bound, excess } = evaluatedLiquidation(rows);
      const truth = evaluatedLiquidation(liquidationStatement.inputs({ plan: plan_ }));
      // No bound is above the optimum; a taken plan is within the tolerance of it.
      expect(bound).toBeLessThanOrEqual(truth.objective + (truth.objective >> 16n) + 512n);
      if (objective - bound > (objective >> 11n) + 1024n || excess > 1n << 13n) continue;
      taken++;
      expect(objective).toBeLessThanOrEqual(truth.objective + (truth.objective >> 10n) + 2048n);
    }
    expect(taken).toBeGreaterThan(0);
  }, 600_000);
});
