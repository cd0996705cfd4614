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
  /** scenarios and rates of the markets, which a forecast alone does not change */
  private terms: MarginTermsOfMarkets | undefined;

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
    const names = [...new Set([...(this.forecast?.markets ?? []), ...this.beside])];
    const { terms: before } = this;
    const terms = before?.rules === rules && sameNames(before.names, names) ? before : termsOf(rules, names);
    const parameters = portfolioParameters(rules, capital, terms, this.forecast);
    const stress = portfolioModel(parameters, terms.stress);
    terms.stress = stress;
    this.terms = terms;
    return { stress, parameters, margin: terms.linear ?? stress };
  }
}

/** Everything in a margin that follows from markets and risk parameters. */
interface MarginTermsOfMarkets {
  readonly rules: RiskRules;
  readonly names: readonly string[];
  readonly markets: PortfolioParameters['markets'];
  readonly scenarios: readonly Scenario[];
  /** where margin is linear */
  readonly linear: PortfolioModel | undefined;
  /** the latest model */
  stress?: PortfolioModel;
}

function termsOf(rules: RiskRules, names: readonly string[]): MarginTermsOfMarkets {
  const { margin } = rules.parameters;
  return {
    ...{ rules, names },
    markets: names.map((market) => ({
      market,
      depth: margin.depths[market] ?? null,
      ...(margin.floors.markets[market] ?? margin.floors.default),
    })),
    scenarios: scenariosOf(margin, names),
    linear: margin.mode === 'linear' ? portfolioModel(linearParameters(rules.rates, names)) : undefined,
  };
}

function sameNames(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name, i) => name === b[i]);
}

/** Portfolio margin from the risk parameters, the forecast and the capital. */
function portfolioParameters(
  { version, parameters }: RiskRules,
  capital: number,
  { markets, scenarios }: MarginTermsOfMarkets,
  forecast: CovariancePayload | undefined,
): PortfolioParameters {
  const { margin } = parameters;
  const n = markets.length;
  const covariance = new Float64Array(n * n);
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
    for (let i = 0; i < railed.length; i++)
      for (let j = 0; j <= i; j++) {
        const entry = covarianceEntry(returns, i, j);
        covariance[i * n + j] = share * railed[i] * railed[j] * entry;
        covariance[j * n + i] = share * railed[j] * railed[i] * entry;
      }
  }
  return {
    version: String(version),
    ...{ markets, scenarios, covariance },
    alpha: margin.tailProbability,
    absorbable: capital > 0 ? margin.absorbableShare * capital : null,
  };
}

/** The scenarios of the parameters for these markets. */
export function scenariosOf(
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
