import type { Exposure } from './book.js';
import { liabilityRiskValue, type RiskMeasure } from './risk-measure.js';

/**
 * The fee for taking l out of L now rather than at t+τ: ρ(q, C, P, L−l) − ρ(θ) ≥ 0, the increase that the withdrawal makes
 * in the pool's risk. A locked withdrawal is free.
 */
export function forcedWithdrawalFee(
  measure: RiskMeasure,
  exposure: Pick<Exposure, 'mean' | 'volatility'>,
  amount: number,
  logAlpha: number,
  tailFactor = 1,
): number {
  const { mean, volatility } = exposure;
  const fee =
    liabilityRiskValue(measure, mean + amount, volatility, logAlpha, tailFactor) -
    liabilityRiskValue(measure, mean, volatility, logAlpha, tailFactor);
  return Math.max(0, fee);
}
