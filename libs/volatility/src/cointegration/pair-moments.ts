import { InvalidInputError } from '#lib/errors';
import { gram, multiplyTransposed } from '../dense.js';
import type { EngleGrangerResult } from './engle-granger.js';
import { mackinnonCriticalValues, mackinnonPValue } from './mackinnon.js';

/** Series whose lagged differences are multiplied with all others' at once: few enough for memory, many enough for speed. */
const BLOCK = 8;
/** Collinear where 1 − R² is below 100·√ε, as in {@link engleGranger}. */
const COLLINEARITY = 100 * Math.sqrt(Number.EPSILON);

/**
 * Engle–Granger tests of all pairs from moments that the pairs share. The residual e = y − a − b·x and its differences are linear in those
 * of y and x, so every product a Dickey–Fuller regression needs is bilinear in the products of the series' own levels and lagged
 * differences. One pass over time makes these, n²·p·T; a pair then costs O(p³) instead of regressions over T.
 *
 * Statistics are those of {@link engleGranger} up to rounding: the regressions are solved by normal equations of centred series.
 */
export class PairMoments {
  /** p, largest lag */
  readonly maximumLag: number;
  private readonly length: number;
  private readonly centred: Float64Array[];
  private readonly means: Float64Array;
  private readonly differences: Float64Array[];
  /** Σ_t x_i x_j over all t */
  private readonly levels: Float64Array;
  /** Σ over the common sample of x_i(t−1)·x_j(t−1) */
  private readonly laggedLevels: Float64Array;
  /** Σ over the common sample of x_i(t−1)·Δx_j(t−m), by (i·n + j)·(p+1) + m */
  private readonly crossed: Float64Array;
  /** Σ over the common sample of Δx_i(t)·Δx_j(t−m), by (i·n + j)·(p+1) + m */
  private readonly changes: Float64Array;
  private readonly rows: number;

  /**
   * @param series n series of T log prices
   * @throws {InvalidInputError} where they are too short for the lags
   */
  constructor(series: readonly Float64Array[], maximumLag?: number) {
    const n = series.length;
    const length = series[0]?.length ?? 0;
    const largest = Math.floor(length / 2) - 1;
    const p = maximumLag ?? Math.min(largest, Math.ceil(12 * (length / 100) ** 0.25));
    if (p < 0 || p > largest)
      throw new InvalidInputError('series', `too short: ${length} observations for ${Math.max(p, 0)} lags`);
    this.maximumLag = p;
    this.length = length;
    this.means = Float64Array.from(
      series,
      (values) => values.reduce((sum, value) => sum + value, 0) / length,
    );
    this.centred = series.map((values, i) => values.map((value) => value - this.means[i]));
    this.differences = series.map((values) =>
      Float64Array.from({ length }, (_, t) => (t === 0 ? 0 : values[t] - values[t - 1])),
    );
    this.rows = length - 1 - p;
    const lags = p + 1;
    const rows = this.rows;
    const all = stacked(this.centred, 0, length);
    this.levels = gram(all, n, length);
    const levels = stacked(this.centred, p, rows);
    this.laggedLevels = gram(levels, n, rows);
    const changes = stacked(this.differences, p + 1, rows);
    this.crossed = new Float64Array(n * n * lags);
    this.changes = new Float64Array(n * n * lags);
    for (let from = 0; from < n; from += BLOCK) {
      const block = this.differences.slice(from, from + BLOCK);
      const lagged = new Float64Array(block.length * lags * rows);
      block.forEach((series, j) => {
        for (let m = 0; m < lags; m++)
          lagged.set(series.subarray(p + 1 - m, p + 1 - m + rows), (j * lags + m) * rows);
      });
      const width = block.length * lags;
      const product = new Float64Array(n * width);
      for (const [left, into] of [
        [levels, this.crossed],
        [changes, this.changes],
      ] as const) {
        multiplyTransposed(left, lagged, product, n, rows, width);
        for (let i = 0; i < n; i++)
          into.set(product.subarray(i * width, (i + 1) * width), (i * n + from) * lags);
      }
    }
  }

  /** The test that y − b·x is stationary, of series by their indices. */
  test(y: number, x: number): EngleGrangerResult {
    const n = this.centred.length;
    const { length, maximumLag: p } = this;
    const xx = this.levels[x * n + x];
    if (!(xx > 0)) throw new InvalidInputError(`series[${x}]`, 'is constant');
    const slope = this.levels[y * n + x] / xx;
    const intercept = this.means[y] - slope * this.means[x];
    const criticalValues = mackinnonCriticalValues('c', 2, length - 1);
    const total = this.levels[y * n + y];
    if (total - slope * this.levels[y * n + x] < COLLINEARITY * total)
      return { statistic: -Infinity, pValue: 0, criticalValues, intercept, slope, usedLag: 0 };
    const moments = this.residualMoments(y, x, slope);
    const usedLag = lagByAic(moments, p, this.rows);
    const onItsSample = this.withEarlierRows(moments, y, x, slope, usedLag);
    const statistic = levelStatistic(onItsSample, p, usedLag, length - 1 - usedLag);
    return {
      statistic,
      pValue: mackinnonPValue(statistic, 'c', 2),
      criticalValues,
      intercept,
      slope,
      usedLag,
    };
  }

  /** Products over the common sample of [e(t−1), Δe(t), Δe(t−1) … Δe(t−p)], (p+2)×(p+2) row-major; e has mean zero over all T. */
  private residualMoments(y: number, x: number, b: number): Float64Array {
    const n = this.centred.length;
    const lags = this.maximumLag + 1;
    const size = lags + 1;
    const result = new Float64Array(size * size);
    const bilinear = (values: Float64Array, stride: number, m: number) =>
      values[(y * n + y) * stride + m] -
      b * (values[(y * n + x) * stride + m] + values[(x * n + y) * stride + m]) +
      b * b * values[(x * n + x) * stride + m];
    result[0] = bilinear(this.laggedLevels, 1, 0);
    const d = (t: number) => this.differences[y][t] - b * this.differences[x][t];
    for (let m = 0; m < lags; m++) result[1 + m] = result[(1 + m) * size] = bilinear(this.crossed, lags, m);
    for (let m = 0; m < lags; m++) {
      // Lag l against lag l + m, from lag 0 against lag m by the terms that enter and leave the sample at its ends.
      let value = bilinear(this.changes, lags, m);
      for (let l = 0; l + m < lags; l++) {
        result[(1 + l) * size + 1 + l + m] = result[(1 + l + m) * size + 1 + l] = value;
        const first = this.maximumLag + 1 - (l + 1);
        const last = this.length - 1 - l;
        if (l + 1 + m < lags) value += d(first) * d(first - m) - d(last) * d(last - m);
      }
    }
    return result;
  }

  /** The moments over the longer sample that fewer lags leave: t from `lag` + 1. */
  private withEarlierRows(moments: Float64Array, y: number, x: number, b: number, lag: number): Float64Array {
    const size = this.maximumLag + 2;
    const result = Float64Array.from(moments);
    const row = new Float64Array(lag + 2);
    for (let t = lag + 1; t <= this.maximumLag; t++) {
      row[0] = this.centred[y][t - 1] - b * this.centred[x][t - 1];
      for (let l = 0; l <= lag; l++) row[1 + l] = this.differences[y][t - l] - b * this.differences[x][t - l];
      for (let i = 0; i < row.length; i++)
        for (let j = 0; j < row.length; j++) result[i * size + j] += row[i] * row[j];
    }
    return result;
  }
}

/** Lag with the smallest Akaike criterion: residual sums of squares of all lags from one Cholesky factor. */
function lagByAic(moments: Float64Array, p: number, rows: number): number {
  // Regressors e(t−1), Δe(t−1) … Δe(t−p), then the response Δe(t).
  const order = [0, ...Array.from({ length: p }, (_, l) => 2 + l), 1];
  const factor = choleskyOf(moments, p + 2, order);
  const last = p + 1;
  let residual = moments[(p + 2) * 1 + 1] - factor[last * (p + 2)] ** 2;
  let best = 0;
  let bestAic = Infinity;
  for (let lag = 0; lag <= p; lag++) {
    if (lag > 0) residual -= factor[last * (p + 2) + lag] ** 2;
    const logLikelihood = -0.5 * rows * (Math.log((2 * Math.PI * residual) / rows) + 1);
    const aic = -2 * logLikelihood + 2 * (1 + lag);
    if (aic < bestAic) {
      bestAic = aic;
      best = lag;
    }
  }
  return best;
}

/** t statistic of the lagged level: it comes last among the regressors, where its coefficient and error are entries of the factor. */
function levelStatistic(moments: Float64Array, p: number, lag: number, rows: number): number {
  const order = [...Array.from({ length: lag }, (_, l) => 2 + l), 0, 1];
  const size = order.length;
  const factor = choleskyOf(moments, p + 2, order);
  const at = (size - 1) * size;
  const error = factor[at + size - 1] / Math.sqrt(rows - lag - 1);
  return factor[at + size - 2] / error;
}

/** Lower Cholesky factor of the moments in the order given. */
function choleskyOf(moments: Float64Array, size: number, order: readonly number[]): Float64Array {
  const n = order.length;
  const L = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = moments[order[i] * size + order[j]];
      for (let k = 0; k < j; k++) sum -= L[i * n + k] * L[j * n + k];
      L[i * n + j] = i === j ? Math.sqrt(Math.max(sum, 1e-300)) : sum / L[j * n + j];
    }
  }
  return L;
}

/** `count` values of each series from the same time on, a series a row. */
function stacked(series: readonly Float64Array[], from: number, count: number): Float64Array {
  const result = new Float64Array(series.length * count);
  series.forEach((values, i) => result.set(values.subarray(from, from + count), i * count));
  return result;
}
