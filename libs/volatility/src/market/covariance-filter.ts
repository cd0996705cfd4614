import { nextVariance } from '../garch/index.js';
import type { MarketModel } from './market-model.js';

/** h_{t+1} of every factor, clusters in order: all that the filter remembers between bars. */
export type FilterState = Float64Array;

/** State right after a fit: the variance forecasts at the end of the estimation window. */
export function initialFilterState(model: MarketModel): FilterState {
  return Float64Array.from(
    model.clusters.flatMap(({ goGarch }) => goGarch.garch.map((fit) => fit.nextVariance)),
  );
}

/**
 * One bar of the filter, no optimisation: f = W(r − μ), h ← ω + α f² + β h.
 *
 * @param returns n log returns of the bar; null for a market without a fresh price. A cluster with one missing
 *   return learns nothing: its variances move to their expectation, ω + (α+β)h.
 */
export function advanceFilter(
  model: MarketModel,
  state: FilterState,
  returns: readonly (number | null)[],
): FilterState {
  const next = new Float64Array(state.length);
  let at = 0;
  for (const { members, goGarch } of model.clusters) {
    const { factors, assets, unmixing, mean, garch } = goGarch;
    const complete = members.every((member) => returns[member] !== null);
    for (let k = 0; k < factors; k++, at++) {
      let factor = 0;
      if (complete) {
        for (let i = 0; i < assets; i++)
          factor += unmixing[k * assets + i] * (returns[members[i]]! - mean[i]);
      } else {
        factor = Math.sqrt(state[at]);
      }
      next[at] = nextVariance(garch[k].parameters, factor, state[at]);
    }
  }
  return next;
}
