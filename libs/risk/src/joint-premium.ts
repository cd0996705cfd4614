import { InvalidInputError } from '#lib/errors';
import { liabilityRisk, liabilityRiskValue } from './risk-measure.js';

/** Gauss and Legendre's five points and weights on [0, 1]. */
const NODES = [0.046910077030668, 0.23076534494715845, 0.5, 0.7692346550528415, 0.953089922969332];
const WEIGHTS = [
  0.11846344252809454, 0.23931433524968324, 0.28444444444444444, 0.23931433524968324, 0.11846344252809454,
];

export interface JointTrade {
  /** m of the pool's liability, money; trades at mark do not change it */
  readonly mean: number;
  /** q of the book, in the unit of the covariance */
  readonly book: readonly number[];
  /** Σ over the horizon, n×n row-major */
  readonly covariance: readonly number[];
  readonly alpha: number;
  /** d_j: the change of the book by each leg */
  readonly legs: readonly (readonly number[])[];
}

export interface JointPremium {
  /** Π = (ρ(q + Σd) − ρ(q))⁺, charged once for all legs, money */
  readonly total: number;
  /** a_j, each leg's part in the change of risk; they add up to ρ(q + Σd) − ρ(q) */
  readonly shares: readonly number[];
  /** Π·a_j⁺/Σa⁺: premium of each leg */
  readonly premia: readonly number[];
}

/**
 * The risk premium of several trades that are booked at once, shared by Aumann's and Shapley's prices,
 *
 *     a_j = ∫₀¹ h_s·(Σ(q + uD))ᵀd_j/s du,   D = Σ d_j.
 *
 * A share is linear in the leg, so that splitting it changes nothing, and does not depend on the order of the legs; who
 * lowers the pool's risk pays nothing.
 *
 * Source: Aumann and Shapley, "Values of Non-Atomic Games" (1974); Billera and Heath, Math. Oper. Res. 7 (1982).
 *
 * @throws {InvalidInputError} for vectors of other lengths
 */
export function jointPremium({ mean, book, covariance, alpha, legs }: JointTrade): JointPremium {
  const n = book.length;
  if (covariance.length !== n * n)
    throw new InvalidInputError('covariance', `must have ${n * n} entries, got ${covariance.length}`);
  legs.forEach((leg, j) => {
    if (leg.length !== n)
      throw new InvalidInputError(`legs[${j}]`, `must have ${n} entries, got ${leg.length}`);
  });
  const logAlpha = Math.log(alpha);
  const sum = book.map((_, i) => legs.reduce((total, leg) => total + leg[i], 0));
  const at = (u: number) => {
    const q = book.map((size, i) => size + u * sum[i]);
    const product = q.map((_, i) => q.reduce((total, size, j) => total + covariance[i * n + j] * size, 0));
    const variance = q.reduce((total, size, i) => total + size * product[i], 0);
    return { product, deviation: Math.sqrt(Math.max(variance, 0)) };
  };
  const shares = legs.map(() => 0);
  NODES.forEach((node, k) => {
    const { product, deviation } = at(node);
    if (deviation === 0) return;
    const { hs } = liabilityRisk('evar', mean, deviation, logAlpha);
    legs.forEach((leg, j) => {
      const along = leg.reduce((total, size, i) => total + size * product[i], 0);
      shares[j] += (WEIGHTS[k] * hs * along) / deviation;
    });
  });
  const change =
    liabilityRiskValue('evar', mean, at(1).deviation, logAlpha) -
    liabilityRiskValue('evar', mean, at(0).deviation, logAlpha);
  const total = Math.max(change, 0);
  const positive = shares.reduce((all, share) => all + Math.max(share, 0), 0);
  return {
    total,
    shares,
    premia: shares.map((share) => (positive > 0 ? (total * Math.max(share, 0)) / positive : 0)),
  };
}
