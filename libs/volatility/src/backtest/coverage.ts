import { normalCdf } from '#lib/risk';

export interface CoverageTests {
  readonly observations: number;
  readonly violations: number;
  /** share of violations */
  readonly rate: number;
  /** Kupiec's likelihood ratio that the rate is the nominal one, χ²(1) */
  readonly kupiec: { readonly statistic: number; readonly pValue: number };
  /** Christoffersen's likelihood ratio that violations do not cluster, χ²(1) */
  readonly independence: { readonly statistic: number; readonly pValue: number };
  /** both at once, χ²(2) */
  readonly conditionalCoverage: { readonly statistic: number; readonly pValue: number };
}

/** k·ln p with 0·ln 0 = 0. */
const weighted = (count: number, probability: number) => (count === 0 ? 0 : count * Math.log(probability));

const bernoulli = (failures: number, successes: number, probability: number) =>
  weighted(failures, probability) + weighted(successes, 1 - probability);

/** Upper tail of χ²(1) and χ²(2). */
const chiSquare1 = (x: number) => 2 * normalCdf(-Math.sqrt(Math.max(0, x)));
const chiSquare2 = (x: number) => Math.exp(-Math.max(0, x) / 2);

/**
 * Backtest of a value-at-risk by its violations.
 *
 * Source: Kupiec, J. Derivatives 3 (1995); Christoffersen, International Economic Review 39 (1998).
 *
 * @param hits whether the loss passed the VaR, in order, horizons not overlapping
 * @param level nominal violation probability, e.g. 0.01
 */
export function coverageTests(hits: readonly boolean[], level: number): CoverageTests {
  const observations = hits.length;
  const violations = hits.filter(Boolean).length;
  const rate = observations === 0 ? NaN : violations / observations;
  const kupiec =
    2 *
    (bernoulli(violations, observations - violations, rate) -
      bernoulli(violations, observations - violations, level));
  const moves = { quietQuiet: 0, quietHit: 0, hitQuiet: 0, hitHit: 0 };
  for (let t = 1; t < observations; t++) {
    if (hits[t - 1]) moves[hits[t] ? 'hitHit' : 'hitQuiet']++;
    else moves[hits[t] ? 'quietHit' : 'quietQuiet']++;
  }
  const { quietQuiet, quietHit, hitQuiet, hitHit } = moves;
  const afterQuiet = quietHit / Math.max(1, quietQuiet + quietHit);
  const afterHit = hitHit / Math.max(1, hitQuiet + hitHit);
  const pooled = (quietHit + hitHit) / Math.max(1, observations - 1);
  const independence =
    2 *
    (bernoulli(quietHit, quietQuiet, afterQuiet) +
      bernoulli(hitHit, hitQuiet, afterHit) -
      bernoulli(quietHit + hitHit, quietQuiet + hitQuiet, pooled));
  const both = kupiec + independence;
  return {
    observations,
    violations,
    rate,
    kupiec: { statistic: kupiec, pValue: chiSquare1(kupiec) },
    independence: { statistic: independence, pValue: chiSquare1(independence) },
    conditionalCoverage: { statistic: both, pValue: chiSquare2(both) },
  };
}
