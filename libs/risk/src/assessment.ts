import { type Book, bookAfterTrade, type Exposure, exposureOf, type MarketForecast } from './book.js';
import { callSpread, type CallSpread, liquidityFundingRates } from './call-spread.js';
import {
  type Allocation,
  eulerAllocation,
  riskContributions,
  type RiskContributions,
  type Split,
  splitOfMean,
} from './euler-allocation.js';
import { fundingRates } from './funding.js';
import { type LiabilityRisk, liabilityRisk, type RiskMeasure } from './risk-measure.js';

/** How risk is measured and split. */
export interface RiskModel {
  readonly measure: RiskMeasure;
  readonly allocation: Allocation;
  /** tail probability α of EVaR_{1−α}, in (0, 1) */
  readonly alpha: number;
}

/** Everything the engine says of a standing book. Money; rates per year. */
export interface Assessment {
  readonly exposure: Exposure;
  /** κ of the forecast, which is in `risk` */
  readonly tailFactor: number;
  readonly risk: LiabilityRisk;
  /** ρ(θ) = h(m, s) − P_t */
  readonly riskMeasure: number;
  /** ∂h/∂τ = h_s·ṡ, the sum of all funding rates */
  readonly riskRate: number;
  readonly contributions: RiskContributions;
  readonly riskAllocation: Split;
  readonly fundingRates: Split;
  readonly callSpread: CallSpread;
  readonly liquidityFundingRates: Split;
  /** f^L = ∂C/∂τ */
  readonly liquidityFunding: number;
}

/** Assesses the standing book: risk, its Euler allocation, funding and the LP legs. O(nK). */
export function assess(model: RiskModel, book: Book, forecast: MarketForecast): Assessment {
  const exposure = exposureOf(book, forecast);
  const risk = liabilityRisk(
    model.measure,
    exposure.mean,
    exposure.volatility,
    Math.log(model.alpha),
    forecast.tailFactor,
  );
  return assessExposure(model, book, forecast, exposure, risk);
}

/** {@link assess} where the exposure and the measure are at hand already. O(n). */
export function assessExposure(
  model: RiskModel,
  book: Book,
  forecast: MarketForecast,
  exposure: Exposure,
  risk: LiabilityRisk,
): Assessment {
  const contributions = riskContributions(book, exposure);
  const means = splitOfMean(model.allocation, exposure.mean, book, forecast, contributions);
  const spread = callSpread(
    exposure.forward,
    exposure.totalEntryNotional + book.capital,
    book.liquidity,
    exposure.volatility,
  );
  return {
    exposure,
    tailFactor: forecast.tailFactor,
    risk,
    riskMeasure: risk.value - book.pendingPremia,
    riskRate: risk.hs * exposure.volatilityRate,
    contributions,
    riskAllocation: eulerAllocation(risk, means, contributions),
    fundingRates: fundingRates(risk, exposure, means, contributions),
    callSpread: spread,
    liquidityFundingRates: liquidityFundingRates(
      model.allocation,
      spread,
      exposure,
      means,
      contributions,
      book.capital,
      book.liquidity,
    ),
    liquidityFunding: spread.vega * exposure.volatilityRate,
  };
}

/** Change of risk and of the LPs' call spread by a trade, with sign: the premia are their positive parts. */
export interface TradeImpact {
  readonly riskChange: number;
  readonly riskPremium: number;
  readonly liquidityChange: number;
  readonly liquidityPremium: number;
}

/** The premium of an arbitrary trade d (n signed sizes) at mark, from scratch; {@link QuotingBook} is the fast way. */
export function tradeImpact(
  model: RiskModel,
  book: Book,
  forecast: MarketForecast,
  tradeSizes: Float64Array,
): TradeImpact {
  const before = assess(model, book, forecast);
  const after = assess(model, bookAfterTrade(book, tradeSizes, forecast.prices), forecast);
  const riskChange = after.risk.value - before.risk.value;
  const liquidityChange = after.callSpread.price - before.callSpread.price;
  return {
    riskChange,
    riskPremium: Math.max(0, riskChange),
    liquidityChange,
    liquidityPremium: Math.max(0, liquidityChange),
  };
}
