import type { MarketForecast } from './book.js';

/**
 * Covariance of prices from the covariance of returns: Σ = diag(S)·Σ_r·diag(S), and likewise for its rate.
 *
 * @param returnCovariance Σ_r(τ), n×n row-major
 * @param returnCovarianceRate ∂Σ_r/∂τ per year; null means a diffusion, Σ_r/τ
 * @param tau horizon in years
 */
export function priceForecast(
  prices: Float64Array,
  returnCovariance: Float64Array,
  returnCovarianceRate: Float64Array | null,
  tau: number,
): MarketForecast {
  const n = prices.length;
  const covariance = new Float64Array(n * n);
  const covarianceRate = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      const scale = prices[i] * prices[j];
      const at = i * n + j;
      covariance[at] = returnCovariance[at] * scale;
      covarianceRate[at] =
        returnCovarianceRate === null ? covariance[at] / tau : returnCovarianceRate[at] * scale;
    }
  }
  return { prices, covariance, covarianceRate };
}
