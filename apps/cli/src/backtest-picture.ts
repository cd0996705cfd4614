import { stackedCharts } from '#lib/charts';
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

/**
 * Cumulated energy score of each model less that of the compared one, by origin: a line that rises is a model that loses, and where it
 * rises is when. One chart a horizon, as one SVG.
 *
 * @param times of the origins, milliseconds
 */
export function backtestPicture(
  rows: readonly BacktestRow[],
  horizons: readonly number[],
  times: readonly number[],
): string {
  return stackedCharts(
    horizons.map((horizon) => {
      const of = rows.filter((row) => row.horizon === horizon);
      const compared = of.find(({ dieboldMariano }) => dieboldMariano === null)!;
      const series = of.map(({ model, energyScores }, i) => {
        let sum = 0;
        const values = energyScores.map((score, t) => (sum += score - compared.energyScores[t]));
        return { name: model, colour: COLOURS[i % COLOURS.length], values };
      });
      const bars = horizon === 1 ? 'a bar' : `${horizon} bars`;
      return {
        title: `Energy score over ${bars}, less ${compared.model}’s`,
        unit: 'cumulated, of log returns',
        scale: 'linear',
        ...{ times, series },
      };
    }),
  );
}
