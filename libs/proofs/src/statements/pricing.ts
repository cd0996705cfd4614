import { sandwichFailures, sandwichTolerances } from '../evar-sandwich.js';
import { dequantise } from '../field.js';
import { UNIT } from '../fixed-point.js';
import { residualFailures, residualsOf, type Statement } from '../statement.js';
import {
  BOOK_FIELDS,
  CLUSTERS,
  LARGEST_DEVIATION,
  parsePricing,
  type PricedBook,
  type PricingInput,
  pricingRows,
  SMALLEST_DEVIATION,
  STATES,
} from './pricing-rows.js';

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

  inputs: pricingRows,

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

  parse: parsePricing,
};
