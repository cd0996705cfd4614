import { liquidate, type LiquidationCase, type LiquidationPlan, loadSolvers } from '#lib/liquidation';

const solvers = await loadSolvers();

/** One plan, in a thread of its own: the event loop never waits for a solver. */
export default function solve(given: LiquidationCase): { plan: LiquidationPlan; seconds: number } {
  const started = performance.now();
  const plan = liquidate(given, solvers);
  return { plan, seconds: (performance.now() - started) / 1000 };
}
