import { z } from 'zod';
import { parseInput } from '#lib/errors';
import { fieldElement, fromFelt } from '../field.js';
import {
  judgeSandwiches,
  judgeVolatility,
  Judgement,
  judgeUpper,
  layoutOf,
  numbersOf,
} from '../public-values.js';
import { LAYOUTS, SHARED } from '../generated/layout.js';
import { normalValues } from '../sandwich.js';
import type { CircuitInputs, Statement } from '../statement.js';
import {
  BOOK_TERMS,
  bookIntegers,
  type BookTerms,
  bookTermsSchema,
  exposureIntegers,
  type OtherMarkets,
  pricedBook,
} from './bar-rows.js';
import {
  type DeclaredFactors,
  declaredFactorsSchema,
  factorVariances,
  type FactorState,
  factorStateSchema,
  LARGEST_FACTORS,
  LARGEST_MARKETS,
  modelIntegers,
  saltOf,
  saltSchema,
  stateIntegers,
  stateRow,
} from './factor-model.js';
import { exposureRisk, NO_OTHER_RISK, volatilityOf } from './factor-risk.js';

const { books: BOOKS } = LAYOUTS.price.constants;
const NAMES = ['before', 'after'] as const;

/** One side of a trade. */
export interface PricedBookTerms extends BookTerms {
  /** x in shares of the unit of account, n */
  readonly exposures: readonly number[];
}

/** A trade on the state that a bar ended in. */
export interface PriceInput {
  readonly model: DeclaredFactors;
  readonly state: FactorState;
  readonly stateSalt: string;
  readonly before: PricedBookTerms;
  readonly after: PricedBookTerms;
  /** α of EVaR_{1−α} */
  readonly alpha: number;
  readonly tailFactor: number;
  /** of a bar that is split: the other proofs' values of their markets */
  readonly others?: Omit<OtherMarkets, 'factors'> | undefined;
}

/** Statement of a proof about one side. Money in percent of the unit of account; exposures and book in shares of it. */
export interface PricedSide {
  readonly exposures: readonly number[];
  readonly book: BookTerms;
  readonly volatility: number;
  readonly upper: number;
  readonly lower: number;
  readonly tilt: number;
  /** price of the liquidity providers' call spread */
  readonly spread: number;
}

export interface PricePublic {
  /** Poseidon hashes: field elements from 0 up, as contracts keep them */
  readonly commitments: Readonly<Record<'model' | 'state', bigint>>;
  readonly before: PricedSide;
  readonly after: PricedSide;
  /** −ln α */
  readonly budget: number;
  readonly tailFactor: number;
  /** (upper after − upper before)⁺ */
  readonly premium: number;
  /** (spread after − spread before)⁺ */
  readonly liquidityPremium: number;
  /** of other markets, exact: the parts of their bar's proofs */
  readonly others: readonly bigint[];
  readonly failures: readonly string[];
}

const felt = z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 hexadecimal digits');
const side = bookTermsSchema.extend({ exposures: z.array(z.number()) });
const inputSchema = z.strictObject({
  model: declaredFactorsSchema,
  state: factorStateSchema,
  stateSalt: saltSchema,
  before: side,
  after: side,
  alpha: z.number().gt(0).lt(1),
  tailFactor: z.number().min(1),
  others: z
    .strictObject({
      projection: z.array(felt).length(LARGEST_FACTORS),
      variance: z.array(felt).min(1),
      net: felt,
    })
    .optional(),
}) satisfies z.ZodType<PriceInput>;

/**
 * The rows of the circuit, private values computed as the circuit computes them.
 *
 * @throws {InvalidInputError} naming the field
 */
export function priceRows(input: PriceInput): CircuitInputs {
  const model = modelIntegers(input.model);
  const n = model.markets;
  const state = stateIntegers(input.state, input.model.scores.length, n);
  const D = factorVariances(model, state, 0);
  const others =
    input.others === undefined
      ? { ...NO_OTHER_RISK, net: 0n }
      : {
          projection: input.others.projection.map((value, k) => fromFelt(value, `others.projection[${k}]`)),
          ownVariance: fromFelt(input.others.variance[0], 'others.variance[0]'),
          net: fromFelt(input.others.net, 'others.net'),
        };
  const sides = [input.before, input.after].map((book, i) => {
    const name = NAMES[i];
    const x = exposureIntegers(`${name}.exposures`, book.exposures, n);
    const s = volatilityOf(exposureRisk(model, x, D, others).variance, `${name}.exposures`);
    const { terms, budget, tailFactor } = bookIntegers(book, input.alpha, input.tailFactor, name);
    const net = x.reduce((sum, value) => sum + value, others.net);
    return { x, s, terms, budget, tailFactor, ...pricedBook(net, terms, s, { budget, tailFactor }, name) };
  });
  const each = (value: (entry: (typeof sides)[number]) => bigint) => sides.map(value);
  return [
    model.row,
    stateRow(state, saltOf(input.stateSalt, 'stateSalt')),
    sides.flatMap(({ x }) => x),
    [
      ...BOOK_TERMS.flatMap((_, field) => each(({ terms }) => terms[field])),
      sides[0].budget,
      sides[0].tailFactor,
    ],
    [...others.projection, others.ownVariance, others.net],
    [
      ...each(({ s }) => s),
      ...(['k', 't', 'p', 'c', 'upper', 'r'] as const).flatMap((name) =>
        each(({ sandwich }) => sandwich[name]),
      ),
      ...each(({ d1 }) => d1),
      ...each(({ d2 }) => d2),
      ...each(({ sandwich }) => sandwich.atRatio.inverse),
      ...each(({ sandwich }) => sandwich.atShifted.inverse),
      ...each(({ d1 }) => normalValues(d1).inverse),
      ...each(({ d2 }) => normalValues(d2).inverse),
    ],
  ];
}

/** The risk that a trade adds to a book, both books on one committed state: circuits/zkcircuits/price.py. */
export const priceStatement: Statement<PriceInput, PricePublic> = {
  name: 'price',
  layout: layoutOf('price'),
  inputs: priceRows,

  public(values) {
    const numbers = numbersOf('price', values);
    const book = numbers('publicBook');
    const exposures = numbers('exposures');
    const sides = NAMES.map((_, i): PricedSide => ({
      exposures: exposures.slice(i * LARGEST_MARKETS, (i + 1) * LARGEST_MARKETS),
      book: Object.fromEntries(
        BOOK_TERMS.map((name, field) => [name, book[field * BOOKS + i]]),
      ) as unknown as BookTerms,
      volatility: numbers('volatility')[i],
      upper: numbers('upper')[i],
      lower: numbers('lower')[i],
      tilt: numbers('tilt')[i],
      spread: numbers('spread')[i],
    }));
    return {
      commitments: {
        model: fieldElement(values.get('modelCommitment')![0]),
        state: fieldElement(values.get('stateCommitment')![0]),
      },
      before: sides[0],
      after: sides[1],
      budget: book[BOOKS * BOOK_TERMS.length],
      tailFactor: book[BOOKS * BOOK_TERMS.length + 1],
      premium: numbers('premium')[0],
      liquidityPremium: numbers('liquidityPremium')[0],
      others: values.get('publicOthers')!,
      failures: judged(values),
    };
  },

  failures: ({ failures }) => failures,

  parse: (value) => parseInput(inputSchema, value, 'input'),
};

function judged(values: ReadonlyMap<string, readonly bigint[]>): string[] {
  const judgement = new Judgement(values);
  const [violations] = judgement.integers('violations');
  judgement.check(violations === 0n, `violations are ${violations}, not 0`);
  const s = judgement.integers('volatility');
  judgeSandwiches(judgement, judgement.integers('scaledVolatility'));
  judgeVolatility(judgement, s);
  judgeUpper(judgement);
  judgement.within('residualVolatility', (at) => (s[at] + 1n) << 128n);
  judgement.within('residualSpread', (at) => (s[at % s.length] >> 1n) + 1n);
  const [budget, tailFactor] = judgement.integers('publicBook').slice(BOOKS * BOOK_TERMS.length);
  judgement.check(
    tailFactor >= BigInt(SHARED.smallestTailFactor) && tailFactor <= BigInt(SHARED.largestTailFactor),
    `the tail factor ${tailFactor} is not in [${SHARED.smallestTailFactor}, ${SHARED.largestTailFactor}]`,
  );
  judgement.check(budget > 0n, `the budget ${budget} is not above 0`);
  judgement.within('publicBook', () => 1n << 39n);
  judgement.within('exposures', () => 1n << 39n);
  return judgement.failures;
}
