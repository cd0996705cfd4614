import type { PoolInput, PoolRun } from '../pool-run.js';
import { BalancerPool } from './balancer-pool.js';

/** Tokens that are held: nobody can trade with it. The others are measured by it. */
export class HodlPool extends BalancerPool {
  override readonly name = 'hodl';

  override calculateReservesZeroFees(input: PoolInput): PoolRun {
    return this.calculateReservesWithFees(input, { fees: 0 });
  }

  protected override arbitrage(): undefined {
    return undefined;
  }
}
