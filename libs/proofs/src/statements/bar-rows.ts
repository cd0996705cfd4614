// Long because it is one layout: the rows of a bar in the order the circuit reads them.
import { z } from 'zod';
import { InvalidInputError, parseInput } from '#lib/errors';
import { fromFelt, quantise, toFelt } from '../field.js';
import { nearest, shifted } from '../fixed-point.js';
import { SHARED } from '../generated/layout.js';
import { normalValues, type SandwichValues, sandwichValues } from '../sandwich.js';
import type { CircuitInputs } from '../statement.js';
import {
  type DeclaredFactors,
  declaredFactorsSchema,
  factorVariances,
  type FactorState,
  factorStateSchema,
  LARGEST_FACTORS,
  LARGEST_MARKETS,
  type ModelIntegers,
  modelIntegers,
  nextStates,
  partialFactors,
  saltOf,
  saltSchema,
  stateIntegers,
  stateRow,
} from './factor-model.js';
import { type ExposureRisk, exposureRisk, type OtherRisk, volatilityOf } from './factor-risk.js';

/** The exchange's assets and debts beside its exposures, in shares of the unit of account. */
export interface BookTerms {
  /** C: net notional of the positions at entry */
  readonly entry: number;
  /** P */
  readonly capital: number;
  /** L */
  readonly liquidity: number;
  /** P_t: collected and not yet vested */
  readonly pending: number;
}

/** Values of the other proofs of a bar of more than 32 markets: exact, as field elements in hexadecimal. */
export interface OtherMarkets {
  /** W_f r, K */
  readonly factors: readonly string[];
  /** Bᵀ of the exposures, K */
  readonly projection: readonly string[];
  /** own variance over the horizon, and its rate */
  readonly variance: readonly string[];
  /** Σx */
  readonly net: string;
}

/** A bar of a declared model, and the standing book in it. */
export interface BarInput {
  readonly model: DeclaredFactors;
  /** before the bar */
  readonly state: FactorState;
  readonly stateSalt: string;
  readonly nextStateSalt: string;
  /** log returns of the bar, percent, n */
  readonly returns: readonly number[];
  /** x in shares of the unit of account: 64 to 128 units in all */
  readonly exposures: readonly number[];
  readonly book: BookTerms;
  /** α of EVaR_{1−α} */
  readonly alpha: number;
  /** κ ≥ 1: EVaR is of κ times the volatility */
  readonly tailFactor: number;
  /** of a bar that is split; absent where one proof holds all markets */
  readonly others?: OtherMarkets | undefined;
}

const felt = z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 hexadecimal digits');
export const bookTermsSchema = z.strictObject({
  entry: z.number(),
  capital: z.number().nonnegative(),
  liquidity: z.number().nonnegative(),
  pending: z.number(),
}) satisfies z.ZodType<BookTerms>;
const inputSchema = z.strictObject({
  model: declaredFactorsSchema,
  state: factorStateSchema,
  stateSalt: saltSchema,
  nextStateSalt: saltSchema,
  returns: z.array(z.number()),
  exposures: z.array(z.number()),
  book: bookTermsSchema,
  alpha: z.number().gt(0).lt(1),
  tailFactor: z.number().min(1),
  others: z
    .strictObject({
      factors: z.array(felt).length(LARGEST_FACTORS),
      projection: z.array(felt).length(LARGEST_FACTORS),
      variance: z.array(felt).length(2),
      net: felt,
    })
    .optional(),
}) satisfies z.ZodType<BarInput>;

/** @throws {InvalidInputError} for JSON that is no input */
export function parseBar(value: unknown): BarInput {
  return parseInput(inputSchema, value, 'input');
}

export const BOOK_TERMS = ['entry', 'capital', 'liquidity', 'pending'] as const;

/** The part of a bar that does not depend on the book's terms, with the circuit's integers. */
interface BarRisk {
  readonly model: ModelIntegers;
  readonly before: readonly bigint[];
  readonly after: readonly bigint[];
  readonly returns: readonly bigint[];
  readonly exposures: readonly bigint[];
  readonly others: OtherIntegers;
  /** W_f r of these markets, 2^−38 */
  readonly partial: readonly bigint[];
  readonly variances: readonly [horizon: readonly bigint[], rate: readonly bigint[]];
  readonly risk: readonly [horizon: ExposureRisk, rate: ExposureRisk];
}

/** Everything a bar's circuit computes, with its integers. */
export interface BarValues extends Omit<BarRisk, 'others'> {
  readonly book: readonly bigint[];
  readonly others: readonly bigint[];
  readonly s: bigint;
  readonly rate: bigint;
  /** κs */
  readonly scaled: bigint;
  readonly sandwich: SandwichValues;
  readonly d1: bigint;
  readonly d2: bigint;
  readonly gamma: bigint;
}

type RiskInput = Pick<BarInput, 'model' | 'state' | 'returns' | 'exposures' | 'others'>;

function barRisk(input: RiskInput): BarRisk {
  const model = modelIntegers(input.model);
  const n = model.markets;
  const before = stateIntegers(input.state, input.model.scores.length, n);
  const returns = padded('returns', input.returns, n, (value, i) =>
    quantise(value / input.model.units[i], `returns[${i}]`),
  );
  const exposures = exposureIntegers('exposures', input.exposures, n);
  const others = otherIntegers(input.others);
  const partial = partialFactors(model, returns);
  const whole = partial.map((value, k) => value + others.factors[k]);
  const after = nextStates(model, before, returns, whole);
  const variances = [factorVariances(model, after, 0), factorVariances(model, after, 1)] as const;
  const risk = variances.map((D, term) =>
    exposureRisk(model, exposures, D, {
      projection: others.projection,
      ownVariance: others.variance[term],
    }),
  ) as unknown as readonly [ExposureRisk, ExposureRisk];
  return { model, before, after, returns, exposures, others, partial, variances, risk };
}

/**
 * A bar as its circuit computes it.
 *
 * @throws {InvalidInputError} naming the field
 */
export function barValues(input: BarInput): BarValues {
  const { others, ...values } = barRisk(input);
  const { risk, exposures } = values;
  const s = volatilityOf(risk[0].variance, 'exposures');
  const net = exposures.reduce((sum, value) => sum + value, others.net);
  const { terms, budget, tailFactor } = bookIntegers(input.book, input.alpha, input.tailFactor, 'book');
  const priced = pricedBook(net, terms, s, { budget, tailFactor }, 'book');
  const { factors, projection, variance, net: otherNet } = others;
  return {
    ...values,
    book: [...terms, budget, tailFactor],
    others: [...factors, ...projection, ...variance, otherNet],
    s,
    rate: nearest(risk[1].variance, s << 129n),
    ...priced,
  };
}

/** The rows of the circuit. */
export function barRows(input: BarInput): CircuitInputs {
  const values = barValues(input);
  const { model, before, after, returns, exposures, book, others, s, rate, sandwich, d1, d2, gamma } = values;
  return [
    model.row,
    stateRow(before, saltOf(input.stateSalt, 'stateSalt')),
    stateRow(after, saltOf(input.nextStateSalt, 'nextStateSalt')),
    returns,
    exposures,
    book,
    others,
    [
      s,
      ...sandwichRow(sandwich),
      d1,
      d2,
      gamma,
      rate,
      sandwich.atRatio.inverse,
      sandwich.atShifted.inverse,
      normalValues(d1).inverse,
      normalValues(d2).inverse,
    ],
  ];
}

/** The part of a witness row that every sandwich has. */
export function sandwichRow({ k, t, p, c, upper, r }: SandwichValues): bigint[] {
  return [k, t, p, c, upper, r];
}

/** The sandwich and the call spread of a book with net exposure and terms, all in units of 2^−24. */
export function pricedBook(
  net: bigint,
  [entry, capital, liquidity]: readonly bigint[],
  s: bigint,
  { budget, tailFactor }: { readonly budget: bigint; readonly tailFactor: bigint },
  field: string,
): Pick<BarValues, 'scaled' | 'sandwich' | 'd1' | 'd2' | 'gamma'> {
  const mean = 100n * (net - entry - capital - liquidity);
  const scaled = shifted(tailFactor * s, 24);
  const sandwich = sandwichValues(mean, scaled, budget, field);
  const [d1, d2] = [mean + 100n * liquidity, mean].map((end) => nearest(end << 24n, s));
  const vega = normalValues(d1).density - normalValues(d2).density;
  return { scaled, sandwich, d1, d2, gamma: nearest(vega << 24n, s) };
}

export function bookIntegers(
  book: BookTerms,
  alpha: number,
  tailFactor: number,
  field: string,
): { terms: bigint[]; budget: bigint; tailFactor: bigint } {
  const largest = SHARED.largestTailFactor / 2 ** 24;
  if (!(tailFactor >= 1 && tailFactor <= largest))
    throw new InvalidInputError('tailFactor', `must be from 1 to ${largest}, got ${tailFactor}`);
  return {
    terms: BOOK_TERMS.map((name) => quantise(book[name], `${field}.${name}`)),
    budget: quantise(-Math.log(alpha), 'alpha'),
    tailFactor: quantise(tailFactor, 'tailFactor'),
  };
}

/** Exposures of the markets that are there, zeros in the other places. */
export function exposureIntegers(field: string, values: readonly number[], n: number): bigint[] {
  return padded(field, values, n, (value, i) => quantise(value, `${field}[${i}]`));
}

interface OtherIntegers extends Omit<OtherRisk, 'ownVariance'> {
  readonly factors: readonly bigint[];
  readonly variance: readonly bigint[];
  readonly net: bigint;
}

function otherIntegers(others: OtherMarkets | undefined): OtherIntegers {
  const zeros = new Array<bigint>(LARGEST_FACTORS).fill(0n);
  if (others === undefined) return { factors: zeros, projection: zeros, variance: [0n, 0n], net: 0n };
  const integers = (values: readonly string[], name: string) =>
    values.map((value, i) => fromFelt(value, `others.${name}[${i}]`));
  return {
    factors: integers(others.factors, 'factors'),
    projection: integers(others.projection, 'projection'),
    variance: integers(others.variance, 'variance'),
    net: fromFelt(others.net, 'others.net'),
  };
}

/**
 * Two halves of a bar's markets, each with the other's values. Factors, projection and net exposure are each half's own; own
 * variances follow from the factors of both.
 *
 * @throws {InvalidInputError} naming the field
 */
export function splitBar(a: BarInput, b: BarInput): [BarInput, BarInput] {
  const partsOf = (input: BarInput, others?: OtherMarkets) => otherMarkets(barRisk({ ...input, others }));
  const [ofA, ofB] = [partsOf(a), partsOf(b)];
  return [
    { ...a, others: partsOf(b, ofA) },
    { ...b, others: partsOf(a, ofB) },
  ];
}

/** Values that a proof of some of a bar's markets gives the other. */
function otherMarkets({ partial, risk, exposures }: BarRisk): OtherMarkets {
  return {
    factors: partial.map(toFelt),
    projection: risk[0].projection.map(toFelt),
    variance: risk.map(({ ownVariance }) => toFelt(ownVariance)),
    net: toFelt(exposures.reduce((sum, value) => sum + value, 0n)),
  };
}

function padded(
  field: string,
  values: readonly number[],
  n: number,
  integer: (value: number, at: number) => bigint,
): bigint[] {
  if (values.length !== n) throw new InvalidInputError(field, `must have ${n} entries, got ${values.length}`);
  return Array.from({ length: LARGEST_MARKETS }, (_, i) => (i < n ? integer(values[i], i) : 0n));
}
