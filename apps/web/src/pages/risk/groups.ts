import type { Forecast } from '../../engine/answers.js';

/** Markets by cluster, as the forecast describes them; those it says nothing of stand alone. */
export function groupsOf(
  forecast: Forecast | undefined,
  markets: readonly string[],
): readonly (readonly string[])[] {
  const known = new Set(markets);
  const groups = (forecast?.groups?.markets ?? [])
    .map(({ markets: members }) => members.filter((market) => known.has(market)))
    .filter(({ length }) => length > 0);
  const grouped = new Set(groups.flat());
  return [...groups, ...markets.filter((market) => !grouped.has(market)).map((market) => [market])];
}
