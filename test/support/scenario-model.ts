import { portfolioModel, type PortfolioModel } from '#lib/margin';

/** Margin by scenarios alone over rates of 5 and 3 %: no EVaR, no costs of closing, no pool. @param scenarios shocks of the markets */
export function scenarioModel(
  markets: readonly string[],
  scenarios: readonly (readonly number[])[],
): PortfolioModel {
  return portfolioModel({
    version: 'test',
    markets: markets.map((market) => ({
      market,
      depth: null,
      initial: [{ above: 0, rate: 0.05 }],
      maintenance: [{ above: 0, rate: 0.03 }],
    })),
    alpha: null,
    covariance: [],
    scenarios: scenarios.map((shocks, k) => ({ name: `s${k}`, shocks })),
    absorbable: null,
  });
}
