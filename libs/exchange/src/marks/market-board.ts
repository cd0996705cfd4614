import { InvalidInputError } from '#lib/errors';
import type { CovariancePayload } from '#lib/messages';
import { formatDecimal, parseDecimal, PRICE_DECIMALS, roundDecimal, toNumber } from '#lib/amounts';
import type { FactorForecast, MarketForecast } from '#lib/risk';
import { factorForecastOf, tailFactorAt } from './forecast-message.js';
import { NoForecastError, StaleMarketError, UnknownMarketError, WarmingUpError } from './errors.js';

/** Last price of a market, exact. */
export interface Mark {
  readonly price: bigint;
  /** the same as a float and as text */
  readonly value: number;
  readonly text: string;
  /** publish time, milliseconds */
  readonly time: number;
}

export interface MarketBoardState {
  readonly marks: readonly (readonly [market: string, price: string, time: number])[];
  readonly now: number;
}

/** What is known of the markets: marks, the latest covariance forecast, market time. */
export class MarketBoard {
  private readonly marks = new Map<string, Mark>();
  private forecast: CovariancePayload | undefined;
  private index = new Map<string, number>();
  private returns: FactorForecast | undefined;
  private time = 0;
  private isoOf = -1;
  private iso = '';

  constructor(
    private readonly staleAfterMs: number,
    state?: MarketBoardState,
    forecast?: CovariancePayload,
  ) {
    if (state === undefined) return;
    this.takeOver(state);
    if (forecast) this.setForecast(forecast);
  }

  /** Marks and market time as another board has them. */
  takeOver(state: MarketBoardState): void {
    for (const [market, price, time] of state.marks) {
      const known = this.marks.get(market);
      if (known?.text === price && known.time === time) continue;
      this.marks.set(market, markOf(parseDecimal(price, PRICE_DECIMALS, 'price'), time));
    }
    this.time = state.now;
  }

  /** Market time: the latest publish time seen. */
  get now(): number {
    return this.time;
  }
  /** {@link now} as ISO 8601. */
  get nowIso(): string {
    if (this.isoOf !== this.time) {
      this.isoOf = this.time;
      this.iso = new Date(this.time).toISOString();
    }
    return this.iso;
  }
  get latestForecast(): CovariancePayload | undefined {
    return this.forecast;
  }
  /** Markets of the forecast, in the order of every vector and matrix. */
  get markets(): readonly string[] {
    return this.forecast?.markets ?? [];
  }

  mark(market: string): Mark | undefined {
    return this.marks.get(market);
  }

  knownMarkets(): string[] {
    return [...this.marks.keys()].sort();
  }

  observeTime(time: number): void {
    if (time > this.time) this.time = time;
  }

  /**
   * Newer prices replace older ones; a late tick changes nothing.
   *
   * @returns the mark that is in force now
   * @throws {InvalidInputError} for a price that is not one
   */
  setMark(market: string, text: string, time: number): Mark {
    const price = roundDecimal(text, PRICE_DECIMALS, `${market}.price`);
    if (price <= 0n) throw new InvalidInputError(`${market}.price`, `must be positive, got ${text}`);
    this.observeTime(time);
    const known = this.marks.get(market);
    if (known !== undefined && time < known.time) return known;
    const mark = markOf(price, time);
    this.marks.set(market, mark);
    return mark;
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
   * The forecast at the current marks; null before the first forecast or while a market has no mark.
   *
   * @param alpha level of the risk measure it is for, which its tail factor depends on
   */
  priceForecast(alpha: number): MarketForecast | null {
    if (this.forecast === undefined || this.returns === undefined) return null;
    const marks = this.forecast.markets.map((market) => this.marks.get(market));
    if (marks.some((mark) => mark === undefined)) return null;
    const prices = Float64Array.from(marks, (mark) => mark!.value);
    return { prices, returns: this.returns, tailFactor: tailFactorAt(this.forecast, alpha) };
  }

  /**
   * Index of a market one may trade now.
   *
   * @throws {UnknownMarketError | NoForecastError | WarmingUpError | StaleMarketError}
   */
  tradable(market: string): { index: number; mark: Mark } {
    const mark = this.marks.get(market);
    if (mark === undefined) throw new UnknownMarketError(market);
    if (this.forecast === undefined) throw new NoForecastError();
    const index = this.index.get(market);
    if (index === undefined) throw new WarmingUpError(market, this.whyNotForecast(market));
    const silent = this.time - mark.time;
    if (silent > this.staleAfterMs) throw new StaleMarketError(market, silent);
    return { index, mark };
  }

  /** `ok`, or why a market cannot be traded. */
  status(market: string): 'ok' | 'stale' | 'warming-up' | 'no-forecast' {
    const mark = this.marks.get(market);
    if (this.forecast === undefined) return 'no-forecast';
    if (!this.index.has(market)) return 'warming-up';
    return mark !== undefined && this.time - mark.time > this.staleAfterMs ? 'stale' : 'ok';
  }

  snapshot(): MarketBoardState {
    return {
      marks: [...this.marks].map(([market, { text, time }]) => [market, text, time] as const),
      now: this.time,
    };
  }

  private whyNotForecast(market: string): string {
    const excluded = this.forecast?.excluded.find((entry) => entry.market === market);
    if (excluded) return excluded.reason;
    const warming = this.forecast?.warmingUp.find((entry) => entry.market === market);
    return warming ? `${warming.bars} of ${warming.needed} bars so far` : 'it joins with the next refit';
  }
}

function markOf(price: bigint, time: number): Mark {
  return { price, value: toNumber(price, PRICE_DECIMALS), text: formatDecimal(price, PRICE_DECIMALS), time };
}
