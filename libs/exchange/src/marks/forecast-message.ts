import type { CovariancePayload } from '#lib/messages';
import { type FactorForecast, requireFactorForecast } from '#lib/risk';

/**
 * The factor form that a `covariance` message carries, over its horizon and per year.
 *
 * @throws {InvalidInputError} for one that is not a covariance
 */
export function factorForecastOf(message: CovariancePayload): FactorForecast {
  const forecast: FactorForecast = {
    factors: message.factors,
    loadings: Float64Array.from(message.loadings),
    variances: Float64Array.from(message.factorVariances),
    varianceRates: Float64Array.from(message.factorVarianceRates),
    own: Float64Array.from(message.ownVariances),
    ownRates: Float64Array.from(message.ownVarianceRates),
  };
  requireFactorForecast(forecast, message.markets.length);
  return forecast;
}

/**
 * κ_α: of the largest α published that is not above the one asked for, so that a level between two takes the rarer one's; of the
 * rarest where all are above; 1 where none is published.
 */
export function tailFactorAt({ tailFactors }: Pick<CovariancePayload, 'tailFactors'>, alpha: number): number {
  const rarestFirst = tailFactors.toSorted((a, b) => a.alpha - b.alpha);
  const rarer = rarestFirst.findLast((entry) => entry.alpha <= alpha * (1 + 1e-12));
  return (rarer ?? rarestFirst[0])?.factor ?? 1;
}
