import type { BacktestRow } from '#lib/volatility';

const COLOURS = [
  '#3056d3',
  '#c2410c',
  '#15803d',
  '#7e22ce',
  '#b45309',
  '#0e7490',
  '#be123c',
  '#4d7c0f',
  '#6d28d9',
  '#334155',
];
const WIDTH = 960;
const HEIGHT = 300;
const MARGIN = { top: 36, right: 190, bottom: 30, left: 70 };

/**
 * Cumulated energy score of each model less that of the compared one, by origin: a line that rises is a model that loses, and where it
 * rises is when. One chart a horizon, as one SVG.
 */
export function backtestPicture(rows: readonly BacktestRow[], horizons: readonly number[]): string {
  const charts = horizons.map((horizon, h) => {
    const of = rows.filter((row) => row.horizon === horizon);
    const compared = of.find(({ dieboldMariano }) => dieboldMariano === null)!;
    const lines = of.map((row) => {
      let sum = 0;
      return row.energyScores.map((score, t) => (sum += score - compared.energyScores[t]));
    });
    return chart(`energy score over ${horizon} bars, cumulated, less ${compared.model}’s`, of, lines, h);
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT * horizons.length}" font-family="sans-serif" font-size="12">\n${charts.join('\n')}\n</svg>\n`;
}

function chart(
  title: string,
  rows: readonly BacktestRow[],
  lines: readonly (readonly number[])[],
  place: number,
): string {
  const values = lines.flat();
  const low = Math.min(0, ...values);
  const high = Math.max(low + 1e-12, ...values);
  const steps = lines[0].length;
  const x = (t: number) => MARGIN.left + ((WIDTH - MARGIN.left - MARGIN.right) * (t + 1)) / steps;
  const y = (value: number) =>
    place * HEIGHT + MARGIN.top + ((HEIGHT - MARGIN.top - MARGIN.bottom) * (high - value)) / (high - low);
  const label = (at: number, text: string, anchor = 'start', left = 0, colour = '#111') =>
    `<text x="${left}" y="${at.toFixed(1)}" text-anchor="${anchor}" fill="${colour}">${text}</text>`;
  const paths = lines.map((line, i) => {
    const path = line
      .map((value, t) => `${t === 0 ? 'M' : 'L'}${x(t).toFixed(1)} ${y(value).toFixed(1)}`)
      .join('');
    return `<path d="${path}" fill="none" stroke="${COLOURS[i % COLOURS.length]}" stroke-width="1.5"/>`;
  });
  const legend = rows.map(({ model }, i) =>
    label(
      place * HEIGHT + MARGIN.top + 12 + 18 * i,
      model,
      'start',
      WIDTH - MARGIN.right + 14,
      COLOURS[i % COLOURS.length],
    ),
  );
  const zero = `<line x1="${MARGIN.left}" x2="${WIDTH - MARGIN.right}" y1="${y(0).toFixed(1)}" y2="${y(0).toFixed(1)}" stroke="#999"/>`;
  return [
    label(place * HEIGHT + 20, title, 'start', MARGIN.left),
    label(y(high), high.toExponential(1), 'end', MARGIN.left - 6),
    label(y(low), low.toExponential(1), 'end', MARGIN.left - 6),
    zero,
    ...paths,
    ...legend,
  ].join('\n');
}
