import { InvalidInputError } from '#lib/errors';
import { regressionOn, residualSumOfSquares, triangularise } from '../householder-qr.js';
import type { Trend } from './mackinnon-tables.js';
import { mackinnonPValue } from './mackinnon.js';

export interface DickeyFullerOptions {
  /** deterministic terms of the test regression; default `c` */
  readonly trend?: Trend;
  /** largest number of lagged differences; default ⌈12·(T/100)^¼⌉ (Schwert 1989) */
  readonly maximumLag?: number;
  /** `aic` chooses the lag up to the maximum on one common sample, `fixed` takes the maximum; default `aic` */
  readonly lagSelection?: 'aic' | 'fixed';
}

export interface DickeyFullerResult {
  /** t statistic of the lagged level */
  readonly statistic: number;
  readonly pValue: number;
  readonly usedLag: number;
  readonly observations: number;
}

const TREND_TERMS: Readonly<Record<Trend, number>> = { n: 0, c: 1, ct: 2 };

/** Columns of Δx_t on [trend terms, x_{t−1}, Δx_{t−1} … Δx_{t−lag}], response last. */
function testRegression(series: ArrayLike<number>, lag: number, trend: Trend): Float64Array[] {
  const rows = series.length - 1 - lag;
  const column = (value: (t: number) => number) =>
    Float64Array.from({ length: rows }, (_, row) => value(row + lag + 1));
  const difference = (t: number) => series[t] - series[t - 1];
  const level = column((t) => series[t - 1]);
  const terms: Float64Array[] = [];
  if (TREND_TERMS[trend] >= 1) terms.push(new Float64Array(rows).fill(1));
  if (TREND_TERMS[trend] >= 2) terms.push(Float64Array.from({ length: rows }, (_, row) => row + 1));
  const lags = Array.from({ length: lag }, (_, l) => column((t) => difference(t - l - 1)));
  return [...terms, level, ...lags, column(difference)];
}

/** Lag with the smallest Akaike criterion, all candidates fitted on the sample of the longest one. */
function lagByAic(series: ArrayLike<number>, maximumLag: number, trend: Trend): number {
  const factor = triangularise(testRegression(series, maximumLag, trend));
  const n = factor.observations;
  let best = 0;
  let bestAic = Infinity;
  for (let lag = 0; lag <= maximumLag; lag++) {
    const k = TREND_TERMS[trend] + 1 + lag;
    const logLikelihood = -0.5 * n * (Math.log((2 * Math.PI * residualSumOfSquares(factor, k)) / n) + 1);
    const aic = -2 * logLikelihood + 2 * k;
    if (aic < bestAic) {
      bestAic = aic;
      best = lag;
    }
  }
  return best;
}

/** The test's statistic without its p-value, which depends on how the series came about. */
export function dickeyFullerStatistic(
  series: ArrayLike<number>,
  { trend = 'c', maximumLag, lagSelection = 'aic' }: DickeyFullerOptions = {},
): Omit<DickeyFullerResult, 'pValue'> {
  const terms = TREND_TERMS[trend];
  const largestPossible = Math.floor(series.length / 2) - terms - 1;
  const limit = maximumLag ?? Math.min(largestPossible, Math.ceil(12 * (series.length / 100) ** 0.25));
  if (limit < 0 || limit > largestPossible) {
    throw new InvalidInputError(
      'series',
      `too short: ${series.length} observations for ${Math.max(limit, 0)} lags`,
    );
  }
  const usedLag = lagSelection === 'aic' ? lagByAic(series, limit, trend) : limit;
  const factor = triangularise(testRegression(series, usedLag, trend));
  const { tStatistics } = regressionOn(factor, terms + 1 + usedLag);
  return { statistic: tStatistics[terms], usedLag, observations: factor.observations };
}

/**
 * Augmented Dickey–Fuller test of a unit root: Δx_t = (trend) + γ·x_{t−1} + Σ φ_l Δx_{t−l} + ε; H₀: γ = 0.
 *
 * Source: Said & Dickey, Biometrika 71 (1984); p-value by {@link mackinnonPValue}.
 *
 * @throws {InvalidInputError} for a series too short for its lags, or constant
 */
export function augmentedDickeyFuller(
  series: ArrayLike<number>,
  options: DickeyFullerOptions = {},
): DickeyFullerResult {
  const result = dickeyFullerStatistic(series, options);
  return { ...result, pValue: mackinnonPValue(result.statistic, options.trend ?? 'c', 1) };
}
