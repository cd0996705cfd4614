import { YEAR_MS } from '#lib/amounts';
import type { CovariancePayload, FilterStepPayload } from '#lib/messages';
import type { FactorForecast } from '#lib/risk';
import type { Bar, ForecastModel } from '#lib/volatility';
import type { WarmingUp } from './estimation-window.js';
import type { PublishedModel } from './published-model.js';
import type { ForecastingParameters } from './parameters.js';
import type { TailFactor } from './tail-tracker.js';

/** Prices of a closed bar. */
type BarPrices = Pick<Bar, 'prices' | 'stale'>;

/** Log returns of one bar in the model's order; null where a price is missing or stale. */
export function returnsOf(
  model: ForecastModel,
  before: ReadonlyMap<string, number>,
  bar: BarPrices,
): (number | null)[] {
  return model.markets.map((market) => {
    const from = before.get(market);
    const to = bar.prices.get(market);
    return from === undefined || to === undefined || bar.stale.has(market) ? null : Math.log(to / from);
  });
}

function forecastIdOf(version: number, barEnd: number): string {
  return `${version}@${new Date(barEnd).toISOString()}`;
}

/** A forecast as it is published; rates become yearly. */
export function covarianceMessage(
  bar: Pick<Bar, 'end' | 'stale'>,
  { model, version, excluded }: PublishedModel,
  form: FactorForecast,
  tailFactors: readonly TailFactor[],
  guarded: readonly number[],
  warmingUp: readonly WarmingUp[],
  { barMs, horizonBars }: Pick<ForecastingParameters, 'barMs' | 'horizonBars'>,
): CovariancePayload {
  const perYear = (rate: number) => (rate * YEAR_MS) / barMs;
  return {
    forecastId: forecastIdOf(version, bar.end),
    modelVersion: version,
    barEnd: bar.end,
    horizonMs: horizonBars * barMs,
    markets: [...model.markets],
    factors: form.factors,
    loadings: Array.from(form.loadings),
    factorVariances: Array.from(form.variances),
    factorVarianceRates: Array.from(form.varianceRates, perYear),
    ownVariances: Array.from(form.own),
    ownVarianceRates: Array.from(form.ownRates, perYear),
    tailFactors: [...tailFactors],
    guardedDeviations: [...guarded],
    stale: [...bar.stale].sort(),
    warmingUp: [...warmingUp],
    excluded: excluded.map(({ market, reason }) => ({ market, reason })),
  };
}

/** A bar of the filter as proofs state it. */
export function filterStep(
  { version, model: { markets } }: PublishedModel,
  bar: Bar,
  before: ReadonlyMap<string, number>,
  from: Float64Array,
  to: Float64Array,
): FilterStepPayload {
  const prices = markets.map((market) => ({ before: before.get(market), after: bar.prices.get(market) }));
  const complete = prices.every(
    (pair): pair is { before: number; after: number } =>
      pair.before !== undefined && pair.after !== undefined,
  );
  return {
    modelVersion: version,
    forecastId: forecastIdOf(version, bar.end),
    barEnd: bar.end,
    markets: [...markets],
    before: Array.from(from),
    after: Array.from(to),
    prices: complete && !markets.some((market) => bar.stale.has(market)) ? prices : null,
  };
}
