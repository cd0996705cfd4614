import type { PricePath } from './prices.js';
import type { ExternalTrade } from './reserves/with-fees.js';

/** A parameter: n values that all sets share, or such values for each set. */
export type PoolParameter = readonly number[] | readonly (readonly number[])[];
export type PoolParameters = Readonly<Record<string, PoolParameter>>;

/** Which way a parameter goes with the sets of a call. */
export type ParameterAxis = 'sets' | 'shared';

/** Input of every calculation: pools keep no state. */
export interface PoolInput {
  readonly prices: PricePath;
  readonly parameters: PoolParameters;
  /** value of the pool in row 0, at its weights; quote currency */
  readonly initialValue?: number;
  /** n reserves to begin with, instead */
  readonly initialReserves?: readonly number[];
  /** rows from one arbitrage to the next; the rows between are dropped */
  readonly arbFrequency?: number;
  /** where reserves go, sets × rows × n; made where it is left out */
  readonly output?: Float64Array;
}

/** Which tokens an arbitrage may trade: one for one, or any for any. */
export type Signatures = 'pair' | 'all';

export interface FeeTerms {
  readonly signatures?: Signatures;
  /** volume of others who trade at the market's price, by that of arbitrageurs */
  readonly noise?: number;
  /** share of the fees that leaves the pool */
  readonly protocolShare?: number;
}

export interface ConstantFees extends FeeTerms {
  /** share of the amount that goes in */
  readonly fees: number;
  /** of a transaction, quote currency */
  readonly gas?: number;
  /** of the arbitrageur elsewhere, share of the value traded on one side */
  readonly arbitrageFees?: number;
}

/** As {@link ConstantFees}, a value for each row that is acted on; and trades of others. */
export interface DynamicInputs extends FeeTerms {
  readonly fees: ArrayLike<number>;
  readonly gas?: ArrayLike<number>;
  readonly arbitrageFees?: ArrayLike<number>;
  readonly trades?: readonly ExternalTrade[];
  /** false: only the trades of others move the reserves */
  readonly arbitrage?: boolean;
}

/** Result of a calculation, for every set of parameters. */
export interface PoolRun {
  readonly sets: number;
  /** that were acted on */
  readonly rows: number;
  readonly assets: number;
  /** sets × rows × n, in tokens */
  readonly reserves: Float64Array;
  /** fees paid, by set, quote currency */
  readonly fees: Float64Array;
  /** rows in which arbitrage has moved reserves, by set */
  readonly arbitrages: Float64Array;
}

/** Value of the reserves in every row of a set, quote currency. */
export function valuesOf(run: PoolRun, prices: PricePath, set = 0): Float64Array {
  const { rows, assets: n, reserves } = run;
  const values = new Float64Array(rows);
  for (let t = 0; t < rows; t++)
    for (let i = 0; i < n; i++) values[t] += reserves[(set * rows + t) * n + i] * prices.values[t * n + i];
  return values;
}
