import { normalCdf } from '#lib/risk';
import { CRITICAL_VALUE_SURFACES, P_VALUE_SURFACES, type Trend } from './mackinnon-tables.js';

const polynomial = (coefficients: readonly number[], x: number) =>
  coefficients.reduceRight((sum, coefficient) => sum * x + coefficient, 0);

/**
 * Approximate asymptotic p-value of a Dickey–Fuller or Engle–Granger statistic (MacKinnon 1994).
 *
 * @param variables number of I(1) variables, 1 … 6; 1 for a plain unit-root test
 */
export function mackinnonPValue(statistic: number, trend: Trend, variables: number): number {
  const surface = P_VALUE_SURFACES[trend];
  const at = variables - 1;
  if (statistic > surface.max[at]) return 1;
  if (statistic < surface.min[at]) return 0;
  const coefficients = statistic <= surface.star[at] ? surface.leftTail[at] : surface.rest[at];
  return normalCdf(polynomial(coefficients, statistic));
}

/** Finite-sample critical values at 1 %, 5 % and 10 % (MacKinnon 2010). */
export function mackinnonCriticalValues(
  trend: Trend,
  variables: number,
  observations: number,
): [number, number, number] {
  const [one, five, ten] = CRITICAL_VALUE_SURFACES[trend][variables - 1].map((surface) =>
    polynomial(surface, 1 / observations),
  );
  return [one, five, ten];
}
