import type { SeriesTable } from './joined.js';

/** A table as the plainest file of its kind: ISO 8601 in UTC, one column a market, exact decimals, nothing where there is none. */
export function pricesCsv({ names, times, text }: SeriesTable): string {
  const lines = times.map((time, t) => {
    const cells = text[t].map((cell) => cell ?? '');
    return `${new Date(time).toISOString().replace('.000Z', 'Z')},${cells.join(',')}`;
  });
  return `${[['time', ...names].join(','), ...lines].join('\n')}\n`;
}
