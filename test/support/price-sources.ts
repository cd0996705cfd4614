import { markParameters, type MarkParameters } from '#lib/exchange';

/** Sources of equal weight: `{ A: 'x y z' }`. Markets that are not named have one, that of ticks that name none. */
export function equalSources(names: Readonly<Record<string, string>>): MarkParameters['sources'] {
  const lists = Object.entries(names).map(([market, list]) => [
    market,
    list.split(' ').map((source) => ({ source, weight: 1 })),
  ]);
  return { ...markParameters().sources, ...(Object.fromEntries(lists) as MarkParameters['sources']) };
}
