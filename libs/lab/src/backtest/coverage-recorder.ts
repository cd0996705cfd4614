import { MONEY_DECIMALS, toNumber } from '#lib/amounts';
import type { PricingEngine } from '#lib/exchange';

/** The pool at one moment, to be compared with itself a horizon later. */
export interface CoverageSnapshot {
  readonly time: number;
  readonly sizes: Float64Array;
  readonly prices: Float64Array;
  readonly entryNotional: number;
  /** P less losses past both, and L */
  readonly capital: number;
  readonly liquidity: number;
  /** EVaR of X⁺, and of the loss against the mean: κs√(−2 ln α) */
  readonly evar: number;
  readonly lossEvar: number;
  readonly callSpread: number;
  /** premia and funding collected since the beginning, for the exchange and for the providers */
  readonly toExchange: number;
  readonly toLiquidity: number;
}

/** Takes the pool's books and risk at every bar that it is asked to; null where the engine has no forecast. */
export function coverageSnapshot(engine: PricingEngine, markets: readonly string[]): CoverageSnapshot | null {
  if (!engine.ready()) return null;
  const { book, assessment, forecast } = engine.assessment();
  const at = new Map(engine.board.markets.map((market, i) => [market, i]));
  const ordered = (values: Float64Array) =>
    Float64Array.from(markets, (market) => values[at.get(market) ?? -1] ?? 0);
  const { totals } = engine.ledger;
  const money = (amount: bigint) => toNumber(amount, MONEY_DECIMALS);
  const { volatility } = assessment.exposure;
  return {
    time: engine.board.now,
    sizes: ordered(book.signedSizes),
    prices: Float64Array.from(markets, (market) => engine.board.mark(market)?.value ?? NaN),
    entryNotional: book.entryNotionals.reduce((sum, value) => sum + value, 0),
    ...{ capital: book.capital, liquidity: book.liquidity },
    evar: assessment.risk.value,
    lossEvar: forecast.tailFactor * volatility * Math.sqrt(-2 * Math.log(engine.parameters.alpha)),
    callSpread: assessment.callSpread.price,
    toExchange: money(totals.riskPremia + totals.riskFunding),
    toLiquidity: money(totals.liquidityPremia + totals.liquidityFunding),
  };
}
