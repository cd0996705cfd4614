import type { FactorForecast } from '#lib/risk';
import type { LmGoState } from './filter.js';
import type { LmGoModel } from './model.js';

/** Expected variance of any factor, as weights of its level c and its averages O. */
export interface VarianceWeights {
  /** b_0 */
  readonly level: number;
  /** b_i */
  readonly averages: Float64Array;
}

/**
 * Weights of the sum over H bars of E[h], and of its last bar. With h = a_0 c + a·O and E[f²] = h, one bar moves E[O_i] to
 * λ_i O_i + (1−λ_i)(a_0 c + a·O).
 *
 * @param horizon H > 0 in bars, a fractional last bar counted in part
 */
export function horizonWeights(
  { decays, weights, constant }: Pick<LmGoModel, 'decays' | 'weights' | 'constant'>,
  horizon: number,
): { readonly sum: VarianceWeights; readonly last: VarianceWeights } {
  const sum = { level: 0, averages: new Float64Array(decays.length) };
  let last: VarianceWeights = { level: constant, averages: Float64Array.from(weights) };
  const bars = Math.ceil(horizon);
  for (let bar = 1; bar <= bars; bar++) {
    if (bar > 1) {
      const { level, averages } = last;
      const onto = decays.reduce((total, decay, i) => total + averages[i] * (1 - decay), 0);
      last = {
        level: level + onto * constant,
        averages: averages.map((weight, i) => weight * decays[i] + onto * weights[i]),
      };
    }
    const share = Math.min(1, horizon - bar + 1);
    sum.level += share * last.level;
    for (let i = 0; i < decays.length; i++) sum.averages[i] += share * last.averages[i];
  }
  return { sum, last };
}

/**
 * Σ over the horizon and its rate of change with it in factor form: D_k = κ_g(H)·(b_0 c_k + b·O_k). κ_g grows evenly from 1 at one bar to the
 * variance ratio of the common or the own factors at its horizon.
 *
 * @param horizon H > 0 in bars, not necessarily whole
 * @param varianceRatioFloor smallest κ_g; 1 where risk must not fall for mean reversion that the past may not repeat
 * @returns rates are per bar
 */
export function lmGoForecast(
  model: LmGoModel,
  state: LmGoState,
  horizon: number,
  varianceRatioFloor = 0,
): FactorForecast {
  const { factors: K, loadings, deviations, varianceRatio } = model;
  const n = deviations.length;
  const { sum, last } = horizonWeights(model, horizon);
  const common = ratioAt(varianceRatio.common, varianceRatio.horizon, horizon, varianceRatioFloor);
  const own = ratioAt(varianceRatio.own, varianceRatio.horizon, horizon, varianceRatioFloor);
  const variance = (factor: number) => weighted(sum, model.levels, state, factor);
  const rate = (factor: number, ratio: RatioAt) =>
    ratio.value * weighted(last, model.levels, state, factor) + ratio.slope * variance(factor);
  const square = (i: number) => deviations[i] * deviations[i];
  return {
    factors: K,
    loadings: Float64Array.from(loadings),
    variances: Float64Array.from({ length: K }, (_, k) => common.value * variance(k)),
    varianceRates: Float64Array.from({ length: K }, (_, k) => rate(k, common)),
    own: Float64Array.from({ length: n }, (_, i) => square(i) * own.value * variance(K + i)),
    ownRates: Float64Array.from({ length: n }, (_, i) => square(i) * rate(K + i, own)),
  };
}

interface RatioAt {
  readonly value: number;
  readonly slope: number;
}

/** κ(H) = max(floor, 1 + (ratio − 1)·min(1, (H−1)/(horizon−1))) and its slope from the left. */
function ratioAt(ratio: number, ratioHorizon: number, horizon: number, floor: number): RatioAt {
  const share = Math.min(1, Math.max(0, (horizon - 1) / (ratioHorizon - 1)));
  const value = 1 + (ratio - 1) * share;
  if (value < floor) return { value: floor, slope: 0 };
  const moving = horizon > 1 && horizon <= ratioHorizon;
  return { value, slope: moving ? (ratio - 1) / (ratioHorizon - 1) : 0 };
}

function weighted(
  { level, averages }: VarianceWeights,
  levels: readonly number[],
  state: LmGoState,
  factor: number,
): number {
  let sum = level * levels[factor];
  const at = factor * averages.length;
  for (let i = 0; i < averages.length; i++) sum += averages[i] * state[at + i];
  return sum;
}
