// Long because premium, funding and sums of the standing book share its arrays, which only this class may write.
import { InvalidInputError } from '#lib/errors';
import {
  formatDecimal,
  formatMoney,
  fromNumber,
  MONEY_DECIMALS,
  parseDecimal,
  PRICE_DECIMALS,
  SIZE_DECIMALS,
  toNumber,
  YEAR_MS,
} from '#lib/amounts';
import type { RiskPayload, StandingBookPayload } from '#lib/messages';
import {
  type Assessment,
  assess,
  assessExposure,
  type Book,
  chargeableRates,
  type FundedMarket,
  FundingIntegrals,
  type FundingIntegralsState,
  type FundingOfUnit,
  type FundingVisitor,
  fundingPerUnit,
  type Leg,
  type MarketForecast,
  QuotingBook,
} from '#lib/risk';
import type { ExchangeLedger } from './book/exchange-ledger.js';
import { NoForecastError } from './marks/errors.js';
import type { MarketBoard } from './marks/market-board.js';
import { gainsOutside, type PoolAmounts, poolBook, poolCapital } from './marks/pool-book.js';
import type { ExchangeParameters } from './parameters/exchange-parameters.js';
import { nettedLegs } from './trades/netted-legs.js';
import type { PricedLeg, TradePrice } from './trades/trade-price.js';

/** Yearly funding of each market as it is charged, for the exchange and for the liquidity providers. */
export interface FundingRates {
  /** of the whole market, money */
  readonly risk: Float64Array;
  readonly liquidity: Float64Array;
  /** of one unit of size, however small the net position is */
  readonly perUnit: { readonly risk: Float64Array; readonly liquidity: Float64Array };
}

/** Everything that is known of the book at the marks of now. */
export interface AssessedBook {
  readonly book: Book;
  readonly forecast: MarketForecast;
  readonly assessment: Assessment;
  readonly funding: FundingRates;
}

/**
 * The pool's book in floats, for pricing, and the funding it owes since it was made exact. Loaded once a forecast, then changed in place by
 * every trade and mark; whatever is read is a function of the exact books, the marks and the forecast (see `ExposureSums`), but for the
 * funding integrals, which are state.
 */
export class StandingBook {
  private readonly quoting: QuotingBook;
  private integrals: FundingIntegrals | undefined;
  private assessed: AssessedBook | undefined;
  /** gains in markets without a forecast; undefined where they have to be counted anew */
  private certain: bigint | undefined;
  /** the price that was asked for last */
  lastPrice: TradePrice | undefined;

  constructor(
    private readonly parameters: ExchangeParameters,
    private readonly ledger: ExchangeLedger,
    private readonly board: MarketBoard,
    state?: FundingIntegralsState | null,
  ) {
    this.quoting = new QuotingBook(parameters.measure, Math.log(parameters.alpha));
    this.reload(state);
  }

  /** Everything anew, from books, marks and forecast. O(nK). */
  reload(state?: FundingIntegralsState | null): void {
    this.integrals = undefined;
    this.certain = undefined;
    this.assessed = undefined;
    const forecast = this.board.priceForecast(this.parameters.alpha);
    if (forecast === null) return;
    this.quoting.load(this.exactBook(), forecast);
    this.integrals = new FundingIntegrals(forecast.returns, forecast.prices.length, state ?? undefined);
  }

  /** Funding integrals, which no table of books or marks has; null before the first forecast. */
  snapshot(): FundingIntegralsState | null {
    return this.integrals?.snapshot() ?? null;
  }

  /** Whether there is a forecast and a mark for each of its markets. */
  ready(): boolean {
    return this.integrals !== undefined;
  }

  /** Market time passes: funding at the rates that have held until now. Time without a known rate stays free. O(K). */
  passTime(elapsedMs: number): void {
    if (elapsedMs <= 0 || this.integrals === undefined) return;
    const years = elapsedMs / YEAR_MS;
    if (this.parameters.allocation === 'paper')
      this.integrals.advanceBy(this.assessment().funding.perUnit, years);
    else this.integrals.advance(this.current().fundingSource(), years);
  }

  /** A market's mark is another one. */
  marked(market: string): void {
    this.assessed = undefined;
    const at = this.board.indexOf(market);
    if (this.integrals === undefined) {
      if (this.board.latestForecast !== undefined) this.reload();
      return;
    }
    if (at === undefined) this.certain = undefined;
    else this.change(at, () => this.quoting.setPrice(at, this.board.mark(market)!.value));
  }

  /** An event has been applied to the books. */
  booked(market: string): void {
    const at = this.board.indexOf(market);
    if (at === undefined) this.certain = undefined;
    if (at === undefined || this.integrals === undefined) return;
    const { size, entryNotional } = this.ledger.market(market);
    this.change(at, () =>
      this.quoting.setHolding(at, toNumber(size, SIZE_DECIMALS), toNumber(entryNotional, MONEY_DECIMALS)),
    );
  }

  /** P, L or pending amounts may have changed. */
  capitalChanged(): void {
    this.assessed = undefined;
  }

  /**
   * Debt of a unit of size since funding was made exact last, and marks it as exact now: its events have to be applied.
   *
   * @param markets by default all
   */
  settleFunding(
    markets: readonly string[] = this.board.markets,
  ): (readonly [market: string, ofUnit: FundingOfUnit])[] {
    const { integrals } = this;
    const owed: (readonly [market: string, ofUnit: FundingOfUnit])[] = [];
    if (integrals === undefined) return owed;
    for (const market of markets) {
      const at = this.board.indexOf(market);
      if (at === undefined) continue;
      const funded = this.funded(at);
      owed.push([market, integrals.of(funded)]);
      integrals.settled(funded);
    }
    if (markets === this.board.markets) integrals.allSettled();
    return owed;
  }

  /** The standing book's figures, from scratch. O(nK). @throws {NoForecastError} */
  assessment(): AssessedBook {
    if (this.assessed) return this.assessed;
    const forecast = this.board.priceForecast(this.parameters.alpha);
    if (forecast === null) throw new NoForecastError();
    const held = this.current().book();
    const book = {
      ...held,
      signedSizes: Float64Array.from(held.signedSizes),
      entryNotionals: Float64Array.from(held.entryNotionals),
    };
    const assessment = assess(this.parameters, book, forecast);
    const charged = this.charged(book, assessment);
    const funding = {
      ...charged,
      perUnit: fundingPerUnit(this.parameters.allocation, assessment, charged, book),
    };
    this.assessed = { book, forecast, assessment, funding };
    return this.assessed;
  }

  /**
   * Price of a trade now, its legs netted by market.
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
    // Before the first forecast a market states its distance.
    if (this.board.latestForecast === undefined)
      for (const { market } of legs) this.board.tradable(market, 'reduce');
    const quoting = this.current();
    const priced = nettedLegs(legs, marks).map((leg, i) => this.priceLeg(leg, i));
    const paper = this.parameters.allocation === 'paper';
    const premium = quoting.premium(priced, paper ? undefined : visitFunding);
    if (paper && visitFunding) this.visitPaperFunding(priced, visitFunding);
    if (!Number.isFinite(premium.riskBefore) || !Number.isFinite(premium.riskAfter))
      throw new InvalidInputError('legs', 'make a risk that is not a number: nothing is booked at it');
    this.lastPrice = {
      legs: priced,
      riskPremium: fromNumber(premium.risk, MONEY_DECIMALS, 'up', 'premium.risk'),
      liquidityPremium: fromNumber(premium.liquidity, MONEY_DECIMALS, 'up', 'premium.liquidity'),
      riskBefore: premium.riskBefore,
      riskAfter: premium.riskAfter,
      forecastId: this.board.latestForecast!.forecastId,
    };
    return this.lastPrice;
  }

  /** P less losses that nobody has borne and gains in markets without a forecast, L and P_t, as they are priced. */
  exactCapital(): { readonly capital: bigint; readonly liquidity: bigint; readonly pending: bigint } {
    const { capital, liquidity, pendingToCapital: pending, shortfall } = this.ledger;
    this.certain ??= gainsOutside(this.board, this.markets());
    const outside = shortfall + this.certain;
    return { capital: outside === 0n ? capital : capital - outside, liquidity, pending };
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
  record(): Omit<StandingBookPayload, 'commitment'> {
    const { assessment, book, forecast } = this.assessment();
    return {
      at: this.board.now,
      forecastId: this.board.latestForecast!.forecastId,
      markets: [...this.board.markets],
      sizes: this.board.markets.map((market) =>
        formatDecimal(this.ledger.market(market).size, SIZE_DECIMALS),
      ),
      notionals: Array.from(book.signedSizes, (size, i) => size * forecast.prices[i]),
      entry: book.entryNotionals.reduce((sum, value) => sum + value, 0),
      capital: book.capital,
      liquidity: book.liquidity,
      pending: book.pendingPremia,
      alpha: this.parameters.alpha,
      tailFactor: assessment.tailFactor,
      entropicValueAtRisk: assessment.risk.value,
      riskMeasure: assessment.riskMeasure,
      mean: assessment.exposure.mean,
      volatility: assessment.exposure.volatility,
    };
  }

  private priceLeg(
    { market, size, mark: agreed }: { market: string; size: bigint; mark: string | undefined },
    i: number,
  ): PricedLeg {
    const { index, mark } = this.board.tradable(market, 'reduce');
    if (size === 0n) throw new InvalidInputError(`legs.${i}.size`, 'must not be zero');
    const exactPrice =
      agreed === undefined ? mark.price : parseDecimal(agreed, PRICE_DECIMALS, 'quote.marks');
    return {
      name: market,
      market: index,
      size: toNumber(size, SIZE_DECIMALS),
      exactSize: size,
      exactPrice,
      markText: agreed ?? mark.text,
      executionPrice: agreed === undefined ? mark.value : toNumber(exactPrice, PRICE_DECIMALS),
    };
  }

  /** Funding after a trade under the `paper` allocation, where amounts that no market can pay are spread over the others. */
  private visitPaperFunding(legs: readonly Leg[], visit: FundingVisitor): void {
    const { book, exposure, risk } = this.quoting.exposureAfter(legs);
    const assessment = assessExposure(this.parameters, book, this.assessment().forecast, exposure, risk);
    const { risk: toExchange, liquidity } = this.charged(book, assessment);
    toExchange.forEach((rate, market) => {
      visit(market, rate + liquidity[market]);
    });
  }

  private charged(book: Book, assessment: Assessment): Omit<FundingRates, 'perUnit'> {
    const { beta } = assessment.contributions;
    return {
      risk: chargeableRates(assessment.fundingRates.markets, book.signedSizes, beta).rates,
      liquidity: chargeableRates(assessment.liquidityFundingRates.markets, book.signedSizes, beta).rates,
    };
  }

  /** The quoting book with the present P, L and pending amounts. @throws {NoForecastError} */
  private current(): QuotingBook {
    if (this.integrals === undefined) throw new NoForecastError();
    this.certain ??= gainsOutside(this.board, this.markets());
    const { capital, liquidity, pending } = poolCapital(this.pool(), this.certain);
    this.quoting.setCapital(capital, liquidity, pending);
    return this.quoting;
  }

  private change(market: number, change: () => void): void {
    const before = this.funded(market);
    change();
    this.integrals!.changes(before, this.funded(market));
  }

  private funded(market: number): FundedMarket {
    return { market, price: this.quoting.prices[market], notional: this.quoting.notionals[market] };
  }

  private exactBook(): Book {
    return poolBook(this.board, { markets: this.markets(), ...this.pool() });
  }

  private *markets(): Generator<{ market: string; size: bigint; entryNotional: bigint }> {
    for (const market of this.ledger.marketNames()) {
      const { size, entryNotional } = this.ledger.market(market);
      yield { market, size, entryNotional };
    }
  }

  private pool(): Omit<PoolAmounts, 'markets'> {
    const { capital, liquidity, pendingToCapital: pending, shortfall } = this.ledger;
    return { capital, liquidity, pending, shortfall };
  }
}
