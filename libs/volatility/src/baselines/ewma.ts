import { InvalidInputError } from '#lib/errors';

/**
 * RiskMetrics covariance: Σ_{t+1} = λΣ_t + (1−λ)r_t r_tᵀ, started at the sample covariance of the first
 * observations. Over H bars it is H·Σ_{t+1}: the recursion has no mean reversion.
 *
 * Source: J. P. Morgan/Reuters, "RiskMetrics Technical Document" (1996), section 5.2 (λ = 0.94).
 */
export class EwmaCovariance {
  private readonly covariance: Float64Array;

  /** @param returns n series of T log returns */
  constructor(
    returns: readonly Float64Array[],
    readonly decay = 0.94,
  ) {
    if (!(decay > 0 && decay < 1))
      throw new InvalidInputError('decay', `must be between 0 and 1, got ${decay}`);
    const n = returns.length;
    const length = returns[0].length;
    const warmUp = Math.min(length, Math.max(2 * n, 20));
    this.covariance = new Float64Array(n * n);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        for (let t = 0; t < warmUp; t++)
          this.covariance[i * n + j] += (returns[i][t] * returns[j][t]) / warmUp;
      }
    }
    const row = new Float64Array(n);
    for (let t = warmUp; t < length; t++) {
      for (let i = 0; i < n; i++) row[i] = returns[i][t];
      this.update(row);
    }
  }

  /** One that goes on from a covariance, given row by row. */
  static restore(covariance: readonly number[], decay = 0.94): EwmaCovariance {
    const restored = Object.create(EwmaCovariance.prototype) as { covariance: Float64Array; decay: number };
    restored.covariance = Float64Array.from(covariance);
    restored.decay = decay;
    return restored as unknown as EwmaCovariance;
  }

  update(returns: Float64Array): void {
    const n = returns.length;
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        const at = i * n + j;
        this.covariance[at] = this.decay * this.covariance[at] + (1 - this.decay) * (returns[i] * returns[j]);
      }
    }
  }

  horizonCovariance(horizon: number): Float64Array {
    return this.covariance.map((value) => value * horizon);
  }
}
