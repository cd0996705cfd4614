import { EwmaCovariance } from './ewma.js';

/**
 * RiskMetrics 2006: a weighted sum of exponential averages, τ_k = 4·√2^k up to 512 bars with weights ∝ 1 − ln τ_k/ln 1560, which together
 * forget the past at a logarithmic rate. Over H bars it is H times the next one.
 *
 * Source: Zumbach, "The RiskMetrics 2006 methodology" (2007), equations 12–15.
 */
export class RiskMetrics2006 {
  private readonly averages: readonly { readonly weight: number; readonly covariance: EwmaCovariance }[];

  /** @param returns n series of T log returns */
  constructor(returns: readonly Float64Array[]) {
    const times = Array.from({ length: 15 }, (_, k) => 4 * 2 ** (k / 2));
    const raw = times.map((time) => 1 - Math.log(time) / Math.log(1560));
    const total = raw.reduce((sum, weight) => sum + weight, 0);
    this.averages = times.map((time, k) => ({
      weight: raw[k] / total,
      covariance: new EwmaCovariance(returns, Math.exp(-1 / time)),
    }));
  }

  update(returns: Float64Array): void {
    for (const { covariance } of this.averages) covariance.update(returns);
  }

  horizonCovariance(horizon: number): Float64Array {
    let sum = new Float64Array();
    for (const { weight, covariance } of this.averages) {
      const part = covariance.horizonCovariance(horizon);
      if (sum.length === 0) sum = new Float64Array(part.length);
      for (let at = 0; at < part.length; at++) sum[at] += weight * part[at];
    }
    return sum;
  }
}
