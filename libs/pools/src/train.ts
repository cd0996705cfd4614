import direct from 'ml-direct';
import { InvalidInputError } from '#lib/errors';
import { type PoolMetrics, poolMetrics } from './metrics.js';
import type { PoolParameters, PoolRun } from './pool-run.js';
import { poolNamed, RulePool } from './pools/index.js';
import { type PricePath, thinned } from './prices.js';
import { simulate, type Simulation } from './simulation.js';

/** Objective of training, to be maximised. */
export const OBJECTIVES = ['sharpe', 'return', 'returnOverHodl'] as const;
export type Objective = (typeof OBJECTIVES)[number];

export interface Training {
  /** its parameters are where nothing is trained: those that are not searched for stay as they are */
  readonly simulation: Simulation;
  /** rows of the prices that are trained on; the others are held out */
  readonly trainRows: number;
  readonly objective: Objective;
  /** rounds of the search; each divides the most promising boxes */
  readonly rounds: number;
  /** one value for each asset, instead of one for all */
  readonly perAsset?: boolean;
}

export interface Trained {
  readonly parameters: PoolParameters;
  /** on the rows it was trained on */
  readonly training: PoolMetrics;
  /** on the others, which training has not seen */
  readonly heldOut: PoolMetrics;
  readonly evaluations: number;
}

/**
 * Fits the trainable parameters of a pool: DIRECT, a global search that divides boxes, on the logarithms of the parameters. It
 * draws nothing at random, so the same prices give the same parameters.
 *
 * @throws {InvalidInputError} for a pool that cannot be trained, or a span that is too short
 * @see Jones, Perttunen & Stuckman, "Lipschitzian optimization without the Lipschitz constant", JOTA 79 (1993)
 */
export function train(
  training: Training,
  onProgress: (evaluations: number) => void = () => undefined,
): Trained {
  const { simulation, trainRows, objective, rounds, perAsset = false } = training;
  const { prices, arbFrequency = 1 } = simulation;
  const pool = poolNamed(simulation.pool, simulation.terms);
  if (!(pool instanceof RulePool) || !pool.isTrainable())
    throw new InvalidInputError('pool', `${pool.name} has nothing to train`);
  const { updateEvery, rowHours } = pool.terms;
  const least = 2 * updateEvery;
  if (!(Number.isInteger(trainRows) && trainRows >= least && prices.rows - trainRows >= least))
    throw new InvalidInputError(
      'trainRows',
      `must leave ${least} rows at least to train on and to hold out, of ${prices.rows}`,
    );
  if (trainRows % arbFrequency !== 0)
    throw new InvalidInputError('trainRows', `must be a multiple of arbFrequency, ${arbFrequency}`);
  const searched = Object.entries(pool.parameters).flatMap(([name, { search }]) =>
    search === undefined ? [] : [{ name, search }],
  );
  const each = perAsset ? prices.assets : 1;
  const bounds = searched.flatMap(({ search }) => Array.from({ length: each }, () => search.map(Math.log)));
  const parametersOf = (point: ArrayLike<number>): PoolParameters => ({
    ...simulation.parameters,
    ...Object.fromEntries(
      searched.map(({ name }, at) => [
        name,
        Array.from({ length: prices.assets }, (_, i) => Math.exp(point[at * each + (perAsset ? i : 0)])),
      ]),
    ),
  });
  const seen = firstRows(prices, trainRows);
  const acted = thinned(seen, arbFrequency);
  const measure = (parameters: PoolParameters) =>
    poolMetrics(simulate({ ...simulation, prices: seen, parameters }), acted, rowHours * arbFrequency);
  let evaluations = 0;
  const { optima } = direct(
    (point: ArrayLike<number>) => {
      onProgress(++evaluations);
      return -measure(parametersOf(point))[objective];
    },
    bounds.map(([low]) => low),
    bounds.map(([, high]) => high),
    { iterations: rounds },
  );
  const parameters = parametersOf(optima[0]);
  const fitted = measure(parameters);
  const all = thinned(prices, arbFrequency);
  const run = simulate({ ...simulation, parameters });
  const rest = restOf(run, acted.rows, fitted);
  const heldOut = poolMetrics(
    rest,
    { rows: rest.rows, assets: all.assets, values: all.values.subarray(acted.rows * all.assets) },
    rowHours * arbFrequency,
  );
  return { parameters, training: fitted, heldOut, evaluations };
}

function firstRows({ assets, values }: PricePath, rows: number): PricePath {
  return { rows, assets, values: values.subarray(0, rows * assets) };
}

/** The rows from one on, of a run of one set; `before` is the earlier part. */
function restOf(run: PoolRun, from: number, before: PoolMetrics): PoolRun {
  return {
    ...run,
    rows: run.rows - from,
    reserves: run.reserves.subarray(from * run.assets),
    fees: run.fees.map((fees) => fees - before.fees),
    arbitrages: run.arbitrages.map((count) => count - before.arbitrages),
  };
}
