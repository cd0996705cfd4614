import type { CovariancePayload } from '#lib/messages';
import { type FactorForecast, requireFactorForecast } from '#lib/risk';

/** Forms of messages that are still in memory: a message that is read again has the same one. */
const forms = new WeakMap<CovariancePayload, FactorForecast>();

/**
 * The factor form that a `covariance` message carries, over its horizon and per year.
 *
 * @throws {InvalidInputError} for one that is not a covariance
 */
export function factorForecastOf(message: CovariancePayload): FactorForecast {
  const known = forms.get(message);
  if (known !== undefined) return known;
  const forecast: FactorForecast = {
    factors: message.factors,
    loadings: new Float64Array(message.loadings),
    variances: new Float64Array(message.factorVariances),
    varianceRates: new Float64Array(message.factorVarianceRates),
    own: new Float64Array(message.ownVariances),
    ownRates: new Float64Array(message.ownVarianceRates),
  };
  requireFactorForecast(forecast, message.markets.length);
  forms.set(message, forecast);
  return forecast;
}

/** The tail factors of messages in memory, the rarest first: they are asked for several times a bar. */
const sorted = new WeakMap<CovariancePayload['tailFactors'], CovariancePayload['tailFactors']>();

/**
 * κ_α: of the largest α published that is not above the one asked for, so that a level between two takes the rarer one's; of the
 * rarest where all are above; 1 where none is published.
 */
export function tailFactorAt({ tailFactors }: Pick<CovariancePayload, 'tailFactors'>, alpha: number): number {
  let rarestFirst = sorted.get(tailFactors);
  if (rarestFirst === undefined) {
    rarestFirst = tailFactors.toSorted((a, b) => a.alpha - b.alpha);
    sorted.set(tailFactors, rarestFirst);
  }
  const rarer = rarestFirst.findLast((entry) => entry.alpha <= alpha * (1 + 1e-12));
  return (rarer ?? rarestFirst[0])?.factor ?? 1;
}
