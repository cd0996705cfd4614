import { fieldElement } from '../field.js';
import {
  judgeSandwiches,
  judgeVolatility,
  Judgement,
  judgeUpper,
  layoutOf,
  numbersOf,
} from '../public-values.js';
import { LAYOUTS, SHARED } from '../generated/layout.js';
import type { Statement } from '../statement.js';
import { BOOK_TERMS, type BarInput, barRows, type BookTerms, parseBar } from './bar-rows.js';
import { LARGEST_FACTORS, LARGEST_MARKETS } from './factor-model.js';

const { smallestGross: SMALLEST_GROSS, largestGross: LARGEST_GROSS } = LAYOUTS.bar.constants;

/** Statement of a proof of a bar. Money in percent of the unit of account but for exposures and book, which are in shares of it. */
export interface BarPublic {
  /** Poseidon hashes of the model, of the state before and after the bar: field elements from 0 up, as contracts keep them */
  readonly commitments: Readonly<Record<'model' | 'state' | 'nextState', bigint>>;
  /** log returns of the bar, percent; zeros where there is no market */
  readonly returns: readonly number[];
  /** each market's variance over the horizon, percent² */
  readonly variances: readonly number[];
  /** (Σx)_i and its rate a bar, percent² of the unit of account */
  readonly covarianceWithBook: readonly number[];
  readonly covarianceRate: readonly number[];
  readonly exposures: readonly number[];
  readonly book: BookTerms;
  /** −ln α */
  readonly budget: number;
  readonly tailFactor: number;
  /** s and its rate a bar */
  readonly volatility: number;
  readonly rate: number;
  /** upper ≥ EVaR of κs ≥ lower up to rounding, at this tilt, and h_s; upper is ρ + P_t */
  readonly upper: number;
  readonly lower: number;
  readonly tilt: number;
  readonly slope: number;
  /** κ·h_s·ṡ, a bar */
  readonly funding: number;
  /** of {@link funding}, by market: they add up to the total */
  readonly fundingByMarket: readonly number[];
  readonly spread: Readonly<Record<'price' | 'delta' | 'gamma' | 'vega', number>>;
  /** exact parts of W_f r, Bᵀx, own variances and Σx that other proofs of the bar take, and the values taken from other proofs */
  readonly partials: readonly bigint[];
  readonly others: readonly bigint[];
  /** D of the common factors, over the horizon and its rate: equal in all proofs of a bar */
  readonly commonVariances: readonly bigint[];
  readonly failures: readonly string[];
}

/** A bar of the declared model, and the risk of the standing book in it: circuits/zkcircuits/bar.py. */
export const barStatement: Statement<BarInput, BarPublic> = {
  name: 'bar',
  layout: layoutOf('bar'),
  inputs: barRows,

  public(values) {
    const numbers = numbersOf('bar', values);
    const integers = (name: string) => values.get(name)!;
    const number = (name: string) => numbers(name)[0];
    const book = numbers('publicBook');
    const [s, rate, slope, exposures] = [
      number('volatility'),
      number('rate'),
      number('slope'),
      numbers('exposures'),
    ];
    const [covariance, covarianceRate] = [numbers('covarianceWithBook'), numbers('covarianceRate')];
    const tailFactor = book[BOOK_TERMS.length + 1];
    return {
      commitments: {
        model: fieldElement(integers('modelCommitment')[0]),
        state: fieldElement(integers('stateCommitment')[0]),
        nextState: fieldElement(integers('nextStateCommitment')[0]),
      },
      returns: numbers('logReturns'),
      variances: numbers('variances'),
      covarianceWithBook: covariance,
      covarianceRate,
      exposures,
      book: Object.fromEntries(BOOK_TERMS.map((name, i) => [name, book[i]])) as unknown as BookTerms,
      budget: book[BOOK_TERMS.length],
      tailFactor,
      volatility: s,
      rate,
      upper: number('upper'),
      lower: number('lower'),
      tilt: number('tilt'),
      slope,
      funding: number('funding'),
      fundingByMarket: exposures.map(
        (x, i) => tailFactor * slope * x * (covarianceRate[i] / s - (covariance[i] * rate) / (s * s)),
      ),
      spread: {
        price: number('spread'),
        delta: number('delta'),
        gamma: number('gamma'),
        vega: number('vega'),
      },
      partials: ['partialFactors', 'partialProjection', 'partialVariance', 'partialNet'].flatMap((name) =>
        integers(name),
      ),
      others: integers('publicOthers'),
      commonVariances: integers('commonVariances'),
      failures: judged(values),
    };
  },

  failures: ({ failures }) => failures,

  parse: parseBar,
};

/** Why a bar's public values do not hold. */
function judged(values: ReadonlyMap<string, readonly bigint[]>): string[] {
  const judgement = new Judgement(values);
  const [violations] = judgement.integers('violations');
  judgement.check(violations === 0n, `violations are ${violations}, not 0`);
  const [s] = judgement.integers('volatility');
  judgeSandwiches(judgement, judgement.integers('scaledVolatility'));
  judgeVolatility(judgement, [s]);
  judgeUpper(judgement);
  judgement.within('residualVolatility', () => (s + 1n) << 128n);
  judgement.within('residualRate', () => (s + 1n) << 128n);
  judgement.within('residualSpread', () => (s >> 1n) + 1n);
  judgement.within('residualGamma', () => (s >> 1n) + 1n);
  const tailFactor = judgement.integers('publicBook')[BOOK_TERMS.length + 1];
  judgement.check(
    tailFactor >= BigInt(SHARED.smallestTailFactor) && tailFactor <= BigInt(SHARED.largestTailFactor),
    `the tail factor ${tailFactor} is not in [${SHARED.smallestTailFactor}, ${SHARED.largestTailFactor}]`,
  );
  const budget = judgement.integers('publicBook')[BOOK_TERMS.length];
  judgement.check(budget > 0n, `the budget ${budget} is not above 0`);
  // Verifiers check public inputs: larger terms could wrap around the field.
  judgement.within('publicBook', () => 1n << 39n);
  judgement.within('exposures', () => BigInt(LARGEST_GROSS));
  return judgement.failures;
}

/**
 * Why proofs of the same bar's markets do not fit together: one must have taken no value from others, each of two the other's values,
 * and the unit of account must be one that makes the gross exposure 64 to 128 units.
 */
export function splitFailures(proofs: readonly BarPublic[]): string[] {
  const gross =
    proofs.flatMap(({ exposures }) => exposures).reduce((sum, x) => sum + Math.abs(x), 0) * 2 ** 24;
  const unit =
    gross >= SMALLEST_GROSS && gross <= LARGEST_GROSS
      ? []
      : [`the gross exposure ${gross} is not in [${SMALLEST_GROSS}, ${LARGEST_GROSS}]`];
  if (proofs.length === 1)
    return [
      ...unit,
      ...(proofs[0].others.every((value) => value === 0n) ? [] : ['it takes values of other proofs']),
    ];
  const parts = proofs.flatMap((proof, at) => {
    const rest = proofs.filter((_, other) => other !== at);
    const failures: string[] = [];
    const sums = proof.others.map((_, i) => rest.reduce((sum, { partials }) => sum + partials[i], 0n));
    if (proof.others.some((value, i) => value !== sums[i]))
      failures.push(`proof ${at} takes other values than the other proofs have`);
    if (rest.some(({ commonVariances }) => commonVariances.some((D, k) => D !== proof.commonVariances[k])))
      failures.push(`proof ${at} has other common factors than the other proofs`);
    if (rest.some((other) => BOOK_TERMS.some((name) => other.book[name] !== proof.book[name])))
      failures.push(`proof ${at} is of another book than the other proofs`);
    if (rest.some((other) => other.budget !== proof.budget || other.tailFactor !== proof.tailFactor))
      failures.push(`proof ${at} is of another α or tail factor than the other proofs`);
    return failures;
  });
  return [...unit, ...parts];
}

/** Most markets that one proof holds, and common factors. */
export const BAR_SIZE = { markets: LARGEST_MARKETS, factors: LARGEST_FACTORS } as const;
