import { InvalidInputError } from '#lib/errors';
import type { Statement } from '../statement.js';
import { covarianceStatement } from './covariance.js';
import { liquidationStatement } from './liquidation.js';
import { momentumStatement } from './momentum.js';
import { pricingStatement } from './pricing.js';

export * from './covariance.js';
export * from './liquidation.js';
export * from './momentum.js';
export * from './pricing.js';
export { CORRELATION_STEP, type PricedBook, type PricedCluster, type PricingInput } from './pricing-rows.js';

/** Every statement by its name. */
export const STATEMENTS: ReadonlyMap<string, Statement<unknown, unknown>> = new Map(
  [covarianceStatement, pricingStatement, liquidationStatement, momentumStatement].map((statement) => [
    statement.name,
    statement as unknown as Statement<unknown, unknown>,
  ]),
);

/** @throws {InvalidInputError} for a name that no statement has */
export function statementOf(name: string): Statement<unknown, unknown> {
  const statement = STATEMENTS.get(name);
  if (statement === undefined)
    throw new InvalidInputError(
      'statement',
      `must be one of ${[...STATEMENTS.keys()].join(', ')}, got "${name}"`,
    );
  return statement;
}
