// Long because rows, public values and the verdict on them follow one layout under two margins.
import { z } from 'zod';
import { InvalidInputError, parseInput } from '#lib/errors';
import {
  isLinear,
  type LiquidationPlan,
  liquidationPlanSchema,
  singleCutWitness,
  standingOf,
} from '#lib/liquidation';
import { dequantise, quantise, quantiseWide } from '../field.js';
import { magnitude, nearest, nearestRoot, ONE, shifted } from '../fixed-point.js';
import { LAYOUTS, SHARED } from '../generated/layout.js';
import { judgeSandwiches, Judgement, layoutOf, numbersOf } from '../public-values.js';
import { sandwichValues } from '../sandwich.js';
import {
  type AnnexTerms,
  annexTerms,
  type MarginAnnex,
  parseAnnex,
  termsOf,
  weightsOf,
} from '../portfolio/annex.js';
import { maintenanceMargin, marginTangent } from '../portfolio/tangent.js';
import { tangentWeights } from '../portfolio/witness.js';
import { row, type Statement } from '../statement.js';
import { dot } from './factor-model.js';

const { positions: POSITIONS, ...LIMITS } = LAYOUTS.liquidation.constants;
/** Most positions of an account. */
export const LARGEST_ACCOUNT = POSITIONS;
/** The unit of account makes the account's notional this much or less, down to half. */
const ACCOUNT_NOTIONAL = 128;

export interface LiquidationInput {
  readonly plan: LiquidationPlan;
}

/** Money in shares of the unit of account. */
export interface LiquidationPublic {
  /** which margin the plan restores: that of rates on notionals, or that of the document's annex */
  readonly margin: 'linear' | 'portfolio';
  readonly proves: 'optimality' | 'infeasibility';
  /** o: 1 bounds the objective, 0 shows that nothing restores the margin */
  readonly weight: number;
  /** w, or the point that shows that nothing restores the margin */
  readonly fractions: readonly number[];
  /** |q_i|S_i, the freed margin q_i(ΣQ)_i, and q_iΣ_ijq_j (upper triangle by rows) */
  readonly notionals: readonly number[];
  readonly relief: readonly number[];
  readonly covarianceWithBook: readonly number[];
  readonly covariance: readonly number[];
  /** b, the shortfall to the initial margin */
  readonly deficit: number;
  /** m and s of the pool before, and s after the plan */
  readonly mean: number;
  readonly volatility: number;
  readonly volatilityAfter: number;
  /** −ln α */
  readonly budget: number;
  /** λ0, λ1 */
  readonly multipliers: readonly [number, number];
  /** upper bound of the risk premium */
  readonly premium: number;
  /** shortfall to the initial margin after the plan */
  readonly excess: number;
  readonly objective: number;
  /** no plan closes less; of the weighted violation where nothing restores the margin */
  readonly bound: number;
  readonly failures: readonly string[];
}

const inputSchema = z.strictObject({ plan: liquidationPlanSchema }) satisfies z.ZodType<LiquidationInput>;

/** A plan restores the margin, and no plan that does closes less: circuits/zkcircuits/liquidation.py. */
export const liquidationStatement: Statement<LiquidationInput, LiquidationPublic> = {
  name: 'liquidation',
  layout: layoutOf('liquidation'),

  inputs({ plan }) {
    const n = plan.case.positions.length;
    if (n > POSITIONS)
      throw new InvalidInputError('plan.case.positions', `must be at most ${POSITIONS}, got ${n}`);
    if (plan.certificate === null)
      throw new InvalidInputError('plan.outcome', 'a healthy account has no plan to prove');
    const { program, proves, point, linear, premium } = witnessed(plan);
    program.impacts.forEach((impact, i) => {
      if (impact !== 0)
        throw new InvalidInputError(`plan.case.positions[${i}].impact`, 'is not part of the statement');
    });
    const unit = accountUnit(plan.case.positions);
    const share = (values: ArrayLike<number>, power: number) =>
      Array.from(values, (value) => value / unit ** power);
    const notionals = row('notionals', share(program.notionals, 1), POSITIONS);
    const relief = row('relief', share(program.relief, 1), POSITIONS);
    const withBook = wideRow('covarianceWithBook', share(program.covarianceWithBook, 2));
    const covariance = Array.from({ length: POSITIONS }, (_, i) =>
      wideRow('covariance', i < n ? share(program.covariance.slice(i * n, (i + 1) * n), 2) : []),
    );
    // The proof is of one triangle.
    for (let i = 0; i < POSITIONS; i++) for (let j = 0; j < i; j++) covariance[i][j] = covariance[j][i];
    const w = row('fractions', Array.from(point), POSITIONS);
    const mean = quantiseWide(program.mean / unit, 'mean');
    const s0 = quantise(Math.sqrt(program.variance) / unit, 'volatility');
    const [low, high] = [SHARED.smallestVolatility, SHARED.largestVolatility];
    const requireVolatility = (s: bigint, field: string) => {
      if (s < BigInt(low) || s > BigInt(high))
        throw new InvalidInputError(
          field,
          `makes a volatility of ${dequantise(s)} where the account has a notional of ${ACCOUNT_NOTIONAL / 2} to ${ACCOUNT_NOTIONAL}: it must be from ${low / 2 ** 24} to ${high / 2 ** 24}`,
        );
    };
    requireVolatility(s0, 'plan.case.pool.variance');
    const budget = quantise(-program.logAlpha, 'alpha');
    // Exact: turned in units of 2^−48, variances in units of 2^−72.
    const turned = covariance.map((entries) => dot(entries, w));
    const variance = ((s0 * s0) << 24n) + dot(w, turned) - (dot(withBook, w) << 25n);
    const s1 = variance > 0n ? shifted(nearestRoot(variance << 24n), 24) : 0n;
    requireVolatility(s1, 'plan.fractions');
    const before = sandwichValues(mean, s0, budget, 'plan.case.pool');
    const after = sandwichValues(mean, s1, budget, 'plan.fractions');
    const each = (value: (state: typeof before) => bigint) => [before, after].map(value);
    return [
      notionals,
      relief,
      withBook,
      covariance.flatMap((entries, i) => entries.slice(i)),
      w,
      [
        quantise(program.deficit / unit, 'deficit'),
        mean,
        s0,
        budget,
        quantise(proves === 'optimality' ? 1 : 0, 'weight'),
        quantise(linear, 'multipliers[0]'),
        quantise(premium, 'multipliers[1]'),
      ],
      [
        ...(['k', 't', 'p', 'c', 'upper', 'r'] as const).flatMap((name) => each((state) => state[name])),
        ...each(({ atRatio }) => atRatio.inverse),
        ...each(({ atShifted }) => atShifted.inverse),
        ...turned.map((value, i) => nearest(value - (withBook[i] << 24n), s1)),
        s1,
      ],
    ];
  },

  annex: ({ plan }) => (isLinear(plan.case) ? undefined : witnessed(plan).annex),

  public(values, given) {
    const annex = given === undefined ? undefined : parseAnnex(given);
    const numbers = numbersOf('liquidation', values);
    const [deficit, mean, volatility, budget, weight, linear, premium] = numbers('publicScalars');
    return {
      margin: annex === undefined ? 'linear' : 'portfolio',
      proves: weight === 0 ? 'infeasibility' : 'optimality',
      weight,
      fractions: numbers('publicFractions'),
      notionals: numbers('publicNotionals'),
      relief: numbers('publicRelief'),
      covarianceWithBook: numbers('publicBook'),
      covariance: numbers('publicCovariance'),
      deficit,
      mean,
      volatility,
      volatilityAfter: numbers('volatilityAfter')[0],
      budget,
      multipliers: [linear, premium],
      premium: numbers('charge')[0],
      excess: numbers('excess')[0],
      objective: numbers('objective')[0],
      bound: numbers('bound')[0],
      failures: judged(values, annex),
    };
  },

  failures: ({ failures }) => failures,

  parse: (value) => parseInput(inputSchema, value, 'input'),
};

/** A plan's witness; with portfolio margin that of the margin's tangent, and the annex by which a verifier computes the tangent. */
function witnessed(plan: LiquidationPlan): ReturnType<typeof singleCutWitness> & { annex?: MarginAnnex } {
  if (isLinear(plan.case)) return singleCutWitness(plan);
  const { positions } = plan.case;
  const unit = accountUnit(positions);
  const notionals = positions.map(({ size, price }, i) =>
    quantise((Math.abs(size) * price) / unit, `plan.case.positions[${i}]`),
  );
  const covariance = positions.map((a, i) =>
    positions.map((b, j) => {
      const [low, high] = i < j ? [i, j] : [j, i];
      const entry = plan.case.pool.covariance[low * positions.length + high];
      return quantiseWide((a.size * entry * b.size) / unit ** 2, 'plan.case.pool.covariance');
    }),
  );
  const equity = quantise(standingOf(plan.case).equity / unit, 'plan.case.collateral');
  const reserved = quantise((plan.case.reserved ?? 0) / unit, 'plan.case.reserved');
  const stated: AnnexTerms = annexTerms(plan.case, unit, equity);
  const terms = termsOf(stated, notionals, (i, j) => covariance[i][j]);
  let annex: MarginAnnex | undefined;
  const witness = singleCutWitness(plan, (point) => {
    const remaining = Array.from(point, (w) => ONE - quantise(w, 'fractions'));
    const weights = tangentWeights(plan, terms, unit, remaining);
    const { relief, whole } = marginTangent(terms, remaining, weights);
    annex = {
      ...stated,
      evarWeight: weights.evar.toString(),
      weights: weights.scenarios.map(({ scenario, weight }) => [scenario, weight.toString()] as const),
      tiers: weights.tiers.map(({ tier, share }) => [tier, Number(share)] as const),
    };
    const money = (value: bigint) => dequantise(value) * unit;
    return {
      deficit: money(whole + reserved - equity),
      relief: Float64Array.from(relief, (slope, i) => money(slope - penaltyOf(stated, notionals[i]))),
    };
  });
  return { ...witness, annex };
}

/** Penalty of closing all of a position. */
function penaltyOf({ penaltyRate }: AnnexTerms, notional: bigint): bigint {
  return (BigInt(penaltyRate) * notional) >> 24n;
}

/** Checks what the circuit does not: its public values are those of the tangent. @returns how far the tangent is below the margin */
function judgePortfolio(judgement: Judgement, annex: MarginAnnex): bigint {
  const [notionals, relief, fractions] = ['publicNotionals', 'publicRelief', 'publicFractions'].map((name) =>
    judgement.integers(name),
  );
  const triangle = judgement.integers('publicCovariance');
  const n = annex.markets.length;
  const place = (i: number, j: number) => (i * (2 * POSITIONS - i + 1)) / 2 + j - i;
  const covariance = (i: number, j: number) => triangle[i < j ? place(i, j) : place(j, i)];
  for (let i = n; i < POSITIONS; i++)
    judgement.check(notionals[i] === 0n && relief[i] === 0n, `position ${i} has no market`);
  const variance = (i: number) => (covariance(i, i) < 0n ? 0n : covariance(i, i)) + 1n;
  for (let i = 0; i < n; i++)
    for (let j = 0; j < i; j++) {
      const least = magnitude(covariance(i, j)) - 1n;
      judgement.check(
        least <= 0n || least * least <= variance(i) * variance(j),
        `the correlation of positions ${j} and ${i} is above one`,
      );
    }
  const terms = termsOf(annex, notionals, covariance);
  const remaining = fractions.slice(0, n).map((w) => ONE - w);
  const { relief: slopes, whole, slack } = marginTangent(terms, remaining, weightsOf(annex));
  slopes.forEach((slope, i) => {
    const due = slope - penaltyOf(annex, notionals[i]);
    judgement.check(relief[i] === due, `the relief of position ${i} is ${relief[i]}, its margin’s ${due}`);
  });
  const equity = BigInt(annex.equity);
  const notional = notionals.reduce((sum, value) => sum + value, 0n);
  const [deficit] = judgement.integers('publicScalars');
  // Money that is reserved for the providers' premium of the plan's own trade.
  const reserved = deficit - whole + equity;
  judgement.check(
    reserved >= -BigInt(LIMITS.rounding) && reserved <= notional / BigInt(LIMITS.reservedShare),
    `${dequantise(reserved)} of the deficit is neither margin nor missing equity`,
  );
  judgement.check(
    BigInt(annex.penaltyRate) <= ONE / BigInt(LIMITS.reservedShare),
    `the penalty ${annex.penaltyRate / 2 ** 24} is above 1/${LIMITS.reservedShare}`,
  );
  const maintenance = maintenanceMargin(terms);
  judgement.check(
    equity < maintenance,
    `the equity ${dequantise(equity)} is not below the maintenance margin ${dequantise(maintenance)}`,
  );
  return slack;
}

/** Why a liquidation's public values do not hold. */
function judged(values: ReadonlyMap<string, readonly bigint[]>, annex?: MarginAnnex): string[] {
  const judgement = new Judgement(values);
  const [violations] = judgement.integers('violations');
  judgement.check(violations === 0n, `violations are ${violations}, not 0`);
  const [, , s0, budget, weight, linear, premium] = judgement.integers('publicScalars');
  const [s1] = judgement.integers('volatilityAfter');
  // Verifiers check public inputs: factors, to be numbers of the circuit's range, and the rest so
  // that nothing wraps around the field.
  const narrow = 1n << 39n;
  const wide = 1n << 56n;
  for (const name of ['publicNotionals', 'publicRelief', 'publicScalars'])
    judgement.within(name, (at) => (name === 'publicScalars' && at === 1 ? wide : narrow));
  for (const name of ['publicBook', 'publicCovariance']) judgement.within(name, () => wide);
  judgement.between('publicFractions', 0, 2 ** 24);
  const notional = judgement.integers('publicNotionals').reduce((sum, value, i) => {
    judgement.check(value >= 0n, `publicNotionals[${i}] ${value} is negative`);
    return sum + magnitude(value);
  }, 0n);
  judgement.check(
    notional >= BigInt(LIMITS.smallestNotional) && notional <= BigInt(LIMITS.largestNotional),
    `the notional ${notional} is not in [${LIMITS.smallestNotional}, ${LIMITS.largestNotional}]`,
  );
  judgeSandwiches(judgement, [s0, s1]);
  judgement.within('residualVariance', () => (s1 + 1n) << 24n);
  judgement.within('residualDirection', () => (s1 >> 1n) + 1n);
  judgement.check(budget > 0n, `the budget ${budget} is not above 0`);
  judgement.check(linear >= 0n, `the multiplier ${linear} of the margin is negative`);
  judgement.check(premium >= 0n, `the multiplier ${premium} of the margin with its premium is negative`);
  const slack = annex === undefined ? 0n : judgePortfolio(judgement, annex);
  const [bound] = judgement.integers('bound');
  if (weight === ONE) {
    const [excess] = judgement.integers('excess');
    const relief = judgement.integers('publicRelief').reduce((sum, value) => sum + value, 0n);
    // Closing a hedge may raise a portfolio's margin: relief is no measure of it, and what is missing is compared with the notional.
    const allowed =
      annex === undefined ? relief >> BigInt(LIMITS.excessShift) : notional >> BigInt(LIMITS.slackShift);
    judgement.check(
      excess + slack <= allowed,
      `${dequantise(excess + slack)} is missing to the initial margin`,
    );
    const [objective] = judgement.integers('objective');
    judgement.check(
      objective - bound <= (objective >> BigInt(LIMITS.gapShift)) + BigInt(LIMITS.gapTolerance),
      `the objective ${dequantise(objective)} is too far above its bound ${dequantise(bound)}`,
    );
  } else {
    judgement.check(weight === 0n, `the objective’s weight ${weight} is neither 1 nor 0`);
    const sum = linear + premium;
    judgement.check(magnitude(sum - ONE) <= 2n, `the multipliers add up to ${sum}, not to 1`);
    judgement.check(
      bound >= 0n,
      `the witness does not show that nothing restores the margin: ${dequantise(bound)}`,
    );
  }
  return judgement.failures;
}

/** Values that the circuit only adds up and multiplies exactly. */
function wideRow(name: string, values: readonly number[]): bigint[] {
  return Array.from({ length: POSITIONS }, (_, i) =>
    i < values.length ? quantiseWide(values[i], `${name}[${i}]`) : 0n,
  );
}

/** A power of two that makes an account's notional 64 to 128 units, so that nothing is lost by dividing. */
export function accountUnit(positions: readonly { readonly size: number; readonly price: number }[]): number {
  const notional = positions.reduce((sum, { size, price }) => sum + Math.abs(size) * price, 0);
  return 2 ** (Math.floor(Math.log2(notional)) - Math.log2(ACCOUNT_NOTIONAL) + 1);
}
