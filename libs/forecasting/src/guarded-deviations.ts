import type { CovariancePayload } from '#lib/messages';
import { boundedUpdate, covarianceEntry, type FactorForecast, MARGIN_RAILS } from '#lib/risk';

/** Requirements that margins were last told, by market, as shares of the notional. Plain JSON. */
export type Requirements = readonly (readonly [market: string, share: number])[];

/**
 * The margin requirement of each market, κ√(−2 ln α)·σ over the horizon, within the guard rails of the oracle: the proven one on
 * the chain moves by the same step from bar to bar. A market's first requirement is the model's, within the limits; of one
 * that is not in the model any more the last is kept.
 *
 * @param before requirements of the bar before
 * @returns the requirements, and the deviation that each stands for, in the order of the markets
 */
export function guardedDeviations(
  markets: readonly string[],
  form: FactorForecast,
  tailFactors: CovariancePayload['tailFactors'],
  alpha: number,
  before: Requirements,
): { readonly requirements: Requirements; readonly deviations: number[] } {
  const known = new Map(before);
  const [{ alpha: level, factor }] = tailFactors.length > 0 ? tailFactors : [{ alpha, factor: 1 }];
  const multiple = factor * Math.sqrt(-2 * Math.log(level));
  const asked = markets.map((_, i) => multiple * Math.sqrt(covarianceEntry(form, i, i)));
  const { lowest, highest } = MARGIN_RAILS;
  const current = markets.map(
    (market, i) => known.get(market) ?? Math.min(Math.max(asked[i], lowest), highest),
  );
  const next = boundedUpdate(MARGIN_RAILS, current, asked);
  markets.forEach((market, i) => known.set(market, next[i]));
  return { requirements: [...known], deviations: next.map((share) => share / multiple) };
}
