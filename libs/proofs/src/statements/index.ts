import { InvalidInputError } from '#lib/errors';
import type { Statement } from '../statement.js';
import { barStatement } from './bar.js';
import { liquidationStatement } from './liquidation.js';
import { lossStatement } from './loss.js';
import { priceStatement } from './price.js';
import { reductionStatement } from './reduction.js';

export * from './bar.js';
export {
  type BarInput,
  type BookTerms,
  barRows,
  barValues,
  type OtherMarkets,
  splitBar,
} from './bar-rows.js';
export {
  DECAY_TIMES,
  type DeclaredFactors,
  type FactorState,
  type FactorWeights,
  stateNumbers,
} from './factor-model.js';
export * from './liquidation.js';
export * from './loss.js';
export * from './price.js';
export * from './reduction.js';

/** Every statement by its name. */
export const STATEMENTS: ReadonlyMap<string, Statement<unknown, unknown>> = new Map(
  [barStatement, priceStatement, liquidationStatement, lossStatement, reductionStatement].map((statement) => [
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
