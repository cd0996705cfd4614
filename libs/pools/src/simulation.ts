import { InvalidInputError } from '#lib/errors';
import type { AbstractPool } from './abstract-pool.js';
import type { ConstantFees, DynamicInputs, PoolInput, PoolParameters, PoolRun } from './pool-run.js';
import { poolNamed, type RulePoolTerms } from './pools/index.js';

/** A calculation by name, as threads and files know it. */
export interface Simulation extends Omit<PoolInput, 'output'> {
  readonly pool: string;
  readonly terms?: Partial<RulePoolTerms>;
  /** neither: trading is free */
  readonly costs?: ConstantFees;
  readonly dynamic?: DynamicInputs;
}

/** @throws {InvalidInputError} for anything the pool refuses */
export function simulate(simulation: Simulation, output?: Float64Array): PoolRun {
  const { pool, terms, costs, dynamic, ...given } = simulation;
  if (costs !== undefined && dynamic !== undefined)
    throw new InvalidInputError('costs', 'are constant or dynamic, not both');
  const named = poolNamed(pool, terms);
  const input: PoolInput = { ...given, ...(output && { output }) };
  if (dynamic !== undefined) return named.calculateReservesWithDynamicInputs(input, dynamic);
  if (costs !== undefined) return named.calculateReservesWithFees(input, costs);
  return named.calculateReservesZeroFees(input);
}

/** Sets `from … to − 1` of parameters; shared series stay shared. */
export function setsFrom(
  pool: AbstractPool,
  parameters: PoolParameters,
  from: number,
  to: number,
): PoolParameters {
  const axes = pool.parameterAxes(parameters);
  return Object.fromEntries(
    Object.entries(parameters).map(([name, value]) => [
      name,
      axes[name] === 'sets' ? (value as readonly (readonly number[])[]).slice(from, to) : value,
    ]),
  );
}
