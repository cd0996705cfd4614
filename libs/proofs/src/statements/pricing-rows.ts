import { z } from 'zod';
import { InvalidInputError, parseInput } from '#lib/errors';
import { normalAt, sandwichOf } from '../evar-sandwich.js';
import { dequantise, quantise } from '../field.js';
import { dotProduct, ONE, quotient } from '../fixed-point.js';
import { type CircuitInputs, row } from '../statement.js';
import { CLUSTER_SIZE } from './covariance.js';

export const CLUSTERS = 4;
const SIZE = CLUSTERS * CLUSTER_SIZE;
const PAIRS = (SIZE * (SIZE - 1)) / 2;
const PACKED = Math.ceil(PAIRS / 3);
/** before and after the trade */
export const STATES = 2;
/** Correlations between factors are declared in steps of this. */
export const CORRELATION_STEP = 2 ** -10;
/** s in percent of the unit of account: what the tolerances are made for. */
export const LARGEST_DEVIATION = 256;
export const SMALLEST_DEVIATION = 2 ** -8;

/** One side of a trade, or the standing book: money in shares of the unit of account. */
export interface PricedBook {
  /** F: net notional of the positions at mark */
  readonly net: number;
  /** C: their net notional at entry */
  readonly entry: number;
  /** P */
  readonly capital: number;
  /** L */
  readonly liquidity: number;
  /** P_t: collected and not yet vested */
  readonly pending: number;
}

/** Risk vectors of a cluster, eight entries each, with the salts of their commitments. */
export interface PricedCluster {
  /** v, percent of the unit of account, and its rate of change with the horizon, per bar */
  readonly risk: readonly number[];
  readonly drift: readonly number[];
  readonly riskSalt: number;
  readonly driftSalt: number;
  /** v after the trade */
  readonly riskAfter: readonly number[];
  readonly riskAfterSalt: number;
}

/** The risk of a book, and what a trade changes of it. A book alone: `after` equal to `before`. */
export interface PricingInput {
  /** one to four */
  readonly clusters: readonly PricedCluster[];
  /** R̃ over the factors of all clusters, eight places a cluster, by rows: multiples of 2^−10 */
  readonly correlation: readonly (readonly number[])[];
  readonly correlationSalt: number;
  readonly before: PricedBook;
  readonly after: PricedBook;
  /** α of EVaR_{1−α} */
  readonly alpha: number;
}

const vector = z.array(z.number()).length(CLUSTER_SIZE);
const book = z.strictObject({
  net: z.number(),
  entry: z.number(),
  capital: z.number().nonnegative(),
  liquidity: z.number().nonnegative(),
  pending: z.number(),
});
const inputSchema = z.strictObject({
  clusters: z
    .array(
      z.strictObject({
        risk: vector,
        drift: vector,
        riskSalt: z.number(),
        driftSalt: z.number(),
        riskAfter: vector,
        riskAfterSalt: z.number(),
      }),
    )
    .min(1)
    .max(CLUSTERS),
  correlation: z.array(z.array(z.number())).min(CLUSTER_SIZE).max(SIZE),
  correlationSalt: z.number(),
  before: book,
  after: book,
  alpha: z.number().gt(0).lt(1),
}) satisfies z.ZodType<PricingInput>;

export const BOOK_FIELDS = ['net', 'entry', 'capital', 'liquidity', 'pending'] as const;
/** @throws {InvalidInputError} for JSON that is no input */
export function parsePricing(value: unknown): PricingInput {
  return parseInput(inputSchema, value, 'input');
}

/**
 * The rows of the circuit, private values computed as the circuit computes them.
 *
 * @throws {InvalidInputError} naming the field
 */
export function pricingRows(input: PricingInput): CircuitInputs {
  const clusters = Array.from({ length: CLUSTERS }, (_, c) => input.clusters.at(c));
  const salted = (
    name: 'risk' | 'drift' | 'riskAfter',
    saltName: 'riskSalt' | 'driftSalt' | 'riskAfterSalt',
  ): bigint[][] =>
    clusters.map((cluster, c) => {
      if (cluster === undefined) return new Array<bigint>(CLUSTER_SIZE + 1).fill(0n);
      const salt = quantise(cluster[saltName], `clusters[${c}].${saltName}`);
      return [...row(`clusters[${c}].${name}`, cluster[name], CLUSTER_SIZE), salt];
    });
  const [risk, drift, after] = [
    salted('risk', 'riskSalt'),
    salted('drift', 'driftSalt'),
    salted('riskAfter', 'riskAfterSalt'),
  ];
  const matrix = correlationMatrix(input);
  const budget = quantise(-Math.log(input.alpha), 'alpha');
  const books = [input.before, input.after].map((entries, i) =>
    BOOK_FIELDS.map((field) => quantise(entries[field], `${i === 0 ? 'before' : 'after'}.${field}`)),
  );
  const joined = (rows: readonly (readonly bigint[])[]) =>
    rows.flatMap((values) => values.slice(0, CLUSTER_SIZE));
  const [v, w, u] = [joined(risk), joined(drift), joined(after)];
  const turned = [v, u].map((values) => matrix.map((entries) => dotProduct(entries, values)));
  const states = [v, u].map((values, i) => {
    const variance = dotProduct(turned[i], values);
    const field = i === 0 ? 'before' : 'after';
    const s = quantise(Math.sqrt(Math.max(dequantise(variance), 0)), field);
    const deviation = dequantise(s);
    if (!(deviation >= SMALLEST_DEVIATION && deviation <= LARGEST_DEVIATION))
      throw new InvalidInputError(
        field,
        `has a standard deviation of ${deviation} percent of the unit of account, which must be from ${SMALLEST_DEVIATION} to ${LARGEST_DEVIATION}`,
      );
    const [net, entry, capital, liquidity] = books[i];
    const mean = 100n * (net - (entry + (capital + liquidity)));
    const sandwich = sandwichOf(mean, s, budget, field);
    const d1 = quotient(mean + 100n * liquidity, s);
    const atLower = normalAt(d1);
    const gamma = quotient(atLower.density - sandwich.atRatio.density, s);
    return { s, sandwich, d1, atLower, gamma };
  });
  const each = (value: (state: (typeof states)[number]) => bigint) => states.map(value);
  return [
    ...risk,
    ...drift,
    ...after,
    [...packed(matrix), quantise(input.correlationSalt, 'correlationSalt')],
    [...BOOK_FIELDS.flatMap((_, field) => books.map((values) => values[field])), budget],
    [
      ...each(({ s }) => s),
      ...each(({ sandwich }) => sandwich.k),
      ...each(({ sandwich }) => sandwich.t),
      ...each(({ sandwich }) => sandwich.p),
      ...each(({ sandwich }) => sandwich.c),
      ...each(({ sandwich }) => sandwich.upper),
      ...each(({ sandwich }) => sandwich.r),
      ...each(({ d1 }) => d1),
      ...each(({ gamma }) => gamma),
      ...each(({ sandwich }) => sandwich.atRatio.inverse),
      ...each(({ sandwich }) => sandwich.atShifted.inverse),
      ...each(({ atLower }) => atLower.inverse),
      quotient(dotProduct(turned[0], w), states[0].s),
    ],
  ];
}

/** R̃ in units, in the places of four clusters of eight: the identity where there is nothing. */
function correlationMatrix({ clusters, correlation }: PricingInput): bigint[][] {
  const n = clusters.length * CLUSTER_SIZE;
  if (correlation.length !== n || correlation.some((entries) => entries.length !== n))
    throw new InvalidInputError('correlation', `must be ${n}×${n}: eight places a cluster`);
  return Array.from({ length: SIZE }, (_, i) =>
    Array.from({ length: SIZE }, (__, j) => {
      if (i === j) return ONE;
      if (i >= n || j >= n) return 0n;
      const value = correlation[i][j];
      const field = `correlation[${i}][${j}]`;
      if (!(Math.abs(value) < 1) || !Number.isInteger(value / CORRELATION_STEP))
        throw new InvalidInputError(field, `must be a multiple of 2^-10 within ±1, got ${value}`);
      if (value !== correlation[j][i]) throw new InvalidInputError(field, 'must be symmetric');
      return quantise(value, field);
    }),
  );
}

/** Three correlations to a value, in counts of 2^−10: c0 + 2^11·c1 + 2^22·c2, the first third, the second and the last. */
function packed(matrix: readonly (readonly bigint[])[]): bigint[] {
  const counts: bigint[] = [];
  for (let i = 0; i < SIZE; i++) for (let j = i + 1; j < SIZE; j++) counts.push(matrix[i][j] / (ONE >> 10n));
  return Array.from({ length: PACKED }, (_, k) =>
    [0, 1, 2].reduce((sum, third) => {
      const count = counts[third * PACKED + k] ?? 0n;
      return sum + (count << BigInt(11 * third));
    }, 0n),
  );
}
