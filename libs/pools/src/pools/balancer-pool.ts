import { AbstractPool, type BaseParameters, type SetWeights } from '../abstract-pool.js';
import { weightRows } from '../parameters.js';
import type { PoolParameters } from '../pool-run.js';
import type { PricePath } from '../prices.js';

/** Weights that never change: ∏ R_i^{w_i} is kept by every trade. */
export class BalancerPool extends AbstractPool {
  override readonly name: string = 'balancer';

  override isTrainable(): boolean {
    return false;
  }

  override parameterNames(): readonly string[] {
    return ['initialWeights'];
  }

  override initBaseParameters({ assets, initialWeights }: BaseParameters): PoolParameters {
    return { initialWeights: initialWeights ?? Array.from({ length: assets }, () => 1 / assets) };
  }

  override weights({ assets }: PricePath, { initialWeights }: PoolParameters, sets: number): SetWeights {
    const rows = weightRows('initialWeights', initialWeights, assets, sets);
    return (set) => rows[set];
  }
}
