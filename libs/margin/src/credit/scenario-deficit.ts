import type { PortfolioModel } from '../portfolio/parameters.js';

/** The deficits of all accounts in one scenario. */
export interface ScenarioDeficit {
  readonly scenario: string;
  /** of the scenario's shocks */
  readonly times: 1 | 2;
  /** C_k, money */
  readonly deficit: number;
}

/**
 * The largest C_k, the largest first.
 *
 * @param totals C_k of r_k at k, of 2·r_k at K + k, money
 */
export function largestDeficits(
  totals: Float64Array,
  { scenarios }: Pick<PortfolioModel, 'scenarios'>,
  most: number,
): ScenarioDeficit[] {
  return Array.from(totals, (deficit, k): ScenarioDeficit => ({
    scenario: scenarios[k % scenarios.length].name,
    times: k < scenarios.length ? 1 : 2,
    deficit,
  }))
    .sort((a, b) => b.deficit - a.deficit)
    .slice(0, most);
}
