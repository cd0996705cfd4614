import { z } from 'zod';
import { InvalidInputError, parseInput } from '#lib/errors';
import { dequantise, quantise } from '../field.js';
import { normalAt, sandwichFailures, sandwichOf, sandwichTolerances } from '../evar-sandwich.js';
import { dotProduct, ONE, quotient, UNIT } from '../fixed-point.js';
import { residualFailures, residualsOf, row, type Statement } from '../statement.js';
import { CLUSTER_SIZE } from './covariance.js';

const CLUSTERS = 4;
const SIZE = CLUSTERS * CLUSTER_SIZE;
const PAIRS = (SIZE * (SIZE - 1)) / 2;
const PACKED = Math.ceil(PAIRS / 3);
const STATES = 2;
/** Correlations between factors are declared in steps of this. */
export const CORRELATION_STEP = 2 ** -10;
/** s in percent of the unit of account: what the tolerances are made for. */
const LARGEST_DEVIATION = 256;
const SMALLEST_DEVIATION = 2 ** -8;

/**
 * How far an equation may be from holding, in units of 2^−24, for s ≤ 256; see {@link sandwichTolerances} for the others:
 * - volatility: s to half a unit is s units in s², and one: 257.
 * - rate, spread, gamma: half a unit times s, and one: 129.
 */
export const PRICING_TOLERANCES = {
  volatility: 512 * UNIT,
  rate: 256 * UNIT,
  ...sandwichTolerances(LARGEST_DEVIATION),
  spread: 256 * UNIT,
  gamma: 256 * UNIT,
} as const;

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

type Residual = keyof typeof PRICING_TOLERANCES | 'upper';

export interface PricingPublic {
  /** Poseidon hashes; `risk` and `drift` are those of the clusters' covariance proofs */
  readonly commitments: {
    readonly risk: readonly bigint[];
    readonly drift: readonly bigint[];
    readonly riskAfter: readonly bigint[];
    readonly correlation: bigint;
    readonly book: bigint;
    readonly witness: bigint;
  };
  readonly residuals: Readonly<Record<Residual, readonly number[]>>;
  /** before, after */
  readonly states: readonly PricedState[];
  /** (upper after − upper before)⁺, percent of the unit of account */
  readonly premium: number;
  /** h_s·ṡ of the book before, percent of the unit of account per bar */
  readonly funding: number;
  /** −ln α */
  readonly budget: number;
}

/** What a proof says of one book; money in percent of the unit of account. */
export interface PricedState {
  readonly book: PricedBook;
  /** s */
  readonly volatility: number;
  /** upper ≥ h(m, s) ≥ lower, up to rounding */
  readonly upper: number;
  readonly lower: number;
  /** −ln α less the entropy of the tilt that gives the lower bound */
  readonly slack: number;
  readonly tilt: number;
  /** of the liquidity providers' call spread */
  readonly spread: {
    readonly price: number;
    readonly delta: number;
    readonly gamma: number;
    readonly vega: number;
  };
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

const BOOK_FIELDS = ['net', 'entry', 'capital', 'liquidity', 'pending'] as const;
const RESIDUALS: readonly (readonly [name: Residual, instances: string, length: number])[] = [
  ['volatility', 'residualVolatility', STATES],
  ['rate', 'residualRate', 1],
  ['ratio', 'residualK', STATES],
  ['inverse', 'residualInverse', 3 * STATES],
  ['log', 'residualLog', STATES],
  ['probability', 'residualProbability', STATES],
  ['density', 'residualDensity', STATES],
  ['upper', 'residualUpper', STATES],
  ['spread', 'residualSpread', STATES],
  ['gamma', 'residualGamma', STATES],
];

/** Risk, premium, funding and the call spread of a book before and after a trade: circuits/zkcircuits/pricing.py. */
export const pricingStatement: Statement<PricingInput, PricingPublic> = {
  name: 'pricing',
  layout: [
    ...['risk', 'drift', 'after'].flatMap((name) =>
      Array.from({ length: CLUSTERS }, (_, c) => [`${name}${c}`, 1] as const),
    ),
    ['correlation', 1],
    ['bookHash', 1],
    ['witness', 1],
    ...RESIDUALS.map(([, name, length]) => [name, length] as const),
    ['slack', STATES],
    ['volatility', STATES],
    ['upper', STATES],
    ['lower', STATES],
    ['tilt', STATES],
    ['premium', 1],
    ['funding', 1],
    ['spread', STATES],
    ['delta', STATES],
    ['gamma', STATES],
    ['vega', STATES],
    ['book', STATES * BOOK_FIELDS.length + 1],
  ],

  inputs(input) {
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
  },

  public(values) {
    const numbersOf = (name: string) => values.get(name)!.map(dequantise);
    const hash = (name: string) => values.get(name)![0];
    const hashes = (name: string) => Array.from({ length: CLUSTERS }, (_, c) => hash(`${name}${c}`));
    const books = numbersOf('book');
    return {
      commitments: {
        risk: hashes('risk'),
        drift: hashes('drift'),
        riskAfter: hashes('after'),
        correlation: hash('correlation'),
        book: hash('bookHash'),
        witness: hash('witness'),
      },
      residuals: residualsOf(RESIDUALS, values),
      states: Array.from({ length: STATES }, (_, i) => ({
        book: Object.fromEntries(
          BOOK_FIELDS.map((field, at) => [field, books[at * STATES + i]]),
        ) as unknown as PricedBook,
        volatility: numbersOf('volatility')[i],
        upper: numbersOf('upper')[i],
        lower: numbersOf('lower')[i],
        slack: numbersOf('slack')[i],
        tilt: numbersOf('tilt')[i],
        spread: {
          price: numbersOf('spread')[i],
          delta: numbersOf('delta')[i],
          gamma: numbersOf('gamma')[i],
          vega: numbersOf('vega')[i],
        },
      })),
      premium: numbersOf('premium')[0],
      funding: numbersOf('funding')[0],
      budget: books[STATES * BOOK_FIELDS.length],
    };
  },

  failures({ residuals, states }) {
    const failures = residualFailures(residuals, PRICING_TOLERANCES);
    states.forEach(({ upper, lower, slack, tilt, volatility }, i) => {
      const name = i === 0 ? 'before' : 'after';
      failures.push(...sandwichFailures(name, { upper, lower, slack, tilt, residual: residuals.upper[i] }));
      if (!(volatility >= SMALLEST_DEVIATION && volatility <= LARGEST_DEVIATION))
        failures.push(
          `volatility ${name} ${volatility} is not in [${SMALLEST_DEVIATION}, ${LARGEST_DEVIATION}]`,
        );
    });
    return failures;
  },

  parse: (value) => parseInput(inputSchema, value, 'input'),
};

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
