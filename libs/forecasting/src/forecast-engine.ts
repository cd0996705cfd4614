import { YEAR_MS } from '#lib/amounts';
import { messageOf } from '#lib/errors';
import type { CovariancePayload, FilterStepPayload } from '#lib/messages';
import {
  advanceFilter,
  type Bar,
  BarBuilder,
  type BarBuilderState,
  type ExcludedMarket,
  horizonCovariance,
  initialFilterState,
  type MarketModel,
  type MarketModelFit,
  RejectedTickError,
  type Tick,
} from '#lib/volatility';
import { EstimationWindow } from './estimation-window.js';
import type { ForecastingParameters } from './parameters.js';
import { FitFailedError, type FinishedFit } from './fit.js';
import { QualityTracker, type QualityState } from './quality-tracker.js';

/** A model in force. */
export interface PublishedModel {
  readonly version: number;
  /** end of the last bar of its window */
  readonly fittedOn: number;
  readonly model: MarketModel;
  readonly excluded: readonly ExcludedMarket[];
  readonly diagnostics: MarketModelFit['diagnostics'];
  readonly seconds: number;
}

/** What the engine remembers between batches besides bars and model, plain data. */
export interface ForecastEngineState {
  readonly builder: BarBuilderState;
  readonly filter: readonly number[] | null;
  /** end of the last bar of the window being fitted */
  readonly pendingFit: number | null;
  readonly barsAtLastFit: number;
  readonly barsSinceFit: number;
  readonly quality: QualityState;
}

/** All that the tables hold of a forecaster. */
export interface StoredForecaster {
  readonly state: ForecastEngineState;
  readonly bars: readonly Bar[];
  readonly model: PublishedModel | undefined;
  /** covariance of the baseline that forecasts are held against */
  readonly baseline: readonly number[] | undefined;
}

/** What a batch of ticks led to. */
export interface Advance {
  readonly bars: Bar[];
  readonly forecasts: CovariancePayload[];
  /** bars that the filter of the model in force has gone through */
  readonly steps: FilterStepPayload[];
  readonly newModels: PublishedModel[];
  readonly rejected: RejectedTickError[];
}

/**
 * Prices → bars → filter at every bar, refit on a rolling window → covariance forecasts.
 *
 * A refit's window ends at one bar and its model takes over a fixed number of bars later, so that the same
 * prices give the same forecasts however fast a fit runs.
 */
export class ForecastEngine {
  private readonly builder: BarBuilder;
  private readonly window: EstimationWindow;
  private readonly tracker: QualityTracker;
  private published: PublishedModel | undefined;
  private filter: Float64Array | undefined;
  private previousPrices: ReadonlyMap<string, number> | undefined;
  private pendingFit: { end: number; result: Promise<FinishedFit | FitFailedError> } | undefined;
  private barsAtLastFit = 0;
  private barsSinceFit = 0;
  private lastFailure: string | undefined;

  constructor(
    private readonly parameters: ForecastingParameters,
    private readonly fit: (panel: { markets: string[]; returns: Float64Array[] }) => Promise<FinishedFit>,
    restored?: StoredForecaster,
  ) {
    const { barMs } = parameters;
    this.builder = new BarBuilder(barMs, parameters.staleAfterBars * barMs, restored?.state.builder);
    this.window = new EstimationWindow(parameters.windowBars, parameters.minimumBars);
    this.tracker = new QualityTracker(restored?.state.quality, restored?.baseline);
    if (restored === undefined) return;
    for (const bar of restored.bars) this.window.add(bar);
    this.previousPrices = this.window.latest()?.prices;
    this.published = restored.model;
    this.filter = restored.state.filter === null ? undefined : Float64Array.from(restored.state.filter);
    if (restored.state.pendingFit !== null) this.startFit(restored.state.pendingFit);
    this.barsAtLastFit = restored.state.barsAtLastFit;
    this.barsSinceFit = restored.state.barsSinceFit;
  }

  get model(): PublishedModel | undefined {
    return this.published;
  }
  get quality(): QualityTracker {
    return this.tracker;
  }
  get oldestNeededBar(): number | undefined {
    return this.window.oldest;
  }
  /** Why the last refit was not used, where it was not. */
  get fitFailure(): string | undefined {
    return this.lastFailure;
  }

  /** The forecast as of the last closed bar. */
  latestForecast(): CovariancePayload | undefined {
    const bar = this.window.latest();
    return bar && this.published && this.filter ? this.forecast(bar, this.published, this.filter) : undefined;
  }

  /** Takes ticks and watermarks in order. Unusable ticks are named in `rejected`; the rest go on. */
  async advance(inputs: readonly (Tick | { until: number })[]): Promise<Advance> {
    const outcome: Advance = { bars: [], forecasts: [], steps: [], newModels: [], rejected: [] };
    for (const input of inputs) {
      let closed: Bar[];
      try {
        closed = 'until' in input ? this.builder.closeBefore(input.until + 1) : this.builder.add(input);
      } catch (error) {
        if (!(error instanceof RejectedTickError)) throw error;
        outcome.rejected.push(error);
        continue;
      }
      for (const bar of closed) await this.onBar(bar, outcome);
    }
    return outcome;
  }

  snapshot(): ForecastEngineState {
    return {
      builder: this.builder.snapshot(),
      filter: this.filter === undefined ? null : Array.from(this.filter),
      pendingFit: this.pendingFit?.end ?? null,
      barsAtLastFit: this.barsAtLastFit,
      barsSinceFit: this.barsSinceFit,
      quality: this.tracker.snapshot(),
    };
  }

  private async onBar(bar: Bar, outcome: Advance): Promise<void> {
    outcome.bars.push(bar);
    const before = this.previousPrices;
    this.previousPrices = bar.prices;
    this.window.add(bar);
    this.barsSinceFit++;
    if (this.published && this.filter && before) {
      const returns = returnsOf(this.published.model, before, bar);
      if (returns.every((value) => value !== null)) {
        this.tracker.score(
          horizonCovariance(this.published.model, this.filter, 1).covariance,
          Float64Array.from(returns),
        );
      }
      const from = this.filter;
      this.filter = advanceFilter(this.published.model, from, returns);
      outcome.steps.push(stepOf(this.published, bar, before, from, this.filter));
    }
    const { barMs } = this.parameters;
    if (this.pendingFit && bar.end >= this.pendingFit.end + this.parameters.activateAfterBars * barMs) {
      await this.activate(outcome);
    }
    if (this.pendingFit === undefined && this.refitIsDue()) this.startFit(bar.end);
    if (this.published && this.filter)
      outcome.forecasts.push(this.forecast(bar, this.published, this.filter));
  }

  /** The first fit as soon as any market is ready, then at doubled lengths until the regular interval is reached. */
  private refitIsDue(): boolean {
    if (this.barsAtLastFit === 0) return this.window.length > this.parameters.minimumBars;
    return this.barsSinceFit >= Math.min(this.parameters.refitEveryBars, Math.max(this.barsAtLastFit, 10));
  }

  private startFit(end: number): void {
    const panel = this.window.panel(end);
    if (panel === null) return;
    this.barsAtLastFit = this.window.length;
    this.barsSinceFit = this.window.after(end).length;
    const result = this.fit(panel).catch((error: unknown) => {
      if (error instanceof FitFailedError) return error;
      throw error;
    });
    // It is awaited at its bar; until then a failure must not count as unhandled.
    result.catch(() => undefined);
    this.pendingFit = { end, result };
  }

  private async activate(outcome: Advance): Promise<void> {
    const { end, result } = this.pendingFit!;
    const finished = await result;
    this.pendingFit = undefined;
    if (finished instanceof FitFailedError) {
      this.lastFailure = messageOf(finished);
      return;
    }
    this.lastFailure = undefined;
    const { model, excluded, diagnostics } = finished.fit;
    const version = (this.published?.version ?? 0) + 1;
    this.published = { version, fittedOn: end, model, excluded, diagnostics, seconds: finished.seconds };
    let state = initialFilterState(model);
    let before = this.window.panel(end) === null ? undefined : this.priceAt(end);
    for (const row of this.window.after(end)) {
      if (before) state = advanceFilter(model, state, returnsOf(model, before, row));
      before = row.prices;
    }
    this.filter = state;
    this.resetBaseline(this.published);
    outcome.newModels.push(this.published);
  }

  private priceAt(end: number): ReadonlyMap<string, number> | undefined {
    return this.window.after(end - 1)[0]?.prices;
  }

  private resetBaseline({ model, fittedOn }: PublishedModel): void {
    const panel = this.window.panel(fittedOn);
    if (panel === null) return;
    const series = new Map(panel.markets.map((market, i) => [market, panel.returns[i]]));
    const returns = model.markets.map((market) => series.get(market));
    if (returns.every((values) => values !== undefined)) this.tracker.resetBaseline(returns);
  }

  private forecast(
    bar: Pick<Bar, 'end' | 'stale'>,
    published: PublishedModel,
    filter: Float64Array,
  ): CovariancePayload {
    const { model, version, excluded } = published;
    const { covariance, ratePerBar } = horizonCovariance(model, filter, this.parameters.horizonBars);
    const { barMs } = this.parameters;
    const n = model.markets.length;
    return {
      forecastId: forecastIdOf(version, bar.end),
      modelVersion: version,
      barEnd: bar.end,
      horizonMs: this.parameters.horizonBars * barMs,
      markets: [...model.markets],
      covariance: upperTriangle(covariance, n, 1),
      ratePerYear: upperTriangle(ratePerBar, n, YEAR_MS / barMs),
      stale: [...bar.stale].sort(),
      warmingUp: this.window.warmingUp(),
      excluded: excluded.map(({ market, reason }) => ({ market, reason })),
    };
  }
}

function forecastIdOf(version: number, barEnd: number): string {
  return `${version}@${new Date(barEnd).toISOString()}`;
}

function stepOf(
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

function upperTriangle(matrix: Float64Array, n: number, scale: number): number[] {
  const result: number[] = [];
  for (let i = 0; i < n; i++) for (let j = i; j < n; j++) result.push(matrix[i * n + j] * scale);
  return result;
}

/** Log returns of one bar in the model's order; null where a price is missing or stale. */
function returnsOf(
  model: MarketModel,
  before: ReadonlyMap<string, number>,
  bar: { readonly prices: ReadonlyMap<string, number>; readonly stale: ReadonlySet<string> },
): (number | null)[] {
  return model.markets.map((market) => {
    const from = before.get(market);
    const to = bar.prices.get(market);
    return from === undefined || to === undefined || bar.stale.has(market) ? null : Math.log(to / from);
  });
}
