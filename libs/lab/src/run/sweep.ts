import { InvalidInputError } from '#lib/errors';
import { type LabParameters, labParameters } from './lab-parameters.js';
import { METRIC_NAMES } from './metrics.js';
import type { RunOutcome } from './lab-run.js';
import { type RuleSet, ruleSet } from './run-request.js';

/** A grid: lists of rules, seeds and values of parameters; every combination is a point. */
export interface SweepGrid {
  readonly rules: readonly RuleSet[];
  readonly seeds: readonly number[];
  readonly parameters: Readonly<Record<string, readonly unknown[]>>;
}

export interface SweepPoint {
  /** its place in the grid, from 0 */
  readonly index: number;
  readonly rules: RuleSet;
  readonly seed: number;
  /** the parameters that the grid varies */
  readonly varied: Readonly<Record<string, unknown>>;
  readonly parameters: LabParameters;
}

/** Most points of a grid. */
const MOST_POINTS = 100_000;

/**
 * Reads a grid as a document has it: `rules: [zkrisk, linear]`, `seeds: 20` or a list, `parameters: {liquidity: [5e6, 1e7]}`.
 *
 * @throws {InvalidInputError} naming the field that does not fit
 */
export function sweepGrid(document: unknown): SweepGrid {
  if (typeof document !== 'object' || document === null || Array.isArray(document))
    throw new InvalidInputError('grid', 'must have rules, seeds and parameters');
  const { rules = ['zkrisk'], seeds = 1, parameters = {}, ...others } = document as Record<string, unknown>;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined)
    throw new InvalidInputError(`grid.${unknown}`, 'is none of rules, seeds and parameters');
  if (!Array.isArray(rules) || rules.length === 0)
    throw new InvalidInputError('grid.rules', 'must be a list with an entry at least');
  const many = typeof seeds === 'number' ? Array.from({ length: seeds }, (_, i) => i + 1) : seeds;
  if (!Array.isArray(many) || many.length === 0 || !many.every((seed) => Number.isInteger(seed)))
    throw new InvalidInputError('grid.seeds', 'must be a whole number, or a list of them');
  if (typeof parameters !== 'object' || parameters === null || Array.isArray(parameters))
    throw new InvalidInputError('grid.parameters', 'must be lists of values by name');
  for (const [name, values] of Object.entries(parameters)) {
    if (!Array.isArray(values) || values.length === 0)
      throw new InvalidInputError(`grid.parameters.${name}`, 'must be a list with an entry at least');
    for (const value of values as unknown[]) labParameters({ [name]: value });
  }
  return {
    rules: rules.map((rule) => ruleSet(String(rule))),
    seeds: many as number[],
    parameters: parameters as SweepGrid['parameters'],
  };
}

/**
 * The points of a grid, in one order everywhere.
 *
 * @param base parameters that the grid does not vary
 * @throws {InvalidInputError} for more points than {@link MOST_POINTS}
 */
export function sweepPoints(grid: SweepGrid, base: Readonly<Record<string, unknown>> = {}): SweepPoint[] {
  let combinations: Record<string, unknown>[] = [{}];
  for (const [name, values] of Object.entries(grid.parameters)) {
    combinations = combinations.flatMap((some) => values.map((value) => ({ ...some, [name]: value })));
    if (combinations.length > MOST_POINTS)
      throw new InvalidInputError('grid', `has more than ${MOST_POINTS} points`);
  }
  const points = combinations.flatMap((varied) =>
    grid.rules.flatMap((rules) => grid.seeds.map((seed) => ({ rules, seed, varied }))),
  );
  if (points.length > MOST_POINTS) throw new InvalidInputError('grid', `has more than ${MOST_POINTS} points`);
  return points.map((point, index) => ({
    index,
    ...point,
    parameters: labParameters({ ...base, ...point.varied }),
  }));
}

/** A point's row of the results: the varied parameters, every figure, and the digest of its events. */
export function sweepRow(
  { index, rules, seed, varied }: SweepPoint,
  { figures, events, digest }: RunOutcome,
): Record<string, string | number> {
  const cells = Object.entries(varied).map(([name, value]) => [name, value as string | number] as const);
  return {
    ...{ point: index, rules, seed },
    ...Object.fromEntries(cells),
    ...Object.fromEntries(METRIC_NAMES.map((name) => [name, figures[name]])),
    ...{ events, digest },
  };
}
