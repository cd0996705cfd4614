import type { ExcludedMarket, ForecastModel, ForecastModelFit, MarketGroup } from '#lib/volatility';

/** A model in force. */
export interface PublishedModel {
  readonly version: number;
  /** end of the last bar of its window */
  readonly fittedOn: number;
  readonly model: ForecastModel;
  readonly excluded: readonly ExcludedMarket[];
  readonly diagnostics: ForecastModelFit['diagnostics'];
  /** groups of markets, and the end of the window they were described on; null before there are any */
  readonly groups: { readonly asOf: number; readonly groups: readonly MarketGroup[] } | null;
  readonly seconds: number;
}
