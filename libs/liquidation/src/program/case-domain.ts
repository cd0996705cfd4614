import { InvalidInputError } from '#lib/errors';
import type { PortfolioModel } from '#lib/margin';
import { requireAlpha } from '#lib/risk';
import { isLinear, type LiquidationCase, marginModelOf } from './liquidation-case.js';

/** Products of four numbers in these bounds neither overflow nor lose digits by underflow. */
const LARGEST = 1e60;
const SMALLEST = 1e-60;

/** Largest negative eigenvalue that counts as rounding, of the correlations of the positions and the book. */
const SEMIDEFINITE_TOLERANCE = 1e-10;

/**
 * Everything that a plan rests on; without a covariance that is one, bounds would not be bounds.
 *
 * @returns the model of its margin; undefined where that is linear
 * @throws {InvalidInputError} naming the field
 */
export function requireCase(given: LiquidationCase): PortfolioModel | undefined {
  const { collateral, positions, pool, alpha, penaltyRate = 0, reserved = 0 } = given;
  const n = positions.length;
  requireAlpha(alpha);
  requireNumber(collateral, 'collateral');
  requireAtLeastZero(penaltyRate, 'penaltyRate');
  requireAtLeastZero(reserved, 'reserved');
  if (n === 0) throw new InvalidInputError('positions', 'must not be empty');
  const markets = new Set<string>();
  positions.forEach(({ market }, i) => {
    if (market === '') throw new InvalidInputError(`positions[${i}].market`, 'must not be empty');
    if (markets.has(market))
      throw new InvalidInputError(`positions[${i}].market`, `is there twice: ${market}`);
    markets.add(market);
  });
  positions.forEach(({ size, price, entryNotional, maintenanceRate, initialRate, impact = 0 }, i) => {
    const field = (name: string) => `positions[${i}].${name}`;
    requireNumber(size, field('size'));
    if (Math.abs(size) < SMALLEST)
      throw new InvalidInputError(field('size'), `must not be zero, got ${size}`);
    requireNumber(price, field('price'));
    if (price < SMALLEST) throw new InvalidInputError(field('price'), `must be positive, got ${price}`);
    requireNumber(entryNotional, field('entryNotional'));
    requireAtLeastZero(maintenanceRate, field('maintenanceRate'));
    requireNumber(initialRate, field('initialRate'));
    if (initialRate < maintenanceRate) {
      throw new InvalidInputError(
        field('initialRate'),
        `must not be below the maintenance rate ${maintenanceRate}, got ${initialRate}`,
      );
    }
    requireAtLeastZero(impact, field('impact'));
  });
  requireNumber(pool.mean, 'pool.mean');
  requireAtLeastZero(pool.variance, 'pool.variance');
  for (const [name, length] of [
    ['covarianceWithBook', n],
    ['covariance', n * n],
  ] as const) {
    const values = pool[name];
    if (values.length !== length) {
      throw new InvalidInputError(`pool.${name}`, `must have ${length} entries, got ${values.length}`);
    }
    values.forEach((value, i) => {
      requireNumber(value, `pool.${name}[${i}]`);
    });
  }
  if (pool.liquidity) {
    requireAtLeastZero(pool.liquidity.committed, 'pool.liquidity.committed');
    requireAtLeastZero(pool.liquidity.volatilityShare, 'pool.liquidity.volatilityShare');
  }
  requireJointCovariance(given);
  return requirePortfolio(given);
}

/**
 * The positions' values and the book's have one joint covariance, [[s², uᵀ], [u, M]]: it must be symmetric and positive
 * semi-definite, or s(w) would not be a norm and the program not convex.
 */
function requireJointCovariance({ positions, pool }: LiquidationCase): void {
  const n = positions.length;
  const { covariance, covarianceWithBook, variance } = pool;
  const scale = positions.map((_, i) => Math.sqrt(Math.max(covariance[i * n + i], 0)));
  const order = n + 1;
  const joint = new Float64Array(order * order);
  const correlation = (value: number, a: number, b: number, field: string) => {
    if (a * b > 0) return value / (a * b);
    if (value !== 0) throw new InvalidInputError(field, `must be 0 where a variance is 0, got ${value}`);
    return 0;
  };
  for (let i = 0; i < n; i++) {
    joint[i + 1] = correlation(
      covarianceWithBook[i],
      scale[i],
      Math.sqrt(variance),
      `pool.covarianceWithBook[${i}]`,
    );
    joint[(i + 1) * order] = joint[i + 1];
    for (let j = 0; j < n; j++) {
      const value = covariance[i * n + j];
      const field = `pool.covariance[${i * n + j}]`;
      if (Math.abs(value - covariance[j * n + i]) > 1e-12 * scale[i] * scale[j]) {
        throw new InvalidInputError(field, `must be symmetric, got ${value} and ${covariance[j * n + i]}`);
      }
      joint[(i + 1) * order + j + 1] =
        i === j ? Math.sign(scale[i]) : correlation(value, scale[i], scale[j], field);
      if (i === j && value < 0) throw new InvalidInputError(field, `must not be negative, got ${value}`);
    }
  }
  joint[0] = Math.sign(variance);
  if (!isPositiveDefinite(joint, order, SEMIDEFINITE_TOLERANCE * order)) {
    throw new InvalidInputError(
      'pool.covariance',
      'must be, with the covariance with the book, positive semi-definite',
    );
  }
}

/** Tiers, scenarios, depths and the covariance of a portfolio's margin; the program is convex only with these. */
function requirePortfolio(given: LiquidationCase): PortfolioModel | undefined {
  if (isLinear(given)) return undefined;
  given.positions.forEach(({ tiers = [], maintenanceRate, initialRate, depth }, i) => {
    if (depth !== undefined) requireNumber(depth, `positions[${i}].depth`);
    if (initialRate > 1) throw new InvalidInputError(`positions[${i}].initialRate`, `must be at most 1`);
    [{ above: 0, maintenanceRate, initialRate }, ...tiers].forEach((tier, k) => {
      const field = `positions[${i}].tiers[${k - 1}]`;
      requireNumber(tier.above, `${field}.above`);
      if (tier.initialRate < tier.maintenanceRate) {
        throw new InvalidInputError(`${field}.initialRate`, 'must not be below the maintenance rate');
      }
    });
  });
  const { portfolio } = given;
  const model = marginModelOf(given);
  if (portfolio === undefined) return model;
  if (portfolio.absorbable !== null) requireNumber(portfolio.absorbable, 'portfolio.absorbable');
  portfolio.scenarios.forEach(({ shocks }, k) => {
    shocks.forEach((shock, i) => {
      requireNumber(shock, `portfolio.scenarios[${k}].shocks[${i}]`);
    });
  });
  if (portfolio.alpha === null) return model;
  portfolio.covariance.forEach((value, i) => {
    requireNumber(value, `portfolio.covariance[${i}]`);
  });
  requireCovariance(portfolio.covariance, given.positions.length, 'portfolio.covariance');
  return model;
}

/** Symmetric, positive semi-definite within rounding of its correlations. */
function requireCovariance(covariance: readonly number[], n: number, field: string): void {
  const scale = Array.from({ length: n }, (_, i) => Math.sqrt(Math.max(covariance[i * n + i], 0)));
  const correlations = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    if (covariance[i * n + i] < 0)
      throw new InvalidInputError(`${field}[${i * n + i}]`, 'must not be negative');
    for (let j = 0; j < n; j++) {
      const value = covariance[i * n + j];
      const size = scale[i] * scale[j];
      if (Math.abs(value - covariance[j * n + i]) > 1e-12 * size)
        throw new InvalidInputError(`${field}[${i * n + j}]`, 'must be symmetric');
      if (size === 0 && value !== 0)
        throw new InvalidInputError(`${field}[${i * n + j}]`, 'must be 0 where a variance is 0');
      correlations[i * n + j] = size === 0 ? 0 : value / size;
    }
  }
  if (!isPositiveDefinite(correlations, n, SEMIDEFINITE_TOLERANCE * n)) {
    throw new InvalidInputError(field, 'must be positive semi-definite');
  }
}

/** Cholesky's factorisation of matrix + shift·I, for its pivots alone; overwrites the lower triangle. */
function isPositiveDefinite(matrix: Float64Array, n: number, shift: number): boolean {
  for (let j = 0; j < n; j++) {
    let pivot = matrix[j * n + j] + shift;
    for (let k = 0; k < j; k++) pivot -= matrix[j * n + k] ** 2;
    if (!(pivot > 0)) return false;
    const root = Math.sqrt(pivot);
    matrix[j * n + j] = root;
    for (let i = j + 1; i < n; i++) {
      let sum = matrix[i * n + j];
      for (let k = 0; k < j; k++) sum -= matrix[i * n + k] * matrix[j * n + k];
      matrix[i * n + j] = sum / root;
    }
  }
  return true;
}

function requireNumber(value: number, field: string): void {
  if (!Number.isFinite(value)) throw new InvalidInputError(field, `must be a finite number, got ${value}`);
  if (Math.abs(value) > LARGEST) {
    throw new InvalidInputError(field, `must be at most ${LARGEST} in size, got ${value}`);
  }
}

function requireAtLeastZero(value: number, field: string): void {
  requireNumber(value, field);
  if (value < 0) throw new InvalidInputError(field, `must not be negative, got ${value}`);
}
