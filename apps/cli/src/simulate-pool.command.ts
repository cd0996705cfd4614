import { writeFileSync } from 'node:fs';
import { z } from 'zod';
import { wholeText } from '#lib/amounts';
import { InvalidInputError, parseInput } from '#lib/errors';
import {
  type Objective,
  PoolBatch,
  type PoolMetrics,
  poolMetrics,
  poolNamed,
  type PoolParameters,
  type PoolRun,
  type PricePath,
  type Signatures,
  type Simulation,
  thinned,
  train,
  valuesOf,
} from '#lib/pools';
import { UsageError } from '#lib/terminal';
import { poolPicture } from './pool-picture.js';
import { pooledPrices, type PooledPricesOptions } from './pool-prices.js';
import { progress } from './print.js';
import { readJson } from './read-json.js';

export interface SimulatePoolOptions extends PooledPricesOptions {
  readonly rule: string;
  readonly params?: string;
  readonly weights?: readonly number[];
  readonly value: number;
  readonly fees?: number;
  readonly gas: number;
  readonly arbFees: number;
  readonly arbFrequency: number;
  readonly signatures: Signatures;
  readonly updateEvery: number;
  readonly interpolateOver?: number;
  readonly fastest: number;
  readonly minimumWeight: number;
  readonly trainRows?: number;
  readonly objective: Objective;
  readonly rounds: number;
  readonly svg?: string;
  readonly threads?: number;
}

/** Result of a set of parameters. */
interface SimulatedSet {
  readonly metrics: PoolMetrics;
  readonly finalValue: number;
  readonly finalReserves: Readonly<Record<string, number>>;
  /** shares of the value */
  readonly finalWeights: Readonly<Record<string, number>>;
}

export interface SimulatedPool {
  readonly rule: string;
  readonly assets: readonly string[];
  readonly from: string;
  readonly to: string;
  readonly rows: number;
  readonly rowHours: number;
  readonly parameters: PoolParameters;
  readonly sets: readonly SimulatedSet[];
  readonly trained?: {
    readonly objective: Objective;
    readonly rows: number;
    readonly evaluations: number;
    readonly training: PoolMetrics;
    readonly heldOut: PoolMetrics;
  };
}

const iso = (time: number) => new Date(time).toISOString();
const numbers = z.array(z.number());
const parametersSchema = z.record(z.string(), z.union([numbers, z.array(numbers)]));

/** `zkrisk simulate-pool`. @throws {UsageError} naming the file or the option that is wrong */
export async function simulatePoolCommand(options: SimulatePoolOptions): Promise<SimulatedPool> {
  const { assets, times, path } = pooledPrices(options);
  try {
    return await simulated(options, times, assets, path);
  } catch (error) {
    if (error instanceof InvalidInputError) throw new UsageError(error.message);
    throw error;
  }
}

async function simulated(
  options: SimulatePoolOptions,
  times: readonly number[],
  assets: readonly string[],
  prices: PricePath,
): Promise<SimulatedPool> {
  const { arbFrequency, rule } = options;
  const rowHours = (times[1] - times[0]) / 3_600_000;
  const terms = {
    ...{ rowHours, updateEvery: options.updateEvery, fastest: options.fastest },
    ...{
      interpolateOver: options.interpolateOver ?? options.updateEvery,
      minimumWeight: options.minimumWeight,
    },
  };
  const pool = poolNamed(rule, terms);
  const given =
    options.params === undefined
      ? {}
      : parseInput(parametersSchema, readJson(options.params), options.params);
  const base = pool.initBaseParameters({
    assets: assets.length,
    ...(options.weights && { initialWeights: options.weights }),
  });
  const simulation: Simulation = {
    ...{ pool: rule, terms, prices, initialValue: options.value, arbFrequency },
    parameters: { ...base, ...given },
    ...(options.fees !== undefined && {
      costs: {
        ...{ fees: options.fees, gas: options.gas, arbitrageFees: options.arbFees },
        signatures: options.signatures,
      },
    }),
  };
  const { trainRows, objective, rounds } = options;
  const trained =
    trainRows === undefined
      ? undefined
      : train({ simulation, trainRows, objective, rounds }, (count) => {
          progress(() => ({ lines: [`${wholeText(count)} evaluations`], record: { evaluations: count } }));
        });
  const parameters = trained?.parameters ?? simulation.parameters;
  const batch = new PoolBatch(options.threads);
  try {
    const run = await batch.run(
      { ...simulation, parameters },
      {
        onProgress: (done) => {
          progress(() => ({ lines: [`${wholeText(done)} sets`], record: { sets: done } }));
        },
      },
    );
    const acted = thinned(prices, arbFrequency);
    if (options.svg !== undefined)
      writeFileSync(
        options.svg,
        poolPicture(
          rule,
          assets,
          run,
          acted,
          times.filter((_, t) => t % arbFrequency === 0),
        ),
      );
    return {
      ...{ rule, assets, from: iso(times[0]), to: iso(times[times.length - 1]) },
      ...{ rows: run.rows, rowHours: rowHours * arbFrequency, parameters },
      sets: Array.from({ length: run.sets }, (_, set) =>
        setOf(run, acted, rowHours * arbFrequency, assets, set),
      ),
      ...(trained && {
        trained: {
          ...{ objective, rows: trainRows!, evaluations: trained.evaluations },
          ...{ training: trained.training, heldOut: trained.heldOut },
        },
      }),
    };
  } finally {
    await batch.close();
  }
}

function setOf(
  run: PoolRun,
  prices: PricePath,
  rowHours: number,
  assets: readonly string[],
  set: number,
): SimulatedSet {
  const values = valuesOf(run, prices, set);
  const at = (set * run.rows + run.rows - 1) * run.assets;
  const finalValue = values[run.rows - 1];
  const reserves = assets.map((_, i) => run.reserves[at + i]);
  const worth = (i: number) => reserves[i] * prices.values[(run.rows - 1) * run.assets + i];
  return {
    metrics: poolMetrics(run, prices, rowHours, set),
    finalValue,
    finalReserves: Object.fromEntries(assets.map((name, i) => [name, reserves[i]])),
    finalWeights: Object.fromEntries(assets.map((name, i) => [name, worth(i) / finalValue])),
  };
}
