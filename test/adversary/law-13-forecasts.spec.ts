import { describe, expect, it } from 'vitest';
import { markParameters, type ObservedPrice } from '#lib/exchange';
import { ForecastEngine, type ForecastingParameters } from '#lib/forecasting';
import { randomStream } from '#lib/runtime';
import { fitForecastModel } from '#lib/volatility';

const HOUR = 3_600_000;
const parameters: ForecastingParameters = {
  ...{ barMs: HOUR, windowBars: 60, minimumBars: 20, refitEveryBars: 1, registerEveryBars: 5 },
  ...{ describeEveryBars: 5, varianceRatioFloor: 1, tailAlphas: [0.01], tailForecasts: 100 },
  ...{ activateAfterBars: 1, horizonBars: 4, staleAfterBars: 3, marks: markParameters({}) },
};
const GOOD = ['A', 'B', 'C'];

/** Law 13: one market whose prices nothing can be learnt from; the others have their forecast at every bar. */
describe('one bad market', () => {
  type Bad = (prices: ReadonlyMap<string, number>[], bar: number) => number | undefined;
  const bad: [name: string, price: Bad][] = [
    ['a copy of another', (past) => past.at(-1)!.get('A')],
    ['a copy of another, a bar late', (past) => past.at(-2)?.get('A') ?? 100],
    ['twice another', (past) => 2 * past.at(-1)!.get('A')!],
    ['the reciprocal of another', (past) => 1e4 / past.at(-1)!.get('A')!],
    ['constant', () => 100],
    ['constant but for one bar', (_, bar) => (bar === 30 ? 101 : 100)],
    ['the product of two others', (past) => (past.at(-1)!.get('A')! * past.at(-1)!.get('B')!) / 100],
    ['at the smallest price there is', (_, bar) => (bar % 2 === 0 ? 1e-12 : 2e-12)],
    ['silent every other bar', (_, bar) => (bar % 2 === 0 ? undefined : 100 + (bar % 7))],
  ];
  it.each(bad)('that is %s', async (_name, price) => {
    const engine = new ForecastEngine(parameters, ({ markets, returns }, describe) =>
      Promise.resolve({
        fit: fitForecastModel(markets, returns, { minimumObservations: 20, describe }),
        seconds: 0,
      }),
    );
    const random = randomStream(13);
    const past: Map<string, number>[] = [];
    let sequence = 0;
    let forecasts = 0;
    for (let bar = 1; bar <= 60; bar++) {
      const common = 0.002 * random.normal();
      const prices = new Map(
        GOOD.map((name) => [
          name,
          (past.at(-1)?.get(name) ?? 100) * Math.exp(common + 0.001 * random.normal()),
        ]),
      );
      past.push(prices);
      const own = price(past, bar);
      if (own !== undefined) prices.set('BAD', own);
      const ticks = [...prices].map(([market, value]): ObservedPrice => ({
        ...{ market, price: value.toFixed(12), time: bar * HOUR - 1000, sequence: sequence++ },
      }));
      const { forecasts: made } = await engine.advance([...ticks, { until: bar * HOUR }]);
      for (const { markets, loadings, ownVariances, factorVariances } of made) {
        forecasts++;
        expect(markets).toEqual(expect.arrayContaining(GOOD));
        for (const value of [...loadings, ...ownVariances, ...factorVariances])
          expect(Number.isFinite(value)).toBe(true);
      }
    }
    expect(forecasts).toBeGreaterThan(30);
  });
});
