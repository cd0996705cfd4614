import { type LiquidationPlan, premiumCut, programOf } from '#lib/liquidation';
import { SCALE_BITS } from '../field.js';
import { wholeWeights } from './annex.js';
import { lossOf, marginTangent, type MarginTerms, type TangentWeights } from './tangent.js';

const ONE = 2 ** SCALE_BITS;
/** A notional this near to a threshold, as a share of the whole, is at it. */
const AT_THRESHOLD = 1e-6;

/**
 * The tangent of the margin at the positions that a plan leaves, from the plan's own certificate: the pieces of the loss have the weights
 * of their multipliers, and at a threshold of the rates the tangent has the rate at which closing more and closing less cost the same.
 *
 * @param unit of the account, money; @param remaining v, units of 2^−24
 */
export function tangentWeights(
  plan: LiquidationPlan,
  terms: MarginTerms,
  unit: number,
  remaining: readonly bigint[],
): TangentWeights {
  const { proves, dual, poolShift } = plan.certificate!;
  const lost = new Map<number, number>();
  let evar = 0;
  for (const { scenario, multiplier } of dual.losses)
    if (scenario === undefined) evar += multiplier;
    else lost.set(scenario, (lost.get(scenario) ?? 0) + multiplier);
  let total = evar + [...lost.values()].reduce((sum, multiplier) => sum + multiplier, 0);
  if (total === 0) {
    // Without multipliers the largest piece alone is a tangent.
    const found = lossOf(terms, remaining);
    const worst = found.scenarios.reduce((best, value, k) => (value > found.scenarios[best] ? k : best), 0);
    if (found.evar === found.loss) evar = 1;
    else lost.set(worst, 1);
    total = 1;
  }
  const [own, ...others] = wholeWeights([evar, ...lost.values()].map((multiplier) => multiplier / total));
  const scenarios = [...lost.keys()]
    .map((scenario, i) => ({ scenario, weight: others[i] }))
    .filter(({ weight }) => weight > 0n)
    .sort((a, b) => a.scenario - b.scenario);
  const near = terms.positions.map(({ notional, tiers }, i) => {
    const left = (Number(notional) * Number(remaining[i])) / ONE;
    const distance = (above: bigint) => Math.abs(left - Number(above)) / Number(notional);
    const met = tiers.findIndex(({ above }, j) => j > 0 && distance(above) < AT_THRESHOLD);
    if (met > 0) return { tier: met - 1, met: true };
    return {
      tier: Math.max(
        0,
        tiers.findLastIndex(({ above }) => Number(above) < left),
      ),
      met: false,
    };
  });
  const tiers = near.map(({ tier }) => ({ tier, share: 0n }));
  if (dual.margin > 0 && near.some(({ met }) => met)) {
    const { relief } = marginTangent(terms, remaining, { evar: own, scenarios, tiers });
    const program = programOf(plan.case, poolShift);
    const everything = new Float64Array(program.n).fill(1);
    const cost = program.notionals.map((notional) => (proves === 'optimality' ? notional : 0));
    for (const cut of dual.premium)
      premiumCut(program, cut, everything).gradient.forEach(
        (value, i) => (cost[i] += cut.multiplier * value),
      );
    near.forEach(({ tier, met }, i) => {
      if (!met) return;
      const { notional, tiers: rates } = terms.positions[i];
      const due = (ONE * cost[i]) / unit / dual.margin + Number(notional) * (plan.case.penaltyRate ?? 0);
      const step = (Number(rates[tier + 1].initial - rates[tier].initial) * Number(notional)) / ONE;
      const share = step > 0 ? (due - Number(relief[i])) / step : 0;
      tiers[i] = { tier, share: BigInt(Math.round(Math.min(1, Math.max(0, share)) * ONE)) };
    });
  }
  return { evar: own, scenarios, tiers };
}
