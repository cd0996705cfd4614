import { InvalidInputError } from '#lib/errors';
import { parameterRows, setsOf } from './parameters.js';
import { ASSETS, type PricePath, thinned } from './prices.js';
import { bestOfAll, bestPair } from './reserves/arbitrage.js';
import { tradedReserves, type TradingTerms } from './reserves/with-fees.js';
import { zeroFeeReserves } from './reserves/zero-fees.js';
import type {
  ConstantFees,
  DynamicInputs,
  FeeTerms,
  ParameterAxis,
  PoolInput,
  PoolParameters,
  PoolRun,
} from './pool-run.js';

/** Where parameters begin: before training, or for somebody to change. */
export interface BaseParameters {
  readonly assets: number;
  readonly sets?: number;
  /** how far sets lie from one another, e-folds of each parameter that is trained */
  readonly spread?: number;
  readonly seed?: number;
  readonly initialWeights?: readonly number[];
}

/**
 * Weights of a set: one row of n where they are constant, rows × n where they move. Those of a set that are
 * not needed any more may be given, to be written over.
 */
export type SetWeights = (set: number, over?: Float64Array) => Float64Array;

/**
 * Sets that are simulated side by side: they share series derived from the prices, and each holds its weights
 * meanwhile.
 */
const SETS_TOGETHER = 16;

/**
 * A pool of n tokens, simulated along prices of the market. Pools keep nothing between calls: each is given all it needs, for one set of
 * parameters or many.
 */
export abstract class AbstractPool {
  abstract readonly name: string;

  /** Whether any of its parameters can be fitted. */
  abstract isTrainable(): boolean;

  /** Parameters to begin with, one set or several. */
  abstract initBaseParameters(base: BaseParameters): PoolParameters;

  /** Names and units of its parameters. */
  abstract parameterNames(): readonly string[];

  /**
   * Weights of every row, by set.
   *
   * @throws {InvalidInputError} for parameters that are missing or outside their domain
   */
  abstract weights(prices: PricePath, parameters: PoolParameters, sets: number): SetWeights;

  /**
   * Which parameters are batched: a call runs as many sets as those have rows, and shares the others.
   *
   * @throws {InvalidInputError} for a name the pool does not know, or one that is missing
   */
  parameterAxes(parameters: PoolParameters): Record<string, ParameterAxis> {
    const names = this.parameterNames();
    for (const name of Object.keys(parameters))
      if (!names.includes(name))
        throw new InvalidInputError(
          `parameters.${name}`,
          `is no parameter of ${this.name}: those are ${names.join(', ')}`,
        );
    return Object.fromEntries(
      names.map((name) => {
        const value = (parameters as Record<string, PoolParameters[string] | undefined>)[name];
        if (value === undefined) throw new InvalidInputError(`parameters.${name}`, 'is missing');
        return [name, Array.isArray(value[0]) ? 'sets' : 'shared'];
      }),
    );
  }

  /** Reserves where trading is free, and so the pool's prices are always the market's. */
  calculateReservesZeroFees(input: PoolInput): PoolRun {
    const { prices, run, weightsOf, initialOf } = this.prepare(input);
    const reused: Float64Array[] = [];
    for (let from = 0; from < run.sets; from += SETS_TOGETHER) {
      const count = Math.min(SETS_TOGETHER, run.sets - from);
      const together = Array.from({ length: count }, (_, at) => {
        const weights = (reused[at] = weightsOf(from + at, reused[at]));
        return { weights, initial: initialOf(weights), out: part(run, from + at) };
      });
      zeroFeeReserves(prices, together);
    }
    run.arbitrages.fill(Math.max(0, run.rows - 1));
    return run;
  }

  /**
   * Reserves with fees: arbitrage happens only where it pays after fees, gas and the arbitrageur's costs elsewhere.
   *
   * @throws {InvalidInputError} for a fee outside [0, 1) or costs below 0
   */
  calculateReservesWithFees(input: PoolInput, costs: ConstantFees): PoolRun {
    const { fees, gas = 0, arbitrageFees = 0 } = costs;
    checkCosts('fees', [fees], 1);
    checkCosts('gas', [gas]);
    checkCosts('arbitrageFees', [arbitrageFees]);
    return this.traded(input, costs, {
      fees: () => fees,
      gas: () => gas,
      arbitrageFees: () => arbitrageFees,
      arbitrage: true,
      trades: [],
    });
  }

  /**
   * As {@link calculateReservesWithFees}, with costs that vary from row to row and trades of others.
   *
   * @throws {InvalidInputError} for series shorter than the rows acted on, or a trade that cannot be
   */
  calculateReservesWithDynamicInputs(input: PoolInput, dynamic: DynamicInputs): PoolRun {
    const { fees, gas, arbitrageFees, trades = [], arbitrage = true } = dynamic;
    const rows = Math.ceil(input.prices.rows / (input.arbFrequency ?? 1));
    const inRow = (name: string, series: ArrayLike<number> | undefined, below?: number) => {
      if (series === undefined) return () => 0;
      if (series.length < rows)
        throw new InvalidInputError(name, `has ${series.length} rows, ${rows} are acted on`);
      checkCosts(name, series, below);
      return (row: number) => series[row];
    };
    const costs = {
      fees: inRow('fees', fees, 1),
      gas: inRow('gas', gas),
      arbitrageFees: inRow('arbitrageFees', arbitrageFees),
    };
    trades.forEach(({ row, tokenIn, tokenOut, amountIn }, i) => {
      const token = (value: number) => Number.isInteger(value) && value >= 0 && value < input.prices.assets;
      if (!(Number.isInteger(row) && row >= 0 && row < rows))
        throw new InvalidInputError(`trades[${i}].row`, `must be one of ${rows} rows, got ${row}`);
      if (!token(tokenIn) || !token(tokenOut) || tokenIn === tokenOut)
        throw new InvalidInputError(`trades[${i}]`, `must trade two of ${input.prices.assets} tokens`);
      if (!(amountIn >= 0 && Number.isFinite(amountIn)))
        throw new InvalidInputError(`trades[${i}].amountIn`, `must be 0 or more, got ${amountIn}`);
    });
    return this.traded(input, dynamic, { ...costs, arbitrage, trades });
  }

  private traded(
    input: PoolInput,
    { signatures = 'all', noise = 0, protocolShare = 0 }: FeeTerms,
    {
      arbitrage,
      ...costs
    }: Omit<TradingTerms, 'arbitrage' | 'noise' | 'protocolShare'> & { arbitrage: boolean },
  ): PoolRun {
    checkCosts('noise', [noise]);
    checkCosts('protocolShare', [protocolShare], 1 + Number.EPSILON);
    const terms: TradingTerms = {
      ...costs,
      ...{ noise, protocolShare },
      arbitrage: arbitrage ? this.arbitrage(signatures) : undefined,
    };
    const { prices, run, weightsOf, initialOf } = this.prepare(input);
    for (let set = 0; set < run.sets; set++) {
      const weights = weightsOf(set);
      const traded = tradedReserves(prices, weights, initialOf(weights), terms, part(run, set));
      run.fees[set] = traded.fees;
      run.arbitrages[set] = traded.arbitrages;
    }
    return run;
  }

  protected arbitrage(signatures: 'pair' | 'all'): TradingTerms['arbitrage'] {
    return signatures === 'pair' ? bestPair : bestOfAll;
  }

  private prepare(input: PoolInput) {
    const { parameters, arbFrequency = 1 } = input;
    const { assets } = input.prices;
    if (assets < ASSETS.least || assets > ASSETS.most)
      throw new InvalidInputError('prices', `a pool holds ${ASSETS.least} to ${ASSETS.most} assets`);
    if (!(Number.isInteger(arbFrequency) && arbFrequency >= 1))
      throw new InvalidInputError('arbFrequency', `must be a whole number of rows, got ${arbFrequency}`);
    const sets = setsOf(parameters, this.parameterAxes(parameters));
    const prices = thinned(input.prices, arbFrequency);
    const { rows } = prices;
    const all = this.weights(input.prices, parameters, sets);
    // Weights are the rule's at the rows that are acted on.
    const weightsOf: SetWeights = (set, over) => {
      if (arbFrequency === 1) return all(set, over);
      const weights = all(set);
      return weights.length === assets
        ? weights
        : thinned({ rows: input.prices.rows, assets, values: weights }, arbFrequency).values;
    };
    const reserves = input.output ?? new Float64Array(sets * rows * assets);
    if (reserves.length !== sets * rows * assets)
      throw new InvalidInputError(
        'output',
        `must have ${sets} × ${rows} × ${assets} elements, has ${reserves.length}`,
      );
    const { initialReserves, initialValue } = input;
    if ((initialReserves === undefined) === (initialValue === undefined))
      throw new InvalidInputError('initialValue', 'or initialReserves must be given, and not both');
    if (initialReserves !== undefined) parameterRows('initialReserves', initialReserves, assets, 1);
    else checkCosts('initialValue', [initialValue!]);
    const initialOf = (weights: Float64Array) => {
      if (initialReserves !== undefined) return Float64Array.from(initialReserves);
      return Float64Array.from({ length: assets }, (_, i) => (weights[i] * initialValue!) / prices.values[i]);
    };
    const run: PoolRun = {
      ...{ sets, rows, assets, reserves },
      ...{ fees: new Float64Array(sets), arbitrages: new Float64Array(sets) },
    };
    return { prices, run, weightsOf, initialOf };
  }
}

const part = ({ reserves, rows, assets }: PoolRun, set: number) =>
  reserves.subarray(set * rows * assets, (set + 1) * rows * assets);

function checkCosts(name: string, values: ArrayLike<number>, below = Infinity): void {
  for (let i = 0; i < values.length; i++)
    if (!(values[i] >= 0 && values[i] < below))
      throw new InvalidInputError(
        values.length === 1 ? name : `${name}[${i}]`,
        `must be 0 or more${below === Infinity ? '' : ' and below 1'}, got ${values[i]}`,
      );
}
