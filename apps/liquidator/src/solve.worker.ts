import { liquidate, type LiquidationCase, loadSolvers } from '#lib/liquidation';
import { answerRequests } from '#lib/runtime';
import type { SolvedPlan } from './plan-solver.js';

const solvers = await loadSolvers();

// One plan at a time, in a thread of its own: the event loop never waits for a solver.
answerRequests((given: LiquidationCase): SolvedPlan => {
  const started = performance.now();
  const plan = liquidate(given, solvers);
  return { plan, seconds: (performance.now() - started) / 1000 };
});
