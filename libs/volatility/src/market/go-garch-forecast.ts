import { CholeskyDecomposition, Matrix } from 'ml-matrix';
import type { FactorForecast } from '#lib/risk';
import { multiply, multiplyTransposed } from '../dense.js';
import { forecastVariance, type VarianceForecast } from '../garch/index.js';
import { symmetricEigen } from '../gogarch/index.js';
import type { FilterState } from './covariance-filter.js';
import type { MarketModel } from './market-model.js';

/**
 * Σ(τ) = Z E R̃ E Zᵀ + H·Ψ with E = D(τ)^{½}, and ∂Σ/∂τ = Z(Ė R̃ E + E R̃ Ė)Zᵀ + Ψ with Ė = Ḋ/(2E), in factor form: exactly Z D(τ) Zᵀ
 * within a cluster. Where R̃ = 1 the factors are the model's own and a cluster of one market is that market's own variance; otherwise
 * they are the axes in which R̃ and its rate are both diagonal, K³ a forecast. Either way no R̃ leaves this function.
 *
 * @param horizon H > 0 in bars, not necessarily whole
 * @returns rates are per bar
 */
export function goGarchForecast(model: MarketModel, state: FilterState, horizon: number): FactorForecast {
  const n = model.markets.length;
  const own = new Float64Array(n);
  const ownRates = new Float64Array(n);
  const columns: Column[] = [];
  const forecasts = factorVariances(model, state, horizon);
  const correlated = isCorrelated(model);
  const axes = correlated ? commonAxes(model, forecasts) : null;
  let offset = 0;
  for (const { members, goGarch } of model.clusters) {
    const { factors, mixing, droppedLoadings } = goGarch;
    const at = offset;
    offset += factors;
    const dropped = droppedLoadings.length / members.length;
    for (let j = 0; j < dropped; j++) {
      const loadings = new Float64Array(n);
      members.forEach((member, i) => (loadings[member] = droppedLoadings[i * dropped + j]));
      columns.push({ loadings, variance: horizon, rate: 1 });
    }
    if (axes !== null) continue;
    if (members.length === 1) {
      own[members[0]] = mixing[0] ** 2 * forecasts[at].cumulative;
      ownRates[members[0]] = mixing[0] ** 2 * forecasts[at].marginal;
      continue;
    }
    for (let k = 0; k < factors; k++) {
      const loadings = new Float64Array(n);
      members.forEach((member, i) => (loadings[member] = mixing[i * factors + k]));
      const { cumulative, marginal } = forecasts[at + k];
      columns.push({ loadings, variance: cumulative, rate: marginal });
    }
  }
  if (axes !== null) columns.push(...axes);
  const K = columns.length;
  const loadings = new Float64Array(n * K);
  columns.forEach((column, k) => {
    for (let i = 0; i < n; i++) loadings[i * K + k] = column.loadings[i];
  });
  return {
    factors: K,
    loadings,
    variances: Float64Array.from(columns, ({ variance }) => variance),
    varianceRates: Float64Array.from(columns, ({ rate }) => rate),
    own,
    ownRates,
  };
}

/** A common factor: how each market loads on it, its variance over the horizon, and the rate of this variance. */
interface Column {
  readonly loadings: Float64Array;
  readonly variance: number;
  readonly rate: number;
}

function factorVariances(model: MarketModel, state: FilterState, horizon: number): VarianceForecast[] {
  return model.clusters
    .flatMap(({ goGarch }) => goGarch.garch)
    .map(({ parameters }, k) => forecastVariance(parameters, state[k], horizon));
}

function isCorrelated({ factorCorrelation, factors }: MarketModel): boolean {
  return factorCorrelation.some((value, at) => at % (factors + 1) !== 0 && value !== 0);
}

/**
 * With R̃ = CCᵀ and G = Ė/E: Ė R̃ E + E R̃ Ė = E C (M + Mᵀ) Cᵀ E, M = C⁻¹ G C. In the axes Q of M + Mᵀ = Q diag(m) Qᵀ, both Σ and its rate
 * are diagonal: loadings Z E C Q, variances 1, rates m.
 */
function commonAxes(model: MarketModel, forecasts: readonly VarianceForecast[]): Column[] {
  const n = model.markets.length;
  const size = model.factors;
  const deviations = forecasts.map(({ cumulative }) => Math.sqrt(cumulative));
  const C = new CholeskyDecomposition(Matrix.from1DArray(size, size, model.factorCorrelation))
    .lowerTriangularMatrix;
  const M = new Float64Array(size * size);
  // Forward substitution: column j of C⁻¹ G C.
  for (let j = 0; j < size; j++) {
    for (let i = 0; i < size; i++) {
      const { cumulative, marginal } = forecasts[i];
      let value = (C.get(i, j) * marginal) / (2 * cumulative);
      for (let l = 0; l < i; l++) value -= C.get(i, l) * M[l * size + j];
      M[i * size + j] = value / C.get(i, i);
    }
  }
  const symmetric = M.map((value, at) => value + M[(at % size) * size + Math.floor(at / size)]);
  const { values, vectors } = symmetricEigen(symmetric, size);
  const Z = new Float64Array(n * size);
  let offset = 0;
  for (const { members, goGarch } of model.clusters) {
    const { factors, mixing } = goGarch;
    for (let k = 0; k < factors; k++) {
      members.forEach((member, i) => {
        Z[member * size + offset + k] = mixing[i * factors + k] * deviations[offset + k];
      });
    }
    offset += factors;
  }
  const lower = Float64Array.from(C.to1DArray());
  const rotated = multiply(lower, vectors, new Float64Array(size * size), size, size, size);
  // Rows of the transpose: one a factor.
  const rows = multiplyTransposed(
    rotated.map((_, at) => rotated[(at % size) * size + Math.floor(at / size)]),
    Z,
    new Float64Array(size * n),
    size,
    size,
    n,
  );
  return Array.from(values, (rate, k) => ({
    loadings: rows.subarray(k * n, (k + 1) * n),
    variance: 1,
    rate,
  }));
}
