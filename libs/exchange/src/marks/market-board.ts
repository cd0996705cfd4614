import type { CovariancePayload, WarmUpPayload } from '#lib/messages';
import type { FactorForecast, MarketForecast } from '#lib/risk';
import { type MarketAction, type MarketState, permits } from './action-table.js';
import { MarketStateError, NoForecastError, UnknownMarketError, WarmingUpError } from './errors.js';
import { factorForecastOf, tailFactorAt } from './forecast-message.js';
import type { ConfirmedMark, ObservedPrice } from './confirmed-mark.js';
import { MarkKeeper, type MarkKeeperState } from './mark-keeper.js';
import type { MarkParameters } from './mark-parameters.js';
import type { MarketOrder } from './market-order.js';

/** Price that a market is traded at, exact. */
export type Mark = Pick<ConfirmedMark, 'price' | 'value' | 'text' | 'time'>;

export type MarketBoardState = MarkKeeperState;

/** State of the markets: marks and their states, the latest covariance forecast, market time. */
export class MarketBoard {
  private keeper: MarkKeeper;
  private forecast: CovariancePayload | undefined;
  private index = new Map<string, number>();
  private returns: FactorForecast | undefined;
  /** bars that markets have and need, before the first forecast */
  private history = new Map<string, { readonly bars: number; readonly needed: number }>();
  private taken = 0;
  private isoOf = -1;
  private iso = '';

  constructor(
    private parameters: MarkParameters,
    state?: MarketBoardState,
    forecast?: CovariancePayload,
  ) {
    this.keeper = new MarkKeeper(parameters, state);
    if (forecast) this.setForecast(forecast);
  }

  /** Takes how far markets are from their first forecast. */
  setWarmUp(markets: WarmUpPayload['markets']): void {
    this.taken++;
    this.history = new Map(markets.map(({ market, bars, needed }) => [market, { bars, needed }]));
  }

  /** The markets of the last {@link setWarmUp}. */
  get warmUp(): WarmUpPayload['markets'] {
    return [...this.history].map(([market, history]) => ({ market, ...history }));
  }

  /** Marks and market time as another board has them. */
  takeOver(state: MarketBoardState): void {
    this.taken++;
    this.keeper = new MarkKeeper(this.parameters, state);
  }

  /** Keeps marks by other parameters from now on; marks, held prices and market time stay. */
  setMarkParameters(parameters: MarkParameters): void {
    this.taken++;
    this.parameters = parameters;
    this.keeper = this.keeper.under(parameters);
  }

  /** Market time: the latest time of a confirmed mark or a watermark. */
  get now(): number {
    return this.keeper.now;
  }
  /** Counts what the board has taken: a tick that is held back and an order change it without moving {@link now}. */
  get revision(): number {
    return this.taken;
  }
  /** {@link now} as ISO 8601. */
  get nowIso(): string {
    if (this.isoOf !== this.now) {
      this.isoOf = this.now;
      this.iso = new Date(this.now).toISOString();
    }
    return this.iso;
  }
  /** The keeper that decides which prices become marks. */
  get marks(): MarkKeeper {
    return this.keeper;
  }
  /** By how much the time-weighted average of a market's marks is above its mark; 0 without one, or within rounding. */
  drift(market: string): number {
    const mark = this.mark(market)?.value;
    const average = this.keeper.average(market);
    if (mark === undefined || average === undefined) return 0;
    return Math.abs(average / mark - 1) > 1e-12 ? average - mark : 0;
  }

  get latestForecast(): CovariancePayload | undefined {
    return this.forecast;
  }
  /** Markets of the forecast, in the order of every vector and matrix. */
  get markets(): readonly string[] {
    return this.forecast?.markets ?? [];
  }

  /** Where a market stands in {@link markets}; undefined where it has no forecast. */
  indexOf(market: string): number | undefined {
    return this.index.get(market);
  }

  mark(market: string): Mark | undefined {
    return this.keeper.mark(market);
  }

  /** Markets that have a mark and are not delisted. */
  knownMarkets(): string[] {
    return this.keeper
      .names()
      .filter((market) => this.keeper.mark(market) !== undefined && this.keeper.mode(market) !== 'closed');
  }

  /** Takes an observed price; see {@link MarkKeeper.take}. @throws {TickRefusedError} */
  take(tick: ObservedPrice): ConfirmedMark[] {
    this.taken++;
    return this.keeper.take(tick);
  }

  /** Carries out an order of the operator; see {@link MarkKeeper.order}. */
  order(order: MarketOrder): ConfirmedMark[] {
    this.taken++;
    return this.keeper.order(order);
  }

  /** Takes a source's word that nothing at or before `until` will follow. @throws {TickRefusedError} */
  watermark(until: number, appendedAt?: number): void {
    this.keeper.watermark(until, appendedAt);
  }

  /** @throws {InvalidInputError} for a covariance that is not one; the previous forecast stays in force */
  setForecast(forecast: CovariancePayload): void {
    this.prepareForecast(forecast)();
  }

  /** Checks a forecast; the function that is returned puts it in force and cannot fail. */
  prepareForecast(forecast: CovariancePayload): () => void {
    const returns = factorForecastOf(forecast);
    return () => {
      this.returns = returns;
      this.forecast = forecast;
      this.index = new Map(forecast.markets.map((market, i) => [market, i]));
    };
  }

  /**
   * The forecast at the current marks; null before the first forecast or while a market has never been seen. A market without a mark,
   * one that was listed anew or whose sources do not agree yet, does not hold up the others: no account has a position in it,
   * so that its price does not matter.
   *
   * @param alpha level of the risk measure it is for, which its tail factor depends on
   */
  priceForecast(alpha: number): MarketForecast | null {
    if (this.forecast === undefined || this.returns === undefined) return null;
    const { markets } = this.forecast;
    // In a loop: Float64Array.from calls its function by way of an iterator, at several times the cost.
    const prices = new Float64Array(markets.length);
    for (let i = 0; i < markets.length; i++) {
      const market = markets[i];
      if (!this.keeper.isKnown(market)) return null;
      prices[i] = this.keeper.mark(market)?.value ?? 1;
    }
    return { prices, returns: this.returns, tailFactor: tailFactorAt(this.forecast, alpha) };
  }

  /**
   * Index and mark of a market that an action may be done in now.
   *
   * @throws {UnknownMarketError | NoForecastError | WarmingUpError | MarketStateError}
   */
  tradable(market: string, action: MarketAction): { index: number; mark: Mark } {
    const mark = this.keeper.mark(market);
    if (mark === undefined) throw new UnknownMarketError(market);
    if (this.forecast === undefined) {
      const history = this.history.get(market);
      if (history === undefined) throw new NoForecastError();
      throw new WarmingUpError(market, `${history.bars} of ${history.needed} bars so far`);
    }
    const index = this.index.get(market);
    if (index === undefined) throw new WarmingUpError(market, this.whyNotForecast(market));
    this.requirePermitted(market, action);
    return { index, mark };
  }

  /** Whether a market's mark and mode are good enough for an action. */
  permits(market: string, action: MarketAction): boolean {
    const quality = this.keeper.quality(market);
    return quality !== undefined && permits(action, quality, this.keeper.mode(market));
  }

  /** @throws {MarketStateError} where a market's mark or mode is not good enough for an action */
  requirePermitted(market: string, action: MarketAction): void {
    if (this.permits(market, action)) return;
    const state = this.keeper.state(market);
    if (state === undefined) throw new UnknownMarketError(market);
    throw new MarketStateError(
      market,
      state,
      action,
      this.now - (this.keeper.mark(market)?.time ?? this.now),
    );
  }

  /** The market's state, or why it is not forecast. */
  status(market: string): MarketState | 'warming-up' | 'no-forecast' {
    if (this.forecast === undefined) return this.history.has(market) ? 'warming-up' : 'no-forecast';
    if (!this.index.has(market)) return 'warming-up';
    return this.keeper.state(market) ?? 'stale';
  }

  snapshot(): MarketBoardState {
    return this.keeper.snapshot();
  }

  /** See {@link MarkKeeper.changes}. */
  changes(): MarketBoardState {
    return this.keeper.changes();
  }

  private whyNotForecast(market: string): string {
    const excluded = this.forecast?.excluded.find((entry) => entry.market === market);
    if (excluded) return excluded.reason;
    const warming = this.forecast?.warmingUp.find((entry) => entry.market === market);
    return warming ? `${warming.bars} of ${warming.needed} bars so far` : 'it joins with the next refit';
  }
}
