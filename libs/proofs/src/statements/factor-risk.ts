import { InvalidInputError } from '#lib/errors';
import { nearestRoot, shifted } from '../fixed-point.js';
import { SHARED } from '../generated/layout.js';
import { dot, LARGEST_FACTORS, type ModelIntegers } from './factor-model.js';

const B_BITS = 16;

/** Exact risk of exposures under a model: the integers that a proof publishes. */
export interface ExposureRisk {
  /** Bᵀ of the exposures, 2^−64 */
  readonly projection: readonly bigint[];
  /** Σ_i D_i (u_i x_i)², 2^−176 */
  readonly ownVariance: bigint;
  /** xᵀΣx of all markets, 2^−176 */
  readonly variance: bigint;
  /** (Σx)_i, 2^−152 */
  readonly gradient: readonly bigint[];
}

/** Parts of a book in other proofs of the same bar: exact, zeros where one proof holds it all. */
export interface OtherRisk {
  readonly projection: readonly bigint[];
  readonly ownVariance: bigint;
}

export const NO_OTHER_RISK: OtherRisk = {
  projection: new Array<bigint>(LARGEST_FACTORS).fill(0n),
  ownVariance: 0n,
};

/** @param x exposures in units of 2^−24, n; @param D variances by factor, 2^−48 */
export function exposureRisk(
  model: ModelIntegers,
  x: readonly bigint[],
  D: readonly bigint[],
  others: OtherRisk = NO_OTHER_RISK,
): ExposureRisk {
  const scaled = x.map((value, i) => value * model.unit[i]);
  const projection = model.loadings.map((row) => dot(row, scaled));
  const whole = projection.map((value, k) => value + others.projection[k]);
  const common = D.slice(0, LARGEST_FACTORS);
  const own = D.slice(LARGEST_FACTORS);
  const lift = BigInt(2 * B_BITS);
  const ownVariance =
    dot(
      own,
      scaled.map((value) => value * value),
    ) << lift;
  const turned = whole.map((value, k) => value * common[k]);
  return {
    projection,
    ownVariance,
    variance:
      dot(
        common,
        whole.map((value) => value * value),
      ) +
      ownVariance +
      others.ownVariance,
    gradient: scaled.map(
      (value, i) =>
        (dot(
          turned,
          model.loadings.map((row) => row[i]),
        ) +
          ((own[i] * value) << lift)) *
        model.unit[i],
    ),
  };
}

/** var_i = u_i² (Σ_k B_ik² D_k + D_i), 2^−128. */
export function marketVariances(model: ModelIntegers, D: readonly bigint[]): bigint[] {
  return model.unit.map((unit, i) => {
    const common = model.loadings.reduce((sum, row, k) => sum + row[i] * row[i] * D[k], 0n);
    return (common + (D[LARGEST_FACTORS + i] << BigInt(2 * B_BITS))) * unit * unit;
  });
}

/**
 * s in units of 2^−24 from xᵀΣx in units of 2^−176.
 *
 * @throws {InvalidInputError} for a volatility that the tolerances are not made for
 */
export function volatilityOf(variance: bigint, field: string): bigint {
  const s = shifted(nearestRoot(variance), 64);
  const [low, high] = [SHARED.smallestVolatility, SHARED.largestVolatility];
  if (s < BigInt(low) || s > BigInt(high))
    throw new InvalidInputError(
      field,
      `has a volatility of ${Number(s) / 2 ** 24} percent of the unit of account, which must be from ${low / 2 ** 24} to ${high / 2 ** 24}`,
    );
  return s;
}
