import { liquidate, type LiquidationPlan, loadSolvers } from '#lib/liquidation';
import { WEIGHT_BITS } from '#lib/proofs';
import { forecastPortfolioCase } from './liquidation-cases.js';

/** A partial plan of an account with n positions, whose margin has every term; the first from a seed on. */
export async function portfolioPlan(n: number): Promise<LiquidationPlan> {
  const solvers = await loadSolvers();
  for (let seed = n; ; seed++) {
    const plan = liquidate(forecastPortfolioCase(seed, { n, penaltyRate: 0.001 }), solvers);
    const { alpha, scenarios, absorbable } = plan.case.portfolio!;
    if (plan.outcome !== 'partial' || alpha === null || absorbable === null || scenarios.length === 0)
      continue;
    const { losses } = plan.certificate!.dual;
    const total = losses.reduce((sum, { multiplier }) => sum + multiplier, 0);
    // Enough for a unit of a weight.
    const counts = (evar: boolean) =>
      losses
        .filter((loss) => (loss.evar !== undefined) === evar)
        .some((loss) => loss.multiplier >= total * 2 ** -WEIGHT_BITS);
    if (counts(true) && counts(false)) return plan;
  }
}
