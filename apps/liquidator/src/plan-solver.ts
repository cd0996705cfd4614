import { Piscina } from 'piscina';
import type { LiquidationCase, LiquidationPlan } from '#lib/liquidation';

/** Solves plans in worker threads. */
export class PlanSolver {
  private readonly pool: Piscina<LiquidationCase, { plan: LiquidationPlan; seconds: number }>;

  constructor(threads: number) {
    this.pool = new Piscina({
      filename: new URL('./solve.worker.js', import.meta.url).href,
      minThreads: 1,
      maxThreads: threads,
      idleTimeout: Infinity,
    });
  }

  /** Cases that wait for a thread. */
  get waiting(): number {
    return this.pool.queueSize;
  }

  solve(given: LiquidationCase): Promise<{ plan: LiquidationPlan; seconds: number }> {
    return this.pool.run(given);
  }

  close(): Promise<void> {
    return this.pool.destroy();
  }
}
