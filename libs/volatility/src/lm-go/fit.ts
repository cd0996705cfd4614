import { InvalidInputError } from '#lib/errors';
import { multiply } from '../dense.js';
import { type CommonFactors, commonFactors } from './common-factors.js';
import type { LmGoModel, LmGoOptions } from './model.js';
import { windowMoments } from './shrunk-correlation.js';

const DEFAULTS = {
  halfLife: 200,
  decayTimes: [4, 36, 324],
  cutOff: 1560,
  devolatilisation: 0.1,
  smallestOwnShare: 0.02,
  constant: 0,
  varianceRatioHorizon: 12,
  varianceRatioPrior: 0.01,
  levelShare: 0.5,
} as const satisfies LmGoOptions;

/** Share of a market's squared returns below which its residual is rounding: without this, Σ would depend on the machine. */
const ROUNDING = 1e-24;

/**
 * Fits LM-GO to a window of returns of mean zero. Deterministic, no optimiser: it cannot fail to converge, and whatever the data,
 * every Σ it leads to is positive definite.
 *
 * Source: docs/concepts/forecast.md; van der Weide (2002) for the family, Zumbach, "The RiskMetrics 2006 methodology" (2007), section
 * 2.1, for the weights of the averages.
 *
 * @param markets n names
 * @param returns n series of T log returns, oldest first, none of them all zero
 * @throws {InvalidInputError} for a window that is not longer than the variance ratio's horizon, or a market that does not move
 */
export function fitLmGo(
  markets: readonly string[],
  returns: readonly Float64Array[],
  options: LmGoOptions = {},
): LmGoModel {
  const settings = { ...DEFAULTS, ...options };
  const length = returns[0]?.length ?? 0;
  if (length <= settings.varianceRatioHorizon) {
    throw new InvalidInputError(
      'returns',
      `must be more than ${settings.varianceRatioHorizon} bars of at least one market, got ${length} of ${returns.length}`,
    );
  }
  returns.forEach((series, i) => {
    if (series.every((value) => value === 0))
      throw new InvalidInputError(`returns.${markets[i]}`, 'are all zero: the price did not move');
  });
  const moments = windowMoments(returns, settings);
  const common = commonFactors(moments, length, {
    count: options.factors,
    smallestOwnShare: settings.smallestOwnShare,
  });
  const shocks = factorSeries(common, returns);
  const levels = shocks.map((series) => {
    const square = series.reduce((sum, value, t) => sum + moments.barWeights[t] * value * value, 0);
    return settings.levelShare * square + 1 - settings.levelShare;
  });
  const decays = settings.decayTimes.map((time) => Math.exp(-1 / time));
  const weights = longMemoryWeights(settings.decayTimes, settings.cutOff, settings.constant);
  const filtered = shocks.map((series, k) =>
    standardise(series, levels[k], { decays, weights, constant: settings.constant }),
  );
  const ratios = filtered.map(({ standardised, deviations }, k) => {
    // A market that the common factors explain whole has no shocks of its own: its ratio is that of its returns.
    const measured =
      k >= common.factors && shocks[k].every((value) => value === 0)
        ? returns[k - common.factors].map((value, t) => value / deviations[t])
        : standardised;
    return varianceRatio(measured, settings.varianceRatioHorizon);
  });
  const pooled = (group: readonly number[]) =>
    pooledVarianceRatio(group, length, settings.varianceRatioHorizon, settings.varianceRatioPrior);
  return {
    kind: 'lm-go',
    markets: [...markets],
    observations: length,
    factors: common.factors,
    loadings: Array.from(common.loadings),
    unmixing: Array.from(common.unmixing),
    deviations: Array.from(common.deviations),
    levels,
    decays,
    weights,
    constant: settings.constant,
    varianceRatio: {
      horizon: settings.varianceRatioHorizon,
      common: pooled(ratios.slice(0, common.factors)),
      own: pooled(ratios.slice(common.factors)),
    },
    state: filtered.flatMap(({ state }) => state),
  };
}

/** f = W r over the window, the common factors first. */
function factorSeries(
  { factors: K, loadings, unmixing, deviations }: CommonFactors,
  returns: readonly Float64Array[],
): Float64Array[] {
  const n = returns.length;
  const length = returns[0].length;
  const stacked = new Float64Array(n * length);
  returns.forEach((series, i) => stacked.set(series, i * length));
  const common = multiply(unmixing, stacked, new Float64Array(K * length), K, n, length);
  const fitted = multiply(loadings, common, new Float64Array(n * length), n, K, length);
  return [
    ...Array.from({ length: K }, (_, k) => common.subarray(k * length, (k + 1) * length)),
    ...returns.map((series, i) => {
      const residual = series.map((value, t) => value - fitted[i * length + t]);
      const rounding = sumOfSquares(residual) < ROUNDING * sumOfSquares(series);
      return residual.map((value) => (rounding ? 0 : value / deviations[i]));
    }),
  ];
}

function sumOfSquares(series: Float64Array): number {
  return series.reduce((sum, value) => sum + value * value, 0);
}

/** a_i ∝ 1 − ln τ_i/ln τ₀, adding up to 1 − a_0. */
function longMemoryWeights(times: readonly number[], cutOff: number, constant: number): number[] {
  const raw = times.map((time) => 1 - Math.log(time) / Math.log(cutOff));
  const total = raw.reduce((sum, weight) => sum + weight, 0);
  return raw.map((weight) => ((1 - constant) * weight) / total);
}

/** f_t/√h_t and √h_t over the window, and the averages at its end. */
function standardise(
  series: Float64Array,
  level: number,
  { decays, weights, constant }: Pick<LmGoModel, 'decays' | 'weights' | 'constant'>,
): { standardised: Float64Array; deviations: Float64Array; state: number[] } {
  const state = decays.map(() => level);
  const states = decays.length;
  const standardised = new Float64Array(series.length);
  const deviations = new Float64Array(series.length);
  for (let t = 0; t < series.length; t++) {
    const value = series[t];
    let h = constant * level;
    for (let i = 0; i < states; i++) {
      h += weights[i] * state[i];
      state[i] = decays[i] * state[i] + (1 - decays[i]) * value * value;
    }
    deviations[t] = Math.sqrt(h);
    standardised[t] = value / deviations[t];
  }
  return { standardised, deviations, state };
}

/** Mean square of overlapping sums over `horizon` bars, by `horizon` times the mean square. */
function varianceRatio(series: Float64Array, horizon: number): number {
  const length = series.length;
  const cumulative = new Float64Array(length + 1);
  let squares = 0;
  for (let t = 0; t < length; t++) {
    cumulative[t + 1] = cumulative[t] + series[t];
    squares += series[t] * series[t];
  }
  let sum = 0;
  for (let t = horizon; t <= length; t++) sum += (cumulative[t] - cumulative[t - horizon]) ** 2;
  return sum / (length + 1 - horizon) / horizon / (squares / length);
}

/** Mean of a group's ratios, shrunk towards 1 by how noisy such a mean is. */
function pooledVarianceRatio(
  ratios: readonly number[],
  observations: number,
  horizon: number,
  prior: number,
): number {
  const noise = (8 * horizon) / 3 / observations / ratios.length;
  const mean = ratios.reduce((sum, ratio) => sum + ratio, 0) / ratios.length;
  return 1 + (prior / (prior + noise)) * (mean - 1);
}
