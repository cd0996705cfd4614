import type { GarchParameters } from './garch-likelihood.js';

/** Expected variance of one factor over a horizon of H bars from now. */
export interface VarianceForecast {
  /** D(τ) = Σ_{j=1..H} E[h_{t+j}], the fractional last step weighted */
  readonly cumulative: number;
  /** E[h_{t+⌈H⌉}], the marginal variance of the last step, per bar */
  readonly marginal: number;
}

/**
 * E[h_{t+j}] = σ̄² + (α+β)^{j−1}(h_{t+1} − σ̄²), σ̄² = ω/(1−α−β), summed over the horizon in closed form.
 *
 * Source: Engle & Bollerslev, Econometric Reviews 5 (1986), equation 20.
 *
 * @param nextVariance h_{t+1}
 * @param horizon H > 0 in bars, not necessarily whole
 */
export function forecastVariance(
  { omega, alpha, beta }: GarchParameters,
  nextVariance: number,
  horizon: number,
): VarianceForecast {
  const persistence = alpha + beta;
  const steps = Math.ceil(horizon);
  const whole = Math.floor(horizon);
  const longRun = omega / (1 - persistence);
  const excess = nextVariance - longRun;
  const geometric = (1 - persistence ** whole) / (1 - persistence);
  const marginal = longRun + persistence ** (steps - 1) * excess;
  return { cumulative: whole * longRun + geometric * excess + (horizon - whole) * marginal, marginal };
}
