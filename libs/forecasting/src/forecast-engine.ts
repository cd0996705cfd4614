// Long because order matters: bar, filter, fit, tails and message follow each other in one place.
import { messageOf, ZkriskError } from '#lib/errors';
import {
  type ConfirmedMark,
  MarkKeeper,
  type MarkKeeperState,
  type MarketOrder,
  type ObservedPrice,
} from '#lib/exchange';
import type { CovariancePayload, FilterStepPayload } from '#lib/messages';
import {
  advanceState,
  type Bar,
  BarBuilder,
  type BarBuilderState,
  factorForecast,
  initialState,
  RejectedTickError,
} from '#lib/volatility';
import type { FactorForecast } from '#lib/risk';
import { covarianceMessage, filterStep, returnsOf } from './bar-messages.js';
import { type EstimationPanel, EstimationWindow, type WarmingUp } from './estimation-window.js';
import type { ForecastingParameters } from './parameters.js';
import { FitFailedError, type FinishedFit } from './fit.js';
import { guardedDeviations, type Requirements } from './guarded-deviations.js';
import type { PublishedModel } from './published-model.js';
import { type QualityBaseline, QualityTracker, type QualityState } from './quality-tracker.js';
import { type TailState, TailTracker } from './tail-tracker.js';

/** A model that proofs may be made about. */
export interface Registration {
  readonly version: number;
  readonly fittedOn: number;
}

/** The engine's state between batches besides bars and model, as plain data. */
export interface ForecastEngineState {
  readonly builder: BarBuilderState;
  readonly marks: MarkKeeperState;
  /** marks that have gone into bars */
  readonly confirmed: number;
  readonly filter: readonly number[] | null;
  /** end of the last bar of the window being fitted */
  readonly pendingFit: number | null;
  readonly barsAtLastFit: number;
  readonly barsSinceFit: number;
  /** the last model that proofs were told of */
  readonly registered: Registration | null;
  readonly quality: QualityState;
  /** margin requirements within the guard rails, of the bar before the last and of the last */
  readonly requirements: { readonly before: Requirements; readonly now: Requirements };
}

/** All that the tables hold of a forecaster. */
export interface StoredForecaster {
  readonly state: ForecastEngineState;
  readonly bars: readonly Bar[];
  readonly model: PublishedModel | undefined;
  readonly tails: TailState | undefined;
  /** covariance of the baseline that forecasts are held against */
  readonly baseline: QualityBaseline | undefined;
}

/** A message on the topic of prices: a tick, a watermark or an operator's order. */
export type PriceInput =
  ObservedPrice | MarketOrder | { readonly until: number; readonly appendedAt?: number | undefined };

/** The result of a batch of ticks. */
export interface Advance {
  readonly bars: Bar[];
  readonly forecasts: CovariancePayload[];
  /** bars that the filter of a registered model has gone through */
  readonly steps: FilterStepPayload[];
  readonly newModels: PublishedModel[];
  /** those of the new models that proofs are told of */
  readonly registered: PublishedModel[];
  readonly rejected: { readonly index: number; readonly reason: string }[];
  /** closed bars whose prices an order of the operator has changed: a market was rescaled, or is gone */
  readonly revised: Bar[];
}

/** The way to the first forecast. */
export interface ForecastProgress {
  /** in the window */
  readonly bars: number;
  readonly needed: number;
  readonly barSeconds: number;
  /** why the last fit was not used */
  readonly fitFailure: string | null;
  /** not in the model yet */
  readonly markets: readonly WarmingUp[];
}

/**
 * Prices → bars → filter at every bar, refit on a rolling window → covariance forecasts.
 *
 * A refit's window ends at one bar and its model takes over a fixed number of bars later, so that the same
 * prices give the same forecasts however fast a fit runs.
 */
export class ForecastEngine {
  private readonly builder: BarBuilder;
  private marks: MarkKeeper;
  private confirmed: number;
  private readonly window: EstimationWindow;
  private readonly tracker: QualityTracker;
  private readonly tails: TailTracker;
  private published: PublishedModel | undefined;
  private filter: Float64Array | undefined;
  private previousPrices: ReadonlyMap<string, number> | undefined;
  private pendingFit: { end: number; result: Promise<FinishedFit | FitFailedError> } | undefined;
  private barsAtLastFit = 0;
  private barsSinceFit = 0;
  private registered: Registration | null = null;
  private lastFailure: string | undefined;
  /** of the bar before, and of the last bar */
  private requirements: ForecastEngineState['requirements'] = { before: [], now: [] };

  constructor(
    private parameters: ForecastingParameters,
    private readonly fit: (panel: EstimationPanel, describe: boolean) => Promise<FinishedFit>,
    restored?: StoredForecaster,
  ) {
    const { barMs } = parameters;
    // A bar without a confirmed mark is missing in that market: no return, rather than one of zero.
    this.builder = new BarBuilder(barMs, barMs, restored?.state.builder);
    this.marks = new MarkKeeper(parameters.marks, restored?.state.marks);
    this.confirmed = restored?.state.confirmed ?? 0;
    this.window = new EstimationWindow(parameters.windowBars, parameters.minimumBars);
    this.tracker = new QualityTracker(restored?.state.quality, restored?.baseline);
    const { tailAlphas, horizonBars, tailForecasts } = parameters;
    this.tails = new TailTracker(tailAlphas, horizonBars, tailForecasts, restored?.tails);
    if (restored === undefined) return;
    for (const bar of restored.bars) this.window.add(bar);
    this.previousPrices = this.window.latest()?.prices;
    this.published = restored.model;
    this.filter = restored.state.filter === null ? undefined : Float64Array.from(restored.state.filter);
    if (restored.state.pendingFit !== null) this.startFit(restored.state.pendingFit);
    this.barsAtLastFit = restored.state.barsAtLastFit;
    this.barsSinceFit = restored.state.barsSinceFit;
    this.registered = restored.state.registered;
    this.requirements = restored.state.requirements;
  }

  get model(): PublishedModel | undefined {
    return this.published;
  }
  get quality(): QualityTracker {
    return this.tracker;
  }
  get tailState(): TailState {
    return this.tails.snapshot();
  }
  get oldestNeededBar(): number | undefined {
    return this.window.oldest;
  }
  /** Why the last refit was not used, where it was not. */
  get fitFailure(): string | undefined {
    return this.lastFailure;
  }

  /** Bars that each market has before the first forecast, and those it takes. */
  warmUp(): { market: string; bars: number; needed: number }[] {
    return this.window.returnsSoFar();
  }

  /** The forecast as of the last closed bar. */
  latestForecast(): CovariancePayload | undefined {
    const bar = this.window.latest();
    if (bar === undefined || this.published === undefined || this.filter === undefined) return undefined;
    return this.message(bar, this.published, this.form(this.published, this.filter));
  }

  /**
   * Forecasts and keeps marks by other parameters from now on; marks, held prices and the model in force stay. A fit that runs is
   * made again by them, as it would be after a restart.
   */
  setParameters(parameters: ForecastingParameters): void {
    this.parameters = parameters;
    this.marks = this.marks.under(parameters.marks);
    this.window.resize(parameters.windowBars, parameters.minimumBars);
    this.tails.keep = parameters.tailForecasts;
    if (this.pendingFit !== undefined) this.startFit(this.pendingFit.end);
  }

  /**
   * Takes observed prices and watermarks in order. Bars hold confirmed marks only; a refused tick is named in
   * `rejected` by its place, and the rest goes on.
   */
  async advance(inputs: readonly PriceInput[]): Promise<Advance> {
    const outcome: Advance = {
      bars: [],
      forecasts: [],
      steps: [],
      newModels: [],
      registered: [],
      rejected: [],
      revised: [],
    };
    for (const [index, input] of inputs.entries()) {
      let closed: Bar[];
      try {
        closed = this.barsClosedBy(input, outcome);
      } catch (error) {
        if (!(error instanceof ZkriskError)) throw error;
        outcome.rejected.push({ index, reason: error.message });
        continue;
      }
      for (const bar of closed) await this.onBar(bar, outcome);
    }
    return outcome;
  }

  private barsClosedBy(input: PriceInput, outcome: Advance): Bar[] {
    if ('until' in input) {
      this.marks.watermark(input.until, input.appendedAt);
      return this.builder.closeBefore(this.marks.now + 1);
    }
    const closed: Bar[] = [];
    const confirmed = 'order' in input ? this.ordered(input, outcome) : this.marks.take(input);
    for (const { market, value: price, time } of confirmed) {
      try {
        closed.push(...this.builder.add({ market, price, time, sequence: this.confirmed++ }));
      } catch (error) {
        // A move that was held back until its bar had closed is missing there.
        if (!(error instanceof RejectedTickError) || ('price' in input && market === input.market))
          throw error;
      }
    }
    return closed;
  }

  /** Carries out an order; marks that it confirms are for bars, but those that only change their unit. */
  private ordered(order: MarketOrder, outcome: Advance): readonly ConfirmedMark[] {
    const before = this.marks.scale(order.market);
    const confirmed = this.marks.order(order);
    if (order.order !== 'rescale' && order.order !== 'delist') return confirmed;
    if (order.order === 'delist') {
      this.builder.forget(order.market);
      this.window.forget(order.market);
    } else {
      const factor = this.marks.scale(order.market) / before;
      this.builder.rescale(order.market, factor);
      this.window.rescale(order.market, factor);
    }
    this.previousPrices = this.window.latest()?.prices;
    outcome.revised.push(...this.window.after(-Infinity));
    return [];
  }

  snapshot(): ForecastEngineState {
    return {
      builder: this.builder.snapshot(),
      marks: this.marks.snapshot(),
      confirmed: this.confirmed,
      filter: this.filter === undefined ? null : Array.from(this.filter),
      pendingFit: this.pendingFit?.end ?? null,
      barsAtLastFit: this.barsAtLastFit,
      barsSinceFit: this.barsSinceFit,
      registered: this.registered,
      quality: this.tracker.snapshot(),
      requirements: this.requirements,
    };
  }

  private async onBar(bar: Bar, outcome: Advance): Promise<void> {
    outcome.bars.push(bar);
    const before = this.previousPrices;
    this.previousPrices = bar.prices;
    this.window.add(bar);
    this.barsSinceFit++;
    let step: { before: ReadonlyMap<string, number>; from: Float64Array } | undefined;
    if (this.published && this.filter && before) {
      const { model } = this.published;
      const returns = returnsOf(model, before, bar);
      if (returns.every((value) => value !== null)) {
        const forecast = factorForecast(model, this.filter, 1);
        this.tracker.score(model.markets, forecast, Float64Array.from(returns));
      }
      step = { before, from: this.filter };
      this.filter = advanceState(model, this.filter, returns);
    }
    const { barMs } = this.parameters;
    if (this.pendingFit && bar.end >= this.pendingFit.end + this.parameters.activateAfterBars * barMs) {
      step = (await this.activate(outcome)) ?? step;
    }
    if (this.pendingFit === undefined && this.refitIsDue()) this.startFit(bar.end);
    if (this.published === undefined || this.filter === undefined) return;
    if (step && this.registered?.version === this.published.version) {
      outcome.steps.push(filterStep(this.published, bar, step.before, step.from, this.filter));
    }
    const form = this.form(this.published, this.filter);
    const { markets } = this.published.model;
    const numbered = { end: bar.end, number: Math.round(bar.end / barMs), prices: bar.prices };
    this.tails.advance(markets, form, numbered, barMs, (end) => this.priceAt(end));
    this.requirements = { ...this.requirements, before: this.requirements.now };
    outcome.forecasts.push(this.message(bar, this.published, form));
  }

  /** How far the window is towards the first forecast, and each market that is not in the model yet. */
  progress(): ForecastProgress {
    const { minimumBars, activateAfterBars, barMs } = this.parameters;
    return {
      bars: this.window.length,
      // As many returns need one bar more, and the fit has its time before it takes over.
      needed: minimumBars + 1 + activateAfterBars,
      barSeconds: barMs / 1000,
      fitFailure: this.lastFailure ?? null,
      markets: this.window.warmingUp(),
    };
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
    const described = this.published?.groups?.asOf ?? -Infinity;
    const { barMs, describeEveryBars } = this.parameters;
    const result = this.fit(panel, end >= described + describeEveryBars * barMs).then(
      ({ fit, seconds }) => ({ fit: { ...fit, excluded: [...panel.paused, ...fit.excluded] }, seconds }),
      (error: unknown) => {
        if (error instanceof FitFailedError) return error;
        throw error;
      },
    );
    // It is awaited at its bar; until then a failure must not count as unhandled.
    result.catch(() => undefined);
    this.pendingFit = { end, result };
  }

  /** Puts the model that was fitted in force, its filter run up to the present bar; returns where that bar's step began. */
  private async activate(
    outcome: Advance,
  ): Promise<{ before: ReadonlyMap<string, number>; from: Float64Array } | undefined> {
    const { end, result } = this.pendingFit!;
    const finished = await result;
    this.pendingFit = undefined;
    if (finished instanceof FitFailedError) {
      this.lastFailure = messageOf(finished);
      return undefined;
    }
    this.lastFailure = undefined;
    const { model, excluded, diagnostics, groups: described } = finished.fit;
    const groups = described === null ? (this.published?.groups ?? null) : { asOf: end, groups: described };
    const version = (this.published?.version ?? 0) + 1;
    const published = {
      version,
      fittedOn: end,
      model,
      excluded,
      diagnostics,
      groups,
      seconds: finished.seconds,
    };
    this.published = published;
    let state = initialState(model);
    let before = this.priceAt(end);
    let step: { before: ReadonlyMap<string, number>; from: Float64Array } | undefined;
    for (const row of this.window.after(end)) {
      if (before) {
        step = { before, from: state };
        state = advanceState(model, state, returnsOf(model, before, row));
      }
      before = row.prices;
    }
    this.filter = state;
    this.tracker.follow(model.markets, () => {
      const panel = this.window.panel(end);
      return panel === null
        ? undefined
        : new Map(panel.markets.map((market, i) => [market, panel.returns[i]]));
    });
    outcome.newModels.push(published);
    const { barMs, registerEveryBars } = this.parameters;
    if (this.registered === null || end >= this.registered.fittedOn + registerEveryBars * barMs) {
      this.registered = { version, fittedOn: end };
      outcome.registered.push(published);
    }
    return step;
  }

  private priceAt(end: number): ReadonlyMap<string, number> | undefined {
    return this.window.after(end - 1)[0]?.prices;
  }

  private form({ model }: PublishedModel, filter: Float64Array): FactorForecast {
    const { horizonBars, varianceRatioFloor } = this.parameters;
    return factorForecast(model, filter, horizonBars, varianceRatioFloor);
  }

  private message(
    bar: Pick<Bar, 'end' | 'stale'>,
    published: PublishedModel,
    form: FactorForecast,
  ): CovariancePayload {
    const warmingUp = this.window.warmingUp();
    const tails = this.tails.factors(form);
    const { markets } = published.model;
    const { before } = this.requirements;
    const guarded = guardedDeviations(markets, form, tails, this.parameters.tailAlphas[0], before);
    this.requirements = { before, now: guarded.requirements };
    return covarianceMessage(bar, published, form, tails, guarded.deviations, warmingUp, this.parameters);
  }
}
