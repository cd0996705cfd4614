import type { LiquidationCase, LiquidationPlan } from '#lib/liquidation';
import { WorkerPool } from '#lib/runtime';

export interface SolvedPlan {
  readonly plan: LiquidationPlan;
  readonly seconds: number;
}

/** Solves plans in worker threads. */
export class PlanSolver extends WorkerPool<LiquidationCase, SolvedPlan> {
  constructor(threads: number) {
    super(new URL('./solve.worker.js', import.meta.url), threads);
  }
}
