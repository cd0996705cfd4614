import { InvalidInputError, ZkriskError } from '#lib/errors';
import type {
  AccountPayload,
  CovariancePayload,
  LiquidationTradePayload,
  LiquidityPayload,
  RiskPayload,
  StandingBookPayload,
  TradePayload,
  ValuationPayload,
} from '#lib/messages';
import type { BookEvent } from './book/book-event.js';
import { ExchangeLedger } from './book/exchange-ledger.js';
import {
  formatDecimal,
  fromNumber,
  MONEY_DECIMALS,
  parseDecimal,
  PRICE_DECIMALS,
  SIZE_DECIMALS,
  toNumber,
  formatMoney,
  isolatedAccount,
  partsOf,
} from '#lib/amounts';
import { MarketBoard, type MarketBoardState } from './marks/market-board.js';
import type { ObservedPrice } from './marks/mark-keeper.js';
import { NoForecastError } from './marks/errors.js';
import { poolBook } from './marks/pool-book.js';
import {
  type Assessment,
  assess,
  assessExposure,
  type Book,
  chargeableRates,
  type FundingVisitor,
  type Leg,
  type MarketForecast,
  QuotingBook,
  type RiskModel,
} from '#lib/risk';
import type { ExchangeParameters } from './parameters.js';
import { AccountDesk } from './accounts/account-desk.js';
import { LiquidityShares } from './shares/liquidity-shares.js';
import { quotedTerms } from './trades/quoted-terms.js';
import type { PricedLeg, TradePrice } from './trades/trade-price.js';
import { eventsOfTime, type FundingRates } from './elapsed-time.js';

export interface PricingEngineState {
  readonly board: MarketBoardState;
  /** market time of the last funding accrual; null before the first forecast */
  readonly accruedAt: number | null;
  /** of the forecast that holds; null before the first one */
  readonly forecastId: string | null;
}

/**
 * The pricer's mind: marks and forecast, the exact ledger, and the same book in floats for pricing. It decides
 * what every command costs and returns the book events; the ledger changes by those events only.
 */
export class PricingEngine {
  readonly board: MarketBoard;
  /** what liquidity providers hold, and what becomes of their commands */
  readonly shares: LiquidityShares;
  /** margin of the traders' accounts */
  readonly accounts: AccountDesk;
  private readonly quoting: QuotingBook;
  private readonly model: RiskModel;
  private assessed:
    { book: Book; forecast: MarketForecast; assessment: Assessment; funding: FundingRates } | undefined;
  private loaded = false;
  private accruedAt: number | null;

  constructor(
    private readonly parameters: ExchangeParameters,
    readonly ledger: ExchangeLedger,
    state?: PricingEngineState,
    forecast?: CovariancePayload,
  ) {
    this.model = parameters;
    this.quoting = new QuotingBook(parameters.measure, Math.log(parameters.alpha));
    this.board = new MarketBoard(parameters.marks, state?.board, forecast);
    this.accruedAt = state?.accruedAt ?? null;
    this.accounts = new AccountDesk(ledger, this.board, parameters.marginRates);
    this.shares = new LiquidityShares(ledger, this.model, parameters.horizonMs, () =>
      this.ready() ? this.assessment() : undefined,
    );
  }

  /** α of the risk measure. */
  get alpha(): number {
    return this.parameters.alpha;
  }

  snapshot(): PricingEngineState {
    const forecastId = this.board.latestForecast?.forecastId ?? null;
    return { board: this.board.snapshot(), accruedAt: this.accruedAt, forecastId };
  }

  /** Takes over what another process has made of the book since: events, marks, a newer forecast. */
  follow(events: readonly BookEvent[], state: PricingEngineState, forecast?: CovariancePayload): void {
    for (const event of events) this.ledger.apply(event);
    this.board.takeOver(state.board);
    if (forecast !== undefined) this.board.setForecast(forecast);
    this.accruedAt = state.accruedAt;
    this.invalidate();
  }

  /** Takes an observed price. @throws {TickRefusedError} for one that is not taken */
  take(tick: ObservedPrice): void {
    if (this.board.take(tick).length > 0) this.invalidate();
  }

  /** Takes a source's word that nothing at or before `until` will follow. @throws {TickRefusedError} */
  watermark(until: number, appendedAt?: number): void {
    this.board.watermark(until, appendedAt);
  }

  /** Takes a new forecast, after funding at the old rates up to now. */
  setForecast(forecast: CovariancePayload): BookEvent[] {
    // Refused before anything has been applied: what is applied must be journalled.
    const putInForce = this.board.prepareForecast(forecast);
    const events = this.settleTime();
    putInForce();
    this.accruedAt ??= this.board.now;
    this.invalidate();
    return events;
  }

  /**
   * Everything that market time alone brings; see {@link eventsOfTime}. Funding accrues continuously; it is booked
   * whenever something else happens.
   */
  settleTime(): BookEvent[] {
    const now = this.board.now;
    const elapsed = this.accruedAt === null ? 0 : now - this.accruedAt;
    // Time that no rate is known for is not charged later at a rate of then.
    const funding = elapsed > 0 && this.ready() ? this.assessment().funding : undefined;
    if (elapsed > 0) this.accruedAt = now;
    const events: BookEvent[] = [];
    for (const event of eventsOfTime(this.ledger, this.shares, now, {
      markets: this.board.markets,
      rates: funding,
      elapsedMs: elapsed,
    })) {
      events.push(event);
      this.apply(event);
    }
    return events;
  }

  /**
   * What a trade costs now. Nothing is booked.
   *
   * @param marks execution prices where they are not the current marks (an accepted quote)
   * @param visitFunding called with each market and the funding rate it would have after the trade
   * @throws {ZkriskError} naming the market that cannot be traded, or the size that is not one
   */
  price(
    legs: readonly { market: string; size: string }[],
    marks?: readonly string[],
    visitFunding?: FundingVisitor,
  ): TradePrice {
    this.load();
    const priced: PricedLeg[] = [];
    for (let i = 0; i < legs.length; i++) priced.push(this.priceLeg(legs[i], i, marks?.[i]));
    const paper = this.model.allocation === 'paper';
    const premium = this.quoting.premium(priced, paper ? undefined : visitFunding);
    if (paper && visitFunding) this.visitPaperFunding(priced, visitFunding);
    return {
      legs: priced,
      riskPremium: fromNumber(premium.risk, MONEY_DECIMALS, 'up', 'premium.risk'),
      liquidityPremium: fromNumber(premium.liquidity, MONEY_DECIMALS, 'up', 'premium.liquidity'),
      riskBefore: premium.riskBefore,
      riskAfter: premium.riskAfter,
      forecastId: this.board.latestForecast!.forecastId,
    };
  }

  private priceLeg(
    { market, size }: { market: string; size: string },
    i: number,
    agreed: string | undefined,
  ): PricedLeg {
    const { index, mark } = this.board.tradable(market, 'reduce');
    const exactSize = parseDecimal(size, SIZE_DECIMALS, 'legs.size');
    if (exactSize === 0n) throw new InvalidInputError(`legs.${i}.size`, 'must not be zero');
    const units = toNumber(exactSize, SIZE_DECIMALS);
    const notional = Math.abs(units * mark.value);
    if (notional > this.parameters.maximumTradeNotional) {
      throw new InvalidInputError(
        `legs.${i}.size`,
        `is a notional of ${notional.toPrecision(6)} at mark, at most ${this.parameters.maximumTradeNotional} is traded at once`,
      );
    }
    const exactPrice =
      agreed === undefined ? mark.price : parseDecimal(agreed, PRICE_DECIMALS, 'quote.marks');
    return {
      name: market,
      market: index,
      size: units,
      exactSize,
      exactPrice,
      markText: agreed ?? mark.text,
      executionPrice: agreed === undefined ? mark.value : toNumber(exactPrice, PRICE_DECIMALS),
    };
  }

  /** Funding after a trade under the `paper` allocation, where what no market can pay is spread over the others. */
  private visitPaperFunding(legs: readonly Leg[], visit: FundingVisitor): void {
    const { book, exposure, risk } = this.quoting.exposureAfter(legs);
    const assessment = assessExposure(this.model, book, this.assessment().forecast, exposure, risk);
    const { risk: toExchange, liquidity } = this.charged(book, assessment);
    toExchange.forEach((rate, market) => {
      visit(market, rate + liquidity[market]);
    });
  }

  /** Executes a liquidation plan: closes at most what is open. Books the trade, or its refusal. */
  liquidate({ planId, account, legs }: LiquidationTradePayload, time: number): BookEvent[] {
    const { account: trader, market } = partsOf(account);
    const margin = market === undefined ? 'cross' : 'isolated';
    return this.book({ tradeId: planId, account: trader, legs, margin, reduceOnly: true }, time, planId);
  }

  /**
   * Books a trade, or its refusal; always returns what happened.
   *
   * @param planId the liquidation plan it executes, where it does
   */
  book(command: TradePayload, time: number, planId?: string): BookEvent[] {
    const events = this.settleTime();
    const at = this.timeFor(time);
    try {
      const { quote } = command;
      const { marginAccount, legs } = this.accounts.place(command);
      if (quote && quote.marks.length !== legs.length) {
        throw new InvalidInputError(
          'quote.marks',
          `must have ${legs.length} entries, one a leg, got ${quote.marks.length}`,
        );
      }
      const now = this.price(legs, quote?.marks);
      const terms = quote ? quotedTerms(quote, now, this.board, this.parameters.quoteTolerance) : now;
      const cost = toNumber(terms.riskPremium + terms.liquidityPremium, MONEY_DECIMALS);
      this.accounts.requireMargin(marginAccount, now.legs, cost);
      const event: BookEvent = {
        kind: 'trade-booked',
        at,
        tradeId: command.tradeId,
        account: marginAccount,
        legs: now.legs.map(({ name, exactSize, exactPrice }) => ({
          market: name,
          size: formatDecimal(exactSize, SIZE_DECIMALS),
          price: formatDecimal(exactPrice, PRICE_DECIMALS),
        })),
        riskPremium: formatMoney(terms.riskPremium),
        liquidityPremium: formatMoney(terms.liquidityPremium),
        forecastId: now.forecastId,
        quoteId: quote?.quoteId ?? null,
        ...(planId === undefined ? {} : { planId }),
      };
      this.apply(event);
      const closing = this.accounts.afterTrade(marginAccount, at, planId);
      if (closing === undefined) return [...events, event];
      this.apply(closing);
      return [...events, event, closing];
    } catch (error) {
      if (!(error instanceof ZkriskError)) throw error;
      const { tradeId, account, margin, legs } = command;
      const rejected: BookEvent = {
        kind: 'trade-rejected',
        at,
        tradeId,
        account: margin === 'isolated' ? isolatedAccount(account, legs[0].market) : account,
        code: error.code,
        reason: error.message,
        ...(planId === undefined ? {} : { planId }),
      };
      this.apply(rejected);
      return [...events, rejected];
    }
  }

  /** Books a deposit, withdrawal or transfer of a trader, or its refusal. */
  account(command: AccountPayload, time: number): BookEvent[] {
    return this.decide(
      time,
      (at) => this.accounts.decide(command, at),
      (error, at) => AccountDesk.rejection(command, error, at),
    );
  }

  /** Books a deposit or withdrawal of a liquidity provider, or its refusal. */
  liquidity(command: LiquidityPayload, time: number): BookEvent[] {
    const { commandId, provider } = command;
    return this.decide(
      time,
      (at) => this.shares.decide(command, at),
      ({ code, message }, at) => ({
        kind: 'liquidity-rejected',
        at,
        commandId,
        provider,
        code,
        reason: message,
      }),
    );
  }

  /**
   * Books what a vault has become worth as its provider's part of L. One that is not newer than the last changes nothing: it has come
   * twice, or late.
   *
   * @returns with why it was refused, where it was
   */
  valuation(
    valuation: Omit<ValuationPayload, 'seal'>,
    time: number,
  ): { events: BookEvent[]; refusal?: string } {
    const last = this.ledger.backingOf(valuation.provider);
    if (last !== undefined && time <= last.valuedAt) return { events: [] };
    const events = this.settleTime();
    try {
      const event = this.shares.value(valuation, this.timeFor(time), time);
      this.apply(event);
      return { events: [...events, event] };
    } catch (error) {
      if (!(error instanceof ZkriskError)) throw error;
      return { events, refusal: `${error.code}: ${error.message}` };
    }
  }

  /** What time has brought, then what a command comes to: its event, or its refusal's. */
  private decide(
    time: number,
    event: (at: number) => BookEvent,
    refusal: (error: ZkriskError, at: number) => BookEvent,
  ): BookEvent[] {
    const events = this.settleTime();
    const at = this.timeFor(time);
    let decided: BookEvent;
    try {
      decided = event(at);
    } catch (error) {
      if (!(error instanceof ZkriskError)) throw error;
      decided = refusal(error, at);
    }
    this.apply(decided);
    return [...events, decided];
  }

  /** When a command is decided: at market time, whatever it is dated; its own time counts before the first price. */
  private timeFor(dated: number): number {
    return this.board.now === 0 ? dated : this.board.now;
  }

  private apply(event: BookEvent): void {
    this.ledger.apply(event);
    this.invalidate();
  }

  /** Whether there is a forecast and a mark for each of its markets. */
  ready(): boolean {
    return (
      this.board.latestForecast !== undefined &&
      this.board.markets.every((market) => this.board.mark(market) !== undefined)
    );
  }

  /** The standing book's figures. @throws {NoForecastError} */
  assessment(): NonNullable<PricingEngine['assessed']> {
    if (this.assessed) return this.assessed;
    const forecast = this.board.priceForecast(this.parameters.alpha);
    if (forecast === null) throw new NoForecastError();
    const book = this.floatBook();
    const assessment = assess(this.model, book, forecast);
    this.assessed = { book, forecast, assessment, funding: this.charged(book, assessment) };
    return this.assessed;
  }

  riskRecord(): RiskPayload {
    const { assessment } = this.assessment();
    const { ledger } = this;
    return {
      at: this.board.now,
      forecastId: this.board.latestForecast!.forecastId,
      riskMeasure: assessment.riskMeasure,
      entropicValueAtRisk: assessment.risk.value,
      mean: assessment.exposure.mean,
      volatility: assessment.exposure.volatility,
      tailFactor: assessment.tailFactor,
      capital: formatMoney(ledger.capital),
      liquidity: formatMoney(ledger.liquidity),
      pending: formatMoney(ledger.pendingToCapital),
      shortfall: formatMoney(ledger.shortfall),
    };
  }

  /** The book as {@link riskRecord} measures it. */
  standingBook(): StandingBookPayload {
    const { assessment, book, forecast } = this.assessment();
    return {
      at: this.board.now,
      forecastId: this.board.latestForecast!.forecastId,
      markets: [...this.board.markets],
      notionals: Array.from(book.signedSizes, (size, i) => size * forecast.prices[i]),
      entry: book.entryNotionals.reduce((sum, value) => sum + value, 0),
      capital: book.capital,
      liquidity: book.liquidity,
      pending: book.pendingPremia,
      alpha: this.model.alpha,
      tailFactor: assessment.tailFactor,
      entropicValueAtRisk: assessment.risk.value,
      riskMeasure: assessment.riskMeasure,
      mean: assessment.exposure.mean,
      volatility: assessment.exposure.volatility,
    };
  }

  private charged(book: Book, assessment: Assessment): FundingRates {
    const { beta } = assessment.contributions;
    return {
      risk: chargeableRates(assessment.fundingRates.markets, book.signedSizes, beta).rates,
      liquidity: chargeableRates(assessment.liquidityFundingRates.markets, book.signedSizes, beta).rates,
    };
  }

  private invalidate(): void {
    this.assessed = undefined;
    this.loaded = false;
  }

  private load(): void {
    if (this.loaded) return;
    const { book, forecast } = this.assessment();
    this.quoting.load(book, forecast);
    this.loaded = true;
  }

  private floatBook(): Book {
    const { ledger } = this;
    return poolBook(this.board, {
      markets: ledger.marketNames().map((market) => ({ market, ...ledger.market(market) })),
      capital: ledger.capital,
      liquidity: ledger.liquidity,
      pending: ledger.pendingToCapital,
      shortfall: ledger.shortfall,
    });
  }
}
