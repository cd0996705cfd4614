import { stackedCharts } from '#lib/charts';
import { type PoolRun, type PricePath, valuesOf } from '#lib/pools';

export const COLOURS = [
  '#1b6ca8',
  '#d9822b',
  '#2e8b57',
  '#a23b72',
  '#6b5b95',
  '#8b7355',
  '#c0392b',
  '#16a2b8',
];

/** Value against holding, and weights, of the first set. */
export function poolPicture(
  rule: string,
  assets: readonly string[],
  run: PoolRun,
  prices: PricePath,
  times: readonly number[],
): string {
  const { rows, assets: n, reserves } = run;
  const values = Array.from(valuesOf(run, prices));
  const at = (t: number, i: number) => t * n + i;
  const held = values.map((_, t) =>
    assets.reduce((sum, _name, i) => sum + reserves[i] * prices.values[at(t, i)], 0),
  );
  return stackedCharts([
    {
      ...{ title: `Pool by ${rule}`, unit: 'value, quote currency', times },
      series: [
        { name: 'pool', colour: COLOURS[0], values },
        { name: 'holding', colour: '#999', values: held },
      ],
    },
    {
      ...{ title: 'Weights', unit: 'shares of the value', times },
      series: assets.map((name, i) => ({
        ...{ name, colour: COLOURS[i] },
        values: Array.from(
          { length: rows },
          (_, t) => (reserves[at(t, i)] * prices.values[at(t, i)]) / values[t],
        ),
      })),
    },
  ]);
}
