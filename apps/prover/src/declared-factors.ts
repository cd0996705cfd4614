import {
  BAR_SIZE,
  DECAY_TIMES,
  type DeclaredFactors,
  type FactorState,
  type FactorWeights,
} from '#lib/proofs';
import { lmGoForecast, type LmGoModel } from '#lib/volatility';
import { ModelNotProvableError } from './errors.js';

/**
 * An LM-GO model as the circuits declare it. Each market's unit is its deviation a bar, in percent, common part and own part
 * together, so that loadings in units are within ±1; own levels and averages are shares of its square.
 *
 * @param varianceRatioFloor as the forecast takes it
 * @throws {ModelNotProvableError} for more common factors than the circuits have, or other averages
 */
export function declaredFactors(
  model: LmGoModel,
  horizonBars: number,
  varianceRatioFloor: number,
): Omit<DeclaredFactors, 'salt'> {
  const n = model.markets.length;
  const { factors: K, loadings, unmixing, levels } = model;
  if (K > BAR_SIZE.factors)
    throw new ModelNotProvableError(`the model has ${K} common factors, the circuits ${BAR_SIZE.factors}`);
  const shares = ownShares(model);
  const units = unitsOf(model);
  const { horizon, rate } = weightsOf(model, horizonBars, varianceRatioFloor);
  return {
    units,
    scores: Array.from({ length: K }, (_, k) => units.map((unit, i) => (unmixing[k * n + i] * unit) / 100)),
    loadings: units.map((unit, i) => Array.from({ length: K }, (_, k) => (100 * loadings[i * K + k]) / unit)),
    levels: levels.map((level, j) => (j < K ? level : level * shares[j - K])),
    horizon,
    rate,
  };
}

/**
 * A filter's state as the circuits have it.
 *
 * @param state averages by factor, in the order of the model's decays
 * @throws {ModelNotProvableError} for other averages than the circuits'
 */
export function declaredState(model: LmGoModel, state: readonly number[]): FactorState {
  const { factors: K } = model;
  const order = averagesOf(model);
  const shares = ownShares(model);
  return model.levels.map((_, j) =>
    order.map((i) => state[j * order.length + i] * (j < K ? 1 : shares[j - K])),
  );
}

/** Place of each of the circuits' averages among the model's. */
function averagesOf({ decays }: LmGoModel): number[] {
  const order = DECAY_TIMES.map((tau) =>
    decays.findIndex((decay) => Math.abs(decay - Math.exp(-1 / tau)) < 1e-9),
  );
  if (decays.length !== DECAY_TIMES.length || order.includes(-1))
    throw new ModelNotProvableError(
      `the model’s averages decay by ${decays.join(', ')} a bar, the circuits’ over ${DECAY_TIMES.join(', ')} bars`,
    );
  return order;
}

/** Percent a bar. */
function unitsOf({ factors: K, loadings, deviations }: LmGoModel): number[] {
  return deviations.map((own, i) => {
    const common = loadings.slice(i * K, (i + 1) * K).reduce((sum, b) => sum + b * b, 0);
    return 100 * Math.sqrt(common + own * own);
  });
}

/** s² as a share of the square of a market's unit. */
function ownShares(model: LmGoModel): number[] {
  return unitsOf(model).map((unit, i) => ((100 * model.deviations[i]) / unit) ** 2);
}

/** b_0 and b_i, read off the forecast itself: it is linear in levels and averages. */
function weightsOf(model: LmGoModel, horizonBars: number, floor: number) {
  const order = averagesOf(model);
  const { factors: K, levels, deviations } = model;
  const averages = order.length;
  const at = (state: Float64Array) => {
    const forecast = lmGoForecast(model, state, horizonBars, floor);
    const square = deviations[0] * deviations[0];
    return {
      horizon: { common: forecast.variances[0], own: forecast.own[0] / square },
      rate: { common: forecast.varianceRates[0], own: forecast.ownRates[0] / square },
    };
  };
  const zero = at(new Float64Array(levels.length * averages));
  const ofAverage = order.map((i) => {
    const state = new Float64Array(levels.length * averages);
    state[i] = 1;
    state[K * averages + i] = 1;
    return at(state);
  });
  const of = (term: 'horizon' | 'rate'): FactorWeights => ({
    level: { common: zero[term].common / levels[0], own: zero[term].own / levels[K] },
    averages: {
      common: ofAverage.map((values) => values[term].common - zero[term].common),
      own: ofAverage.map((values) => values[term].own - zero[term].own),
    },
  });
  return { horizon: of('horizon'), rate: of('rate') };
}
