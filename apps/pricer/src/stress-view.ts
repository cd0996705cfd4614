import type { InsolvencyDistance, StressReport } from '#lib/lab';
import type { StressAnswer } from './rest/stress.controller.js';

/** A report with its figures by the markets' names, as `GET /v1/stress` answers. */
export function stressView({
  at,
  barEnd,
  markets,
  distance: to,
  scenarios,
  ...report
}: StressReport): StressAnswer {
  const byMarket = (values: ArrayLike<number>) =>
    Object.fromEntries(markets.map((market, i) => [market, values[i]]));
  const view = ({ atLeast, atMost, moves }: InsolvencyDistance) => ({
    atLeast,
    atMost: Number.isFinite(atMost) ? atMost : null,
    moves: moves === null ? null : byMarket(moves),
  });
  const { forecastId, accounts, capital, liquidity } = report;
  return {
    ...{ marketTime: new Date(at).toISOString(), barEnd: new Date(barEnd).toISOString() },
    ...{ forecastId, accounts, capital, liquidity },
    distance: { capital: view(to.capital), insolvency: view(to.insolvency) },
    scenarios: scenarios.map(({ lossByMarket, groups, ...scenario }) => ({
      ...scenario,
      groups: [...groups],
      lossByMarket: byMarket(lossByMarket),
    })),
  };
}
