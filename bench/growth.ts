import {
  advanceState,
  clusterMarkets,
  factorForecast,
  fitForecastModel,
  initialState,
  type ForecastModelOptions,
} from '#lib/volatility';
import { randomStream } from '#lib/runtime';
import { askPeers } from './harness.js';

/** CPU time of a piece of work at several sizes. */
export interface GrowthRow {
  readonly work: string;
  /** unit of the size */
  readonly of: string;
  readonly sizes: readonly number[];
  /** CPU time of the process, seconds, least of the repeats */
  readonly seconds: readonly number[];
  /** slope of ln seconds in ln size between the two largest sizes */
  readonly exponent: number;
  readonly targets: Readonly<Record<number, number>>;
}

const BARS = 1000;

/** Returns of n markets with a market-wide and four sector factors, and volatility that clusters. */
export function marketReturns(n: number): Float64Array[] {
  const random = randomStream(11);
  const returns = Array.from({ length: n }, () => new Float64Array(BARS));
  let h = 1;
  for (let t = 0; t < BARS; t++) {
    const common = Math.sqrt(h) * random.normal();
    h = 0.1 + 0.2 * common * common + 0.7 * h;
    const sectors = Array.from({ length: 4 }, () => random.normal());
    for (let i = 0; i < n; i++)
      returns[i][t] =
        0.01 * ((0.5 + 0.01 * (i % 40)) * common + 0.3 * sectors[i % 4] + 0.5 * random.normal());
  }
  return returns;
}

/**
 * The same with heavy tails of each market's own and of each sector's shocks, as returns have (Student's t with 4 degrees of freedom):
 * where all shocks are Gaussian there are no independent components to be found.
 */
export function heavyTailedReturns(n: number): Float64Array[] {
  const random = randomStream(13);
  const student = () => {
    let squares = 0;
    for (let i = 0; i < 4; i++) squares += random.normal() ** 2 / 4;
    return random.normal() / Math.sqrt(2 * squares);
  };
  const returns = Array.from({ length: n }, () => new Float64Array(BARS));
  let h = 1;
  for (let t = 0; t < BARS; t++) {
    const common = Math.sqrt(h) * random.normal();
    h = 0.1 + 0.2 * common * common + 0.7 * h;
    const sectors = Array.from({ length: 4 }, student);
    for (let i = 0; i < n; i++)
      returns[i][t] = 0.01 * ((0.5 + 0.01 * (i % 40)) * common + 0.3 * sectors[i % 4] + 0.5 * student());
  }
  return returns;
}

/** CPU seconds of the process, least of the repeats. */
export function cpuSeconds(repeats: number, work: () => void): number {
  let least = Infinity;
  for (let i = 0; i < repeats; i++) {
    const started = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(started);
    least = Math.min(least, (user + system) / 1e6);
  }
  return least;
}

export function growthRow(
  work: string,
  of: string,
  sizes: readonly number[],
  targets: Readonly<Record<number, number>>,
  measure: (size: number) => number,
): GrowthRow {
  const seconds = sizes.map(measure);
  const [a, b] = [sizes.length - 2, sizes.length - 1];
  const exponent = Math.log(seconds[b] / seconds[a]) / Math.log(sizes[b] / sizes[a]);
  return { work, of, sizes, seconds, exponent, targets };
}

const fit =
  (options: ForecastModelOptions, simulate = marketReturns) =>
  (n: number) => {
    const returns = simulate(n);
    const names = returns.map((_, i) => `M${i}`);
    return cpuSeconds(n < 100 ? 5 : 1, () => fitForecastModel(names, returns, options));
  };

/** How the default forecast grows with the number of markets, 1,000 bars each, and NumPy's time for the reference where it is there. */
export function forecastGrowth(): GrowthRow[] {
  const sizes = [24, 200, 500];
  const numpy = askPeers<{ lmGo: number[] }>({
    lmGo: { windows: sizes.map((n) => marketReturns(n).map((series) => [...series])) },
  });
  return [
    ...(numpy === null
      ? []
      : [
          growthRow('LM-GO refit, the reference in NumPy', 'markets', sizes, {}, (n) =>
            numpy.lmGo.at(sizes.indexOf(n))!,
          ),
        ]),
    growthRow('LM-GO refit', 'markets', [8, 24, 50, 200, 500], { 24: 0.01, 200: 0.4, 500: 4 }, fit({})),
    growthRow('a bar of LM-GO: filter, horizon, rate', 'markets', [24, 200, 500], { 500: 0.15 }, (n) => {
      const returns = marketReturns(n);
      const { model } = fitForecastModel(
        returns.map((_, i) => `M${i}`),
        returns,
      );
      const row = returns.map((series) => series[7]);
      return cpuSeconds(20, () =>
        factorForecast(model, advanceState(model, initialState(model), row), 24, 1),
      );
    }),
    growthRow('cointegration of all pairs, groups by linkage', 'markets', [24, 50, 200], {}, (n) => {
      const returns = marketReturns(n);
      return cpuSeconds(1, () => clusterMarkets('linkage', returns));
    }),
  ];
}

/** How GO-GARCH grows: by clusters, or with all markets in one group; with heavy tails as returns have, and where most shocks are Gaussian. */
export function goGarchGrowth(clusters: 'linkage' | 'single', target: number): GrowthRow[] {
  const how = clusters === 'single' ? 'all markets one group' : 'by clusters';
  return (
    [
      [`GO-GARCH refit, ${how}`, heavyTailedReturns],
      [`the same where all shocks but the common one are Gaussian`, marketReturns],
    ] as const
  ).map(([work, simulate]) =>
    growthRow(work, 'markets', [24, 50, 200], { 200: target }, fit({ model: 'gogarch', clusters }, simulate)),
  );
}

/** The rows as a table for reading. */
export function growthTable(rows: readonly GrowthRow[]): string {
  return rows
    .map(({ work, of, sizes, seconds, exponent, targets }) =>
      [
        `${work}, by ${of} (exponent ${exponent.toFixed(2)} between the two largest)`,
        ...sizes.map((size, i) => {
          const target = targets[size] === undefined ? '' : `  target ${timeText(targets[size])}`;
          return `  ${String(size).padStart(9)}  ${timeText(seconds[i]).padStart(12)}${target}`;
        }),
      ].join('\n'),
    )
    .join('\n');
}

function timeText(seconds: number): string {
  if (seconds < 1e-3) return `${Number((1e6 * seconds).toPrecision(4))} µs`;
  return seconds < 1 ? `${Number((1e3 * seconds).toPrecision(4))} ms` : `${Number(seconds.toPrecision(4))} s`;
}
