import { regressionOn, triangularise } from '../householder-qr.js';
import { dickeyFullerStatistic, type DickeyFullerOptions } from './augmented-dickey-fuller.js';
import { mackinnonCriticalValues, mackinnonPValue } from './mackinnon.js';

export interface EngleGrangerResult {
  /** Dickey–Fuller t statistic of the residual; −∞ where the series are collinear */
  readonly statistic: number;
  readonly pValue: number;
  /** at 1 %, 5 %, 10 % */
  readonly criticalValues: readonly [number, number, number];
  /** y = intercept + slope·x */
  readonly intercept: number;
  readonly slope: number;
  readonly usedLag: number;
}

/** Collinear where 1 − R² is below 100·√ε: the residual is rounding noise and its statistics mean nothing. */
const COLLINEARITY = 100 * Math.sqrt(Number.EPSILON);

/**
 * Engle–Granger test that y − slope·x is stationary: OLS with constant, then Dickey–Fuller without one on the
 * residual; H₀: no cointegration.
 *
 * Source: Engle & Granger, Econometrica 55 (1987); p-value MacKinnon (1994) for two variables.
 *
 * @param y log prices, T
 * @param x log prices, T
 * @throws {InvalidInputError} where x is constant or the series are too short
 */
export function engleGranger(
  y: Float64Array,
  x: Float64Array,
  options: Omit<DickeyFullerOptions, 'trend'> = {},
): EngleGrangerResult {
  const factor = triangularise([
    new Float64Array(y.length).fill(1),
    Float64Array.from(x),
    Float64Array.from(y),
  ]);
  const { coefficients, residualSumOfSquares } = regressionOn(factor, 2);
  const [intercept, slope] = coefficients;
  const mean = y.reduce((sum, value) => sum + value, 0) / y.length;
  const totalSumOfSquares = y.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const criticalValues = mackinnonCriticalValues('c', 2, y.length - 1);
  if (residualSumOfSquares < COLLINEARITY * totalSumOfSquares) {
    return { statistic: -Infinity, pValue: 0, criticalValues, intercept, slope, usedLag: 0 };
  }
  const residual = y.map((value, t) => value - intercept - slope * x[t]);
  const { statistic, usedLag } = dickeyFullerStatistic(residual, { ...options, trend: 'n' });
  return { statistic, pValue: mackinnonPValue(statistic, 'c', 2), criticalValues, intercept, slope, usedLag };
}
