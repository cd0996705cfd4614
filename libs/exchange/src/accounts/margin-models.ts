import {
  buildScenarios,
  linearParameters,
  type PortfolioModel,
  portfolioModel,
  type PortfolioParameters,
  type Scenario,
} from '#lib/margin';
import type { CovariancePayload } from '#lib/messages';
import { covarianceEntry } from '#lib/risk';
import { factorForecastOf } from '../marks/forecast-message.js';
import type { MarketBoard } from '../marks/market-board.js';
import type { RiskRules } from '../parameters/risk-rules.js';

/** Margin as the exchange demands, and the moves that credit is measured in, which are the same in both modes. */
export interface MarginModel {
  readonly margin: PortfolioModel;
  readonly stress: PortfolioModel;
  readonly parameters: PortfolioParameters;
}

/**
 * The margin that holds, to compute with: made anew when the forecast, the risk parameters or the capital is another one.
 * Markets that have left the forecast keep the scenarios and rates, without a covariance.
 */
export class MarginModels {
  private made: MarginModel | undefined;
  private forecast: CovariancePayload | undefined;
  private rules: RiskRules | undefined;
  private capital = NaN;
  private readonly beside = new Set<string>();

  constructor(private readonly board: MarketBoard) {}

  /**
   * @param capital K, money; a capital that is not positive absorbs no loss, and concentration is undefined
   * @param positions markets it must have
   */
  model(rules: RiskRules, capital: number, positions: readonly { readonly market: string }[]): MarginModel {
    const forecast = this.board.latestForecast;
    if (this.forecast !== forecast || this.rules !== rules || this.capital !== capital) this.made = undefined;
    for (const { market } of positions) {
      if (this.made?.margin.indexOf.has(market) ?? forecast?.markets.includes(market)) continue;
      this.beside.add(market);
      this.made = undefined;
    }
    this.forecast = forecast;
    this.rules = rules;
    this.capital = capital;
    return (this.made ??= this.make(rules, capital));
  }

  private make(rules: RiskRules, capital: number): MarginModel {
    const markets = [...new Set([...(this.forecast?.markets ?? []), ...this.beside])];
    const parameters = portfolioParameters(rules, capital, markets, this.forecast);
    const stress = portfolioModel(parameters);
    const linear = rules.parameters.margin.mode === 'linear';
    return {
      stress,
      parameters,
      margin: linear ? portfolioModel(linearParameters(rules.rates, markets)) : stress,
    };
  }
}

/** Portfolio margin from the risk parameters, the forecast and the capital. */
function portfolioParameters(
  { version, parameters }: RiskRules,
  capital: number,
  markets: readonly string[],
  forecast: CovariancePayload | undefined,
): PortfolioParameters {
  const { margin } = parameters;
  const n = markets.length;
  const covariance = new Array<number>(n * n).fill(0);
  if (forecast !== undefined) {
    const returns = factorForecastOf(forecast);
    // The forecast's own markets come first, in its order.
    const share = margin.horizonMs / forecast.horizonMs;
    // Margins have the deviations that the guard rails let through; correlations are the forecast's.
    const railed = forecast.markets.map((_, i) => {
      const own = covarianceEntry(returns, i, i);
      const guarded = forecast.guardedDeviations?.[i];
      return guarded === undefined || !(own > 0) ? 1 : guarded / Math.sqrt(own);
    });
    for (let i = 0; i < forecast.markets.length; i++)
      for (let j = 0; j < forecast.markets.length; j++)
        covariance[i * n + j] = share * railed[i] * railed[j] * covarianceEntry(returns, i, j);
  }
  return {
    version: String(version),
    markets: markets.map((market) => ({
      market,
      depth: margin.depths[market] ?? null,
      ...(margin.floors.markets[market] ?? margin.floors.default),
    })),
    alpha: margin.tailProbability,
    covariance,
    scenarios: scenariosOf(margin, markets),
    absorbable: capital > 0 ? margin.absorbableShare * capital : null,
  };
}

function scenariosOf(
  { clusters, worstHours, jointHours }: RiskRules['parameters']['margin'],
  markets: readonly string[],
): Scenario[] {
  const known = new Set(markets);
  const here = Object.entries(clusters)
    .map(([name, members]) => [name, members.filter((market) => known.has(market))] as const)
    .filter(([, members]) => members.length > 1);
  return buildScenarios({
    markets,
    clusters: Object.fromEntries(here),
    worstHour: worstHours,
    jointHours,
  });
}
