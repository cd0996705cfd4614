import { symmetrise } from '../dense.js';
import { forecastVariance, nextVariance } from '../garch/index.js';
import type { MarketModel } from './market-model.js';

/** h_{t+1} of every factor, clusters in order: all that the filter remembers between bars. */
export type FilterState = Float64Array;

/** Covariance of log returns over a horizon and its rate of change with it. n×n, row-major. */
export interface HorizonCovariance {
  /** Σ(τ) */
  readonly covariance: Float64Array;
  /** ∂Σ/∂τ, per bar */
  readonly ratePerBar: Float64Array;
}

/** State right after a fit: the variance forecasts at the end of the estimation window. */
export function initialFilterState(model: MarketModel): FilterState {
  return Float64Array.from(
    model.clusters.flatMap(({ goGarch }) => goGarch.garch.map((fit) => fit.nextVariance)),
  );
}

/**
 * One bar of the filter, O(n²) and no optimisation: f = W(r − μ), h ← ω + α f² + β h.
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

/**
 * Σ(τ) = Z E R̃ E Zᵀ + H·Ψ with E = D(τ)^{½}, and ∂Σ/∂τ = Z(Ė R̃ E + E R̃ Ė)Zᵀ + Ψ with Ė = Ḋ/(2E): positive
 * semi-definite by construction, and exactly Z D(τ) Zᵀ within a cluster.
 *
 * @param horizon H > 0 in bars, not necessarily whole
 */
export function horizonCovariance(
  model: MarketModel,
  state: FilterState,
  horizon: number,
): HorizonCovariance {
  const n = model.markets.length;
  const size = model.factors;
  // Rows of Z·E and Z·Ė, stored dense: a market loads only on its own cluster's factors.
  const loading = new Float64Array(n * size);
  const loadingRate = new Float64Array(n * size);
  let offset = 0;
  for (const { members, goGarch } of model.clusters) {
    const { factors, mixing, garch } = goGarch;
    for (let k = 0; k < factors; k++) {
      const { cumulative, marginal } = forecastVariance(garch[k].parameters, state[offset + k], horizon);
      const deviation = Math.sqrt(cumulative);
      members.forEach((member, i) => {
        loading[member * size + offset + k] = mixing[i * factors + k] * deviation;
        loadingRate[member * size + offset + k] = (mixing[i * factors + k] * marginal) / (2 * deviation);
      });
    }
    offset += factors;
  }
  const correlated = new Float64Array(n * size);
  for (let i = 0; i < n; i++) {
    for (let l = 0; l < size; l++) {
      const weight = loading[i * size + l];
      if (weight === 0) continue;
      for (let k = 0; k < size; k++)
        correlated[i * size + k] += weight * model.factorCorrelation[l * size + k];
    }
  }
  const covariance = new Float64Array(n * n);
  const half = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      let value = 0;
      let rate = 0;
      for (let k = 0; k < size; k++) {
        value += correlated[i * size + k] * loading[j * size + k];
        rate += correlated[i * size + k] * loadingRate[j * size + k];
      }
      covariance[i * n + j] = value;
      half[i * n + j] = rate;
    }
  }
  const ratePerBar = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      ratePerBar[i * n + j] = half[i * n + j] + half[j * n + i];
    }
  }
  for (const { members, goGarch } of model.clusters) {
    if (goGarch.idiosyncratic === null) continue;
    const { idiosyncratic, assets } = goGarch;
    members.forEach((a, i) => {
      members.forEach((b, j) => {
        covariance[a * n + b] += horizon * idiosyncratic[i * assets + j];
        ratePerBar[a * n + b] += idiosyncratic[i * assets + j];
      });
    });
  }
  symmetrise(covariance, n);
  symmetrise(ratePerBar, n);
  return { covariance, ratePerBar };
}
