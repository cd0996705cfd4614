import { LuDecomposition, Matrix } from 'ml-matrix';
import type { LmGoModel } from './model.js';

/** O, (K+n)×I row-major: averages of each factor's square, the common factors first. All the filter remembers between bars. */
export type LmGoState = Float64Array;

/** Everything a bar of the filter needs. */
export type LmGoDynamics = Pick<
  LmGoModel,
  'factors' | 'loadings' | 'unmixing' | 'deviations' | 'levels' | 'decays' | 'weights' | 'constant'
>;

/** State at the end of the window of a fit. */
export function initialLmGoState(model: Pick<LmGoModel, 'state'>): LmGoState {
  return Float64Array.from(model.state);
}

/**
 * One bar of the filter, O(nK): f_c = W_f r, e = (r − B f_c)/s; O′_ki = λ_i O_ki + (1−λ_i) f_k².
 *
 * @param returns n log returns of the bar; null for a market without a fresh price. Its return implied by the others counts for the
 *   common factors (its own shock is taken as 0 there), and its own averages move to their expectation, h.
 */
export function advanceLmGo(
  model: LmGoDynamics,
  state: LmGoState,
  returns: readonly (number | null)[],
): LmGoState {
  const { factors: K, loadings, deviations } = model;
  const n = deviations.length;
  const next = new Float64Array(state.length);
  const common = commonShocks(model, returns);
  for (let k = 0; k < K; k++) {
    averageIn(model, state, next, k, common === null ? null : common[k] * common[k]);
  }
  for (let i = 0; i < n; i++) {
    let own = returns[i];
    if (own !== null && common !== null) {
      for (let k = 0; k < K; k++) own -= loadings[i * K + k] * common[k];
      own = (own / deviations[i]) ** 2;
    }
    averageIn(model, state, next, K + i, own);
  }
  return next;
}

/**
 * f_c = W_f r, where a missing return is the one that the common factors imply: (1 − W_f,m B_m) f_c = W_f,p r_p over the markets
 * that are missing (m) and present (p). Null where the markets present do not determine the factors.
 */
function commonShocks(
  { factors: K, loadings, unmixing, deviations }: LmGoDynamics,
  returns: readonly (number | null)[],
): Float64Array | null {
  const n = deviations.length;
  const result = new Float64Array(K);
  const missing: number[] = [];
  for (let i = 0; i < n; i++) {
    const value = returns[i];
    if (value === null) missing.push(i);
    else for (let k = 0; k < K; k++) result[k] += unmixing[k * n + i] * value;
  }
  if (missing.length === 0) return result;
  if (missing.length === n) return null;
  const system = Matrix.eye(K, K);
  for (const i of missing) {
    for (let k = 0; k < K; k++) {
      for (let l = 0; l < K; l++)
        system.set(k, l, system.get(k, l) - unmixing[k * n + i] * loadings[i * K + l]);
    }
  }
  const decomposition = new LuDecomposition(system);
  // Below a hundredth of its markets, the rest carries almost no information on the factor.
  if (Math.abs(decomposition.determinant) < 0.01) return null;
  return Float64Array.from(decomposition.solve(Matrix.columnVector(result)).to1DArray());
}

/** @param square f²; null for its expectation */
function averageIn(
  { decays, weights, levels, constant }: LmGoDynamics,
  state: LmGoState,
  next: LmGoState,
  factor: number,
  square: number | null,
): void {
  const states = decays.length;
  const at = factor * states;
  let value = square;
  if (value === null) {
    value = constant * levels[factor];
    for (let i = 0; i < states; i++) value += weights[i] * state[at + i];
  }
  for (let i = 0; i < states; i++) next[at + i] = decays[i] * state[at + i] + (1 - decays[i]) * value;
}
