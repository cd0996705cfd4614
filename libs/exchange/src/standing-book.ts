import { InvalidInputError } from '#lib/errors';
import {
  formatMoney,
  fromNumber,
  MONEY_DECIMALS,
  parseDecimal,
  PRICE_DECIMALS,
  SIZE_DECIMALS,
  toNumber,
} from '#lib/amounts';
import type { RiskPayload, StandingBookPayload } from '#lib/messages';
import {
  type Assessment,
  assess,
  assessExposure,
  type Book,
  chargeableRates,
  type FundingVisitor,
  fundingPerUnit,
  type Leg,
  type MarketForecast,
  QuotingBook,
} from '#lib/risk';
import type { ExchangeLedger } from './book/exchange-ledger.js';
import type { FundingRates } from './elapsed-time.js';
import { NoForecastError } from './marks/errors.js';
import type { MarketBoard } from './marks/market-board.js';
import { poolBook } from './marks/pool-book.js';
import type { ExchangeParameters } from './parameters.js';
import { nettedLegs } from './trades/netted-legs.js';
import type { PricedLeg, TradePrice } from './trades/trade-price.js';

/** Everything that is known of the book at the marks of now. */
export interface AssessedBook {
  readonly book: Book;
  readonly forecast: MarketForecast;
  readonly assessment: Assessment;
  readonly funding: FundingRates;
}

/** The pool's book in floats, for pricing: computed when it is asked for, and again when anything has changed. */
export class StandingBook {
  private readonly quoting: QuotingBook;
  private assessed: AssessedBook | undefined;
  private loaded = false;

  constructor(
    private readonly parameters: ExchangeParameters,
    private readonly ledger: ExchangeLedger,
    private readonly board: MarketBoard,
  ) {
    this.quoting = new QuotingBook(parameters.measure, Math.log(parameters.alpha));
  }

  /** Marks, forecast or ledger have changed. */
  invalidate(): void {
    this.assessed = undefined;
    this.loaded = false;
  }

  /** Whether there is a forecast and a mark for each of its markets. */
  ready(): boolean {
    return (
      this.board.latestForecast !== undefined &&
      this.board.markets.every((market) => this.board.mark(market) !== undefined)
    );
  }

  /** The standing book's figures. @throws {NoForecastError} */
  assessment(): AssessedBook {
    if (this.assessed) return this.assessed;
    const forecast = this.board.priceForecast(this.parameters.alpha);
    if (forecast === null) throw new NoForecastError();
    const book = this.floatBook();
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
   * What a trade costs now, its legs netted by market.
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
    if (!this.loaded) {
      const { book, forecast } = this.assessment();
      this.quoting.load(book, forecast);
      this.loaded = true;
    }
    const netted = nettedLegs(legs, marks);
    const priced = netted.map((leg, i) => this.priceLeg(leg, i));
    const paper = this.parameters.allocation === 'paper';
    const premium = this.quoting.premium(priced, paper ? undefined : visitFunding);
    if (paper && visitFunding) this.visitPaperFunding(priced, visitFunding);
    if (!Number.isFinite(premium.riskBefore) || !Number.isFinite(premium.riskAfter))
      throw new InvalidInputError('legs', 'make a risk that is not a number: nothing is booked at it');
    return {
      legs: priced,
      riskPremium: fromNumber(premium.risk, MONEY_DECIMALS, 'up', 'premium.risk'),
      liquidityPremium: fromNumber(premium.liquidity, MONEY_DECIMALS, 'up', 'premium.liquidity'),
      riskBefore: premium.riskBefore,
      riskAfter: premium.riskAfter,
      forecastId: this.board.latestForecast!.forecastId,
    };
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
  record(): StandingBookPayload {
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

  /** Funding after a trade under the `paper` allocation, where what no market can pay is spread over the others. */
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
