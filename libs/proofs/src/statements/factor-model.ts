import { z } from 'zod';
import { InvalidInputError } from '#lib/errors';
import { quantise } from '../field.js';
import { fixed, ONE, shifted } from '../fixed-point.js';
import { LAYOUTS } from '../generated/layout.js';

/** Markets and common factors of a circuit: circuits/zkcircuits/factors.py. */
export const { markets: LARGEST_MARKETS, factors: LARGEST_FACTORS } = LAYOUTS.bar.constants;
const TOTAL = LARGEST_MARKETS + LARGEST_FACTORS;
/** τ of the averages of each factor's square, bars, in the order of the circuit. */
export const DECAY_TIMES = [324, 36, 4] as const;
const STATES = DECAY_TIMES.length;
const SHARES = DECAY_TIMES.map((tau) => fixed(1 - Math.exp(-1 / tau)));
const W_BITS = 14;
const B_BITS = 16;
const LARGEST_DIGIT = 2 ** 17;
const SLOT = 21n;
const WIDE = 38n;
const PAIRS = Math.ceil((TOTAL * STATES) / 2);
/** Units of markets in percent a bar: the smallest one, and their sum; sums of levels and of weights. */
const SMALLEST_UNIT = 2 ** -10;
const LARGEST_SUMS = { units: 2 ** 9, levels: 2 ** 8, weights: 2 ** 12 } as const;

/** b_0 and b_i of D = b_0 c + Σ b_i O_i, for common factors and for own ones; averages in the order of {@link DECAY_TIMES}. */
export interface FactorWeights {
  readonly level: { readonly common: number; readonly own: number };
  readonly averages: { readonly common: readonly number[]; readonly own: readonly number[] };
}

/** A factor model as the statements declare it: n markets, K common factors, each market in a unit of its own. */
export interface DeclaredFactors {
  /** u, percent a bar, n */
  readonly units: readonly number[];
  /** W_f of returns in units, K×n by rows, within ±8 */
  readonly scores: readonly (readonly number[])[];
  /** B in units, n×K by rows, within ±2 */
  readonly loadings: readonly (readonly number[])[];
  /** c of the common factors, then of the markets' own in squares of their units */
  readonly levels: readonly number[];
  /** of the variance over the horizon, and of its rate of change with the horizon per bar */
  readonly horizon: FactorWeights;
  readonly rate: FactorWeights;
  /** 62 hexadecimal digits, secret */
  readonly salt: string;
}

/** Averages of the square of each factor, in the order of {@link DECAY_TIMES}; common factors first, own ones in squared units. */
export type FactorState = readonly (readonly number[])[];

/** A model as a circuit has it: integers, padded. */
export interface ModelIntegers {
  readonly markets: number;
  /** the row that is committed to */
  readonly row: readonly bigint[];
  readonly unit: readonly bigint[];
  /** K×n, 2^−14 */
  readonly scores: readonly (readonly bigint[])[];
  /** K×n, 2^−16: Bᵀ */
  readonly loadings: readonly (readonly bigint[])[];
  readonly level: readonly bigint[];
  readonly weights: readonly [horizon: WeightIntegers, rate: WeightIntegers];
}

interface WeightIntegers {
  readonly level: readonly [common: bigint, own: bigint];
  readonly averages: readonly (readonly [common: bigint, own: bigint])[];
}

const list = z.array(z.number());
const weights = z.strictObject({
  level: z.strictObject({ common: z.number(), own: z.number() }),
  averages: z.strictObject({ common: list.length(STATES), own: list.length(STATES) }),
});
export const saltSchema = z.string().regex(/^[0-9a-f]{62}$/, 'must be 62 hexadecimal digits');
export const declaredFactorsSchema = z.strictObject({
  units: list.min(1).max(LARGEST_MARKETS),
  scores: z.array(list).min(1).max(LARGEST_FACTORS),
  loadings: z.array(list).min(1).max(LARGEST_MARKETS),
  levels: list,
  horizon: weights,
  rate: weights,
  salt: saltSchema,
}) satisfies z.ZodType<DeclaredFactors>;
export const factorStateSchema = z.array(list.length(STATES)) satisfies z.ZodType<FactorState>;

/** @throws {InvalidInputError} for a salt that is none */
export function saltOf(salt: string, field: string): bigint {
  if (!/^[0-9a-f]{62}$/.test(salt)) throw new InvalidInputError(field, 'must be 62 hexadecimal digits');
  return BigInt(`0x${salt}`);
}

/**
 * The integers of a declared model. A model that the circuit would find not well-formed is refused here by name.
 *
 * @throws {InvalidInputError} naming the field
 */
export function modelIntegers(declared: DeclaredFactors): ModelIntegers {
  const n = declared.units.length;
  const K = declared.scores.length;
  if (n < 1 || n > LARGEST_MARKETS)
    throw new InvalidInputError('model.units', `must be of 1 to ${LARGEST_MARKETS} markets, got ${n}`);
  if (K < 1 || K > LARGEST_FACTORS)
    throw new InvalidInputError('model.scores', `must be of 1 to ${LARGEST_FACTORS} factors, got ${K}`);
  requireLength('model.levels', declared.levels, K + n);
  requireLength('model.loadings', declared.loadings, n);
  declared.scores.forEach((row, k) => {
    requireLength(`model.scores[${k}]`, row, n);
  });
  declared.loadings.forEach((row, i) => {
    requireLength(`model.loadings[${i}]`, row, K);
  });
  const unit = Array.from({ length: LARGEST_MARKETS }, (_, i) =>
    quantise(i < n ? declared.units[i] : SMALLEST_UNIT, `model.units[${i}]`),
  );
  declared.units.forEach((value, i) => {
    if (!(value >= SMALLEST_UNIT))
      throw new InvalidInputError(`model.units[${i}]`, `must be at least 2^-10 percent, got ${value}`);
  });
  const digits = (name: string, bits: number, entry: (k: number, i: number) => number | undefined) =>
    Array.from({ length: LARGEST_FACTORS }, (_, k) =>
      Array.from({ length: LARGEST_MARKETS }, (__, i) => digit(`model.${name}`, entry(k, i) ?? 0, bits)),
    );
  const scores = digits('scores', W_BITS, (k, i) => declared.scores.at(k)?.at(i));
  const loadings = digits('loadings', B_BITS, (k, i) => (i < n && k < K ? declared.loadings[i][k] : 0));
  const level = padded(declared.levels, K, (value, i) => nonNegative(value, `model.levels[${i}]`));
  const weights = [
    weightIntegers('model.horizon', declared.horizon),
    weightIntegers('model.rate', declared.rate),
  ] as const;
  const slopes = weights.flatMap(({ averages }) => averages.flat());
  const constants = weights.flatMap((term) => [...term.level]);
  requireSum('model.units', unit, LARGEST_SUMS.units);
  requireSum('model.levels', level, LARGEST_SUMS.levels);
  requireSum('model weights of averages', slopes, LARGEST_SUMS.weights);
  requireSum('model weights of levels', constants, LARGEST_SUMS.weights);
  const packed = packedRow([...scores.flat(), ...loadings.flat()], SLOT, 3);
  const row = [...packed, ...unit, ...level, ...slopes, ...constants, saltOf(declared.salt, 'model.salt')];
  return { markets: n, row, unit, scores, loadings, level, weights };
}

/**
 * States as a circuit has them: average i of factor j at 36·i + j.
 *
 * @throws {InvalidInputError} for a state of another shape, or out of range
 */
export function stateIntegers(state: FactorState, factors: number, markets: number): bigint[] {
  requireLength('state', state, factors + markets);
  return DECAY_TIMES.flatMap((_, i) =>
    padded(
      state.map((averages, j) => {
        requireLength(`state[${j}]`, averages, STATES);
        return averages[i];
      }),
      factors,
      (value, j) => nonNegative(value, `state[${j}][${i}]`),
    ),
  );
}

/** The row of a state that is committed to: two averages an element, and the salt. */
export function stateRow(states: readonly bigint[], salt: bigint): bigint[] {
  const low = states.slice(0, PAIRS).reduce((sum, value) => sum + value, 0n);
  if (low >= 1n << WIDE)
    throw new InvalidInputError(
      'state',
      `of the slow averages adds up to ${low}, above 2^14 in units of 2^-24`,
    );
  return [...packedRow(states, WIDE, 2), salt];
}

/** A state back as numbers. @param factors K; @param markets n */
export function stateNumbers(states: readonly bigint[], factors: number, markets: number): number[][] {
  const places = [
    ...Array.from({ length: factors }, (_, k) => k),
    ...Array.from({ length: markets }, (_, i) => LARGEST_FACTORS + i),
  ];
  return places.map((j) => DECAY_TIMES.map((_, i) => Number(states[i * TOTAL + j]) / 2 ** 24));
}

/** W_f r of the markets that are there, exact: 2^−38. @param r returns by unit, n */
export function partialFactors(model: ModelIntegers, r: readonly bigint[]): bigint[] {
  return model.scores.map((row) => dot(row, r));
}

/**
 * One bar of the filter, with the circuit's integers.
 *
 * @param partial W_f r of all markets, 2^−38
 * @throws {InvalidInputError} where a shock is outside of the circuit's range
 */
export function nextStates(
  model: ModelIntegers,
  states: readonly bigint[],
  r: readonly bigint[],
  partial: readonly bigint[],
): bigint[] {
  const f = partial.map((value) => shifted(value, W_BITS));
  const own = r.map(
    (value, i) =>
      value -
      shifted(
        dot(
          f,
          model.loadings.map((row) => row[i]),
        ),
        B_BITS,
      ),
  );
  const squares = [...f, ...own].map((shock, j) => {
    if (shock >= 256n * ONE || shock <= -256n * ONE)
      throw new InvalidInputError(
        'returns',
        `make a shock of ${Number(shock) / 2 ** 24} deviations of factor ${j}, which must be below 256`,
      );
    return shifted(shock * shock, 24);
  });
  return states.map((state, at) => {
    const gap = squares[at % TOTAL] - state;
    return state + shifted(gap * SHARES[Math.floor(at / TOTAL)], 24);
  });
}

/** D by factor, 2^−48, over the horizon (0) or its rate (1). */
export function factorVariances(model: ModelIntegers, states: readonly bigint[], term: 0 | 1): bigint[] {
  const { level, averages } = model.weights[term];
  return model.level.map((value, j) => {
    const group = j < LARGEST_FACTORS ? 0 : 1;
    return averages.reduce((sum, b, i) => sum + states[i * TOTAL + j] * b[group], value * level[group]);
  });
}

export function dot(a: readonly bigint[], b: readonly bigint[]): bigint {
  return a.reduce((sum, value, i) => sum + value * b[i], 0n);
}

/** Common factors at their places, then the markets' own, zeros where there is nothing. */
function padded<T>(
  values: readonly T[],
  factors: number,
  integer: (value: T, at: number) => bigint,
): bigint[] {
  const row = new Array<bigint>(TOTAL).fill(0n);
  values.forEach((value, at) => {
    row[at < factors ? at : LARGEST_FACTORS + at - factors] = integer(value, at);
  });
  return row;
}

function weightIntegers(field: string, { level, averages }: FactorWeights): WeightIntegers {
  const pair = (common: number, own: number, name: string) =>
    [nonNegative(common, `${field}.${name}.common`), nonNegative(own, `${field}.${name}.own`)] as const;
  return {
    level: pair(level.common, level.own, 'level'),
    averages: DECAY_TIMES.map((_, i) => pair(averages.common[i], averages.own[i], `averages[${i}]`)),
  };
}

function digit(field: string, value: number, bits: number): bigint {
  const units = Math.round(value * 2 ** bits);
  if (!(Math.abs(units) <= LARGEST_DIGIT))
    throw new InvalidInputError(field, `must be within ±${LARGEST_DIGIT / 2 ** bits}, got ${value}`);
  return BigInt(units);
}

/** Digit j of element i is values[j·size + i]. */
function packedRow(values: readonly bigint[], slot: bigint, count: number): bigint[] {
  const size = Math.ceil(values.length / count);
  return Array.from({ length: size }, (_, i) =>
    Array.from({ length: count }, (__, j) => (values[j * size + i] ?? 0n) << (slot * BigInt(j))).reduce(
      (sum, value) => sum + value,
      0n,
    ),
  );
}

function nonNegative(value: number, field: string): bigint {
  if (!(value >= 0)) throw new InvalidInputError(field, `must not be negative, got ${value}`);
  return quantise(value, field);
}

function requireSum(field: string, values: readonly bigint[], largest: number): void {
  const sum = values.reduce((total, value) => total + value, 0n);
  if (sum > BigInt(largest) * ONE)
    throw new InvalidInputError(field, `must add up to at most ${largest}, got ${Number(sum) / 2 ** 24}`);
}

function requireLength(field: string, values: readonly unknown[], length: number): void {
  if (values.length !== length)
    throw new InvalidInputError(field, `must have ${length} entries, got ${values.length}`);
}
