import { CholeskyDecomposition, Matrix } from 'ml-matrix';

/** Lagged hits in the regression. */
const LAGS = 4;

/**
 * Dynamic quantile test: hits less their level are regressed on a constant, four lags of themselves and the bound that was forecast; none
 * may help. χ²(6) under the hypothesis. Null where there are too few observations, or too few hits for the regressors to differ.
 *
 * Source: Engle & Manganelli, J. Business & Economic Statistics 22 (2004), theorem 4.
 *
 * @param bounds the forecast bound at each observation
 */
export function dynamicQuantile(
  hits: readonly boolean[],
  bounds: readonly number[],
  level: number,
): { readonly statistic: number; readonly pValue: number } | null {
  const rows = hits.length - LAGS;
  if (rows <= LAGS + 2) return null;
  const excess = hits.map((hit) => Number(hit) - level);
  const scale = bounds.reduce((sum, value) => sum + value, 0) / bounds.length;
  const X = new Matrix(
    Array.from({ length: rows }, (_, row) => [
      1,
      ...Array.from({ length: LAGS }, (__, lag) => excess[row + LAGS - 1 - lag]),
      bounds[row + LAGS] / scale,
    ]),
  );
  const y = Matrix.columnVector(excess.slice(LAGS));
  const cross = X.transpose().mmul(y);
  const decomposition = new CholeskyDecomposition(X.transpose().mmul(X));
  if (!decomposition.isPositiveDefinite()) return null;
  const statistic = cross.transpose().mmul(decomposition.solve(cross)).get(0, 0) / (level * (1 - level));
  // χ² of an even number of degrees of freedom has a closed form.
  const half = statistic / 2;
  const pValue = Math.exp(-half) * (1 + half + (half * half) / 2);
  return { statistic, pValue };
}
