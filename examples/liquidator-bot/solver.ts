import { liquidate, loadSolvers } from '#lib/liquidation';
import { type Execution, type LiquidationPlan, solutionOf } from '#lib/sdk';

/** A bid for a plan: the rate that is asked for, and an own answer to the case at that rate. */
export type Bid = Required<Pick<Execution, 'penaltyRate' | 'solution'>>;

const solvers = await loadSolvers();

/**
 * Solves a published case at a lower penalty. The account needs less closed then, so the plan is another one than the house's,
 * with a certificate of its own.
 *
 * @param share of the published penalty that is asked for, from 0 to 1
 */
export function bidFor(published: LiquidationPlan, share: number): Bid {
  const penaltyRate = (published.case.penaltyRate ?? 0) * share;
  const plan = liquidate(
    { ...published.case, ...(published.case.penaltyRate === undefined ? {} : { penaltyRate }) },
    solvers,
  );
  return { penaltyRate, solution: solutionOf(published, plan) };
}
