import { InvalidInputError } from '#lib/errors';
import type { ParameterAxis, PoolParameter, PoolParameters } from './pool-run.js';

/**
 * How many sets of parameters a call runs.
 *
 * @throws {InvalidInputError} where batched parameters have different numbers of sets
 */
export function setsOf(parameters: PoolParameters, axes: Record<string, ParameterAxis>): number {
  const batched = Object.keys(axes).filter((name) => axes[name] === 'sets');
  if (batched.length === 0) return 1;
  const [first] = batched;
  const sets = parameters[first].length;
  for (const name of batched)
    if (parameters[name].length !== sets)
      throw new InvalidInputError(
        `parameters.${name}`,
        `has ${parameters[name].length} sets, ${first} has ${sets}`,
      );
  return sets;
}

/**
 * A parameter as one row of n values by set; a shared one is the same row for all.
 *
 * @param least inclusive where `open` is not given
 * @throws {InvalidInputError} for rows that have not n values, or a value outside its domain
 */
export function parameterRows(
  name: string,
  parameter: PoolParameter,
  assets: number,
  sets: number,
  domain: {
    readonly above?: number;
    readonly least?: number;
    readonly most?: number;
    readonly below?: number;
  } = {
    above: 0,
  },
): Float64Array[] {
  const batched = Array.isArray(parameter[0]);
  const rows = (batched ? parameter : [parameter]) as readonly (readonly number[])[];
  const { above = -Infinity, least = -Infinity, most = Infinity, below = Infinity } = domain;
  const checked = rows.map((row, set) => {
    const at = batched ? `parameters.${name}[${set}]` : `parameters.${name}`;
    if (!Array.isArray(row) || row.length !== assets)
      throw new InvalidInputError(at, `must have ${assets} values, one for each asset`);
    row.forEach((value, i) => {
      if (!(Number.isFinite(value) && value > above && value >= least && value <= most && value < below))
        throw new InvalidInputError(`${at}[${i}]`, `is out of its domain: ${value}`);
    });
    return Float64Array.from(row);
  });
  return batched ? checked : Array.from({ length: sets }, () => checked[0]);
}

/** Weights that sum to one. @throws {InvalidInputError} where they do not, to 1e-9 */
export function weightRows(
  name: string,
  parameter: PoolParameter,
  assets: number,
  sets: number,
): Float64Array[] {
  const rows = parameterRows(name, parameter, assets, sets, { above: 0, below: 1 });
  rows.forEach((row, set) => {
    const sum = row.reduce((total, weight) => total + weight, 0);
    if (Math.abs(sum - 1) > 1e-9)
      throw new InvalidInputError(`parameters.${name}`, `of set ${set} must sum to 1, sums to ${sum}`);
  });
  return rows;
}
