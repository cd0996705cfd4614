import { z } from 'zod';
import { InvalidInputError, parseInput } from '#lib/errors';
import { type LiquidationPlan, liquidationPlanSchema, singleCutWitness } from '#lib/liquidation';
import { sandwichFailures, sandwichOf, sandwichTolerances } from '../evar-sandwich.js';
import { dequantise, quantise } from '../field.js';
import { dotProduct, quotient, UNIT } from '../fixed-point.js';
import { residualFailures, residualsOf, row, type Statement } from '../statement.js';

/** Most positions of an account. */
export const LARGEST_ACCOUNT = 16;
const POSITIONS = LARGEST_ACCOUNT;
const PAIRS = (POSITIONS * (POSITIONS + 1)) / 2;
const STATES = 2;
const LARGEST_NUMBER = 2 ** 15;
/** s in the unit of account: what the tolerances are made for. */
const LARGEST_DEVIATION = 4096;
const LARGEST_MONEY = 2 ** 14;
/** The unit of account makes the account's notional this much or a little less, unless the pool is too large for that. */
const ACCOUNT_NOTIONAL = 128;

/**
 * How far an equation may be from holding, in units of 2^−24, for s ≤ 4096; see {@link sandwichTolerances} for the others:
 * - variance: s1 − s0 to half a unit times s0 + s1, and two.
 * - direction: half a unit times s1, and one.
 */
export const LIQUIDATION_TOLERANCES = {
  variance: (LARGEST_DEVIATION + 4) * UNIT,
  direction: (LARGEST_DEVIATION / 2 + 4) * UNIT,
  ...sandwichTolerances(LARGEST_DEVIATION),
} as const;

/**
 * What may be missing to the initial margin, of an account of up to 128 units: 2^−10, a hundred-thousandth of it. The bounds of
 * a pool's risk are computed to 10^−7 of s ≤ 4096. In the objective that weighs λ1 ≈ 1/margin rate as much: the gap may be
 * 2^−5, a four-thousandth of the account. docs/proofs.md has what was measured.
 */
export const EXCESS_TOLERANCE = 2 ** -10;
export const LIQUIDATION_GAP_TOLERANCE = 2 ** -5;

export interface LiquidationInput {
  readonly plan: LiquidationPlan;
}

type Residual = keyof typeof LIQUIDATION_TOLERANCES | 'upper';

/** Money in shares of the unit of account. */
export interface LiquidationPublic {
  readonly residuals: Readonly<Record<Residual, readonly number[]>>;
  readonly proves: 'optimality' | 'infeasibility';
  /** o: 1 bounds the objective, 0 shows that nothing restores the margin */
  readonly weight: number;
  /** w, or the point that shows that nothing restores the margin */
  readonly fractions: readonly number[];
  /** |q_i|S_i, what closing brings, q_i(ΣQ)_i, and q_iΣ_ijq_j (upper triangle by rows) */
  readonly notionals: readonly number[];
  readonly relief: readonly number[];
  readonly covarianceWithBook: readonly number[];
  readonly covariance: readonly number[];
  /** b, what is missing to the initial margin */
  readonly deficit: number;
  /** m and s of the pool before */
  readonly mean: number;
  readonly volatility: number;
  /** −ln α */
  readonly budget: number;
  /** λ0, λ1 */
  readonly multipliers: readonly [number, number];
  /** upper bound of the risk premium */
  readonly premium: number;
  /** what is missing to the initial margin after the plan */
  readonly excess: number;
  readonly objective: number;
  /** no plan closes less; of the weighted violation where nothing restores the margin */
  readonly bound: number;
  readonly slack: readonly number[];
  readonly tilts: readonly number[];
}

const inputSchema = z.strictObject({ plan: liquidationPlanSchema }) satisfies z.ZodType<LiquidationInput>;

const RESIDUALS: readonly (readonly [name: Residual, instances: string, length: number])[] = [
  ['variance', 'residualVariance', 1],
  ['direction', 'residualDirection', POSITIONS],
  ['ratio', 'residualK', STATES],
  ['inverse', 'residualInverse', 2 * STATES],
  ['log', 'residualLog', STATES],
  ['probability', 'residualProbability', STATES],
  ['density', 'residualDensity', STATES],
  ['upper', 'residualUpper', STATES],
];

/** A plan restores the margin, and no plan that does closes less: circuits/zkcircuits/liquidation.py. */
export const liquidationStatement: Statement<LiquidationInput, LiquidationPublic> = {
  name: 'liquidation',
  layout: [
    ...RESIDUALS.map(([, name, length]) => [name, length] as const),
    ['slack', STATES],
    ['tilt', STATES],
    ['charge', 1],
    ['excess', 1],
    ['objective', 1],
    ['bound', 1],
    ['notionals', POSITIONS],
    ['relief', POSITIONS],
    ['book', POSITIONS],
    ['covariance', PAIRS],
    ['fractions', POSITIONS],
    ['scalars', 7],
  ],

  inputs({ plan }) {
    const n = plan.case.positions.length;
    if (n > POSITIONS)
      throw new InvalidInputError('plan.case.positions', `must be at most ${POSITIONS}, got ${n}`);
    if (plan.certificate === null)
      throw new InvalidInputError('plan.outcome', 'a healthy account has no plan to prove');
    const { program, proves, point, linear, premium } = singleCutWitness(plan);
    program.impacts.forEach((impact, i) => {
      if (impact !== 0)
        throw new InvalidInputError(`plan.case.positions[${i}].impact`, 'is not part of the statement');
    });
    const unit = unitOf(plan);
    const share = (values: ArrayLike<number>, power: number) =>
      Array.from(values, (value) => value / unit ** power);
    const notionals = row('notionals', share(program.notionals, 1), POSITIONS);
    const relief = row('relief', share(program.relief, 1), POSITIONS);
    const withBook = row('covarianceWithBook', share(program.covarianceWithBook, 2), POSITIONS);
    const covariance = Array.from({ length: POSITIONS }, (_, i) =>
      row('covariance', i < n ? share(program.covariance.slice(i * n, (i + 1) * n), 2) : [], POSITIONS),
    );
    // One triangle is what is proven of.
    for (let i = 0; i < POSITIONS; i++) for (let j = 0; j < i; j++) covariance[i][j] = covariance[j][i];
    const w = row('fractions', Array.from(point), POSITIONS);
    const mean = quantise(program.mean / unit, 'mean');
    const s0 = quantise(Math.sqrt(program.variance) / unit, 'volatility');
    if (!(dequantise(s0) > 0))
      throw new InvalidInputError('plan.case.pool.variance', 'is too small beside the account to be proven');
    const budget = quantise(-program.logAlpha, 'alpha');
    const turned = covariance.map((entries) => dotProduct(entries, w));
    const total = dotProduct(w, turned) - 2n * dotProduct(withBook, w);
    const change = volatilityChange(s0, total);
    const s1 = s0 + change;
    const before = sandwichOf(mean, s0, budget, 'plan.case.pool');
    const after = sandwichOf(mean, s1, budget, 'plan.fractions');
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
        ...each(({ k }) => k),
        ...each(({ t }) => t),
        ...each(({ p }) => p),
        ...each(({ c }) => c),
        ...each(({ upper }) => upper),
        ...each(({ r }) => r),
        ...each(({ atRatio }) => atRatio.inverse),
        ...each(({ atShifted }) => atShifted.inverse),
        ...turned.map((value, i) => quotient(value - withBook[i], s1)),
        change,
      ],
    ];
  },

  public(values) {
    const numbersOf = (name: string) => values.get(name)!.map(dequantise);
    const [deficit, mean, volatility, budget, weight, linear, premium] = numbersOf('scalars');
    return {
      residuals: residualsOf(RESIDUALS, values),
      proves: weight === 0 ? 'infeasibility' : 'optimality',
      weight,
      fractions: numbersOf('fractions'),
      notionals: numbersOf('notionals'),
      relief: numbersOf('relief'),
      covarianceWithBook: numbersOf('book'),
      covariance: numbersOf('covariance'),
      deficit,
      mean,
      volatility,
      budget,
      multipliers: [linear, premium],
      premium: numbersOf('charge')[0],
      excess: numbersOf('excess')[0],
      objective: numbersOf('objective')[0],
      bound: numbersOf('bound')[0],
      slack: numbersOf('slack'),
      tilts: numbersOf('tilt'),
    };
  },

  failures(values) {
    const { residuals, proves, fractions, multipliers, slack, tilts, excess, objective, bound } = values;
    const failures = residualFailures(residuals, LIQUIDATION_TOLERANCES);
    // The circuit checks the range of what is private, not of what is public.
    failures.push(...rangeFailures(values));
    const check = (holds: boolean, failure: string) => {
      if (!holds) failures.push(failure);
    };
    fractions.forEach((w, i) => check(w >= 0 && w <= 1, `fraction[${i}] ${w} is not in [0, 1]`));
    multipliers.forEach((value, i) => check(value >= 0, `multiplier[${i}] ${value} is negative`));
    tilts.forEach((tilt, i) => {
      // The bounds come out of the gap: here only that they are bounds.
      const bounds = { upper: 0, lower: 0, tilt, slack: slack[i], residual: residuals.upper[i] };
      failures.push(...sandwichFailures(`[${i}]`, bounds));
    });
    check(
      values.volatility > 0 && values.volatility <= LARGEST_DEVIATION,
      `volatility ${values.volatility} is not in (0, ${LARGEST_DEVIATION}]`,
    );
    if (proves === 'optimality') {
      check(values.weight === 1, `the objective’s weight ${values.weight} is neither 1 nor 0`);
      check(excess <= EXCESS_TOLERANCE, `${excess} is missing to the initial margin`);
      check(
        objective - bound <= LIQUIDATION_GAP_TOLERANCE,
        `the objective ${objective} is too far above its bound ${bound}`,
      );
    } else {
      const weight = multipliers[0] + multipliers[1];
      check(Math.abs(weight - 1) <= 2 * UNIT, `the multipliers add up to ${weight}, not to 1`);
      check(
        bound >= -EXCESS_TOLERANCE,
        `the witness does not show that nothing restores the margin: ${bound}`,
      );
    }
    return failures;
  },

  parse: (value) => parseInput(inputSchema, value, 'input'),
};

function rangeFailures(values: LiquidationPublic): string[] {
  return Object.entries(values).flatMap(([name, value]) =>
    [value]
      .flat()
      .flatMap((entry: unknown) =>
        typeof entry === 'number' && !(Math.abs(entry) <= LARGEST_NUMBER)
          ? [`${name} ${entry} is no number of a circuit`]
          : [],
      ),
  );
}

/** A power of two that makes everything fit, so that nothing is lost by dividing. */
export function unitOf({ case: { positions, pool } }: LiquidationPlan): number {
  const notional = positions.reduce((sum, { size, price }) => sum + Math.abs(size) * price, 0);
  const s = Math.sqrt(pool.variance);
  const cross = positions.reduce((sum, { size }, i) => sum + Math.abs(size * pool.covarianceWithBook[i]), 0);
  const own = positions.reduce(
    (sum, { size }, i) => sum + Math.abs(size) * Math.sqrt(pool.covariance[i * (positions.length + 1)]),
    0,
  );
  const least = Math.max(
    notional / ACCOUNT_NOTIONAL,
    s / (LARGEST_DEVIATION / 2),
    Math.abs(pool.mean) / LARGEST_MONEY,
    Math.sqrt((2 * cross + own * own) / LARGEST_MONEY),
  );
  return 2 ** Math.ceil(Math.log2(least));
}

/** s1 − s0 from s1² − s0², in units: (s1 − s0)(s1 + s0) = total. */
function volatilityChange(s0: bigint, total: bigint): bigint {
  const before = dequantise(s0);
  const variance = before * before + dequantise(total);
  if (!(variance > 0))
    throw new InvalidInputError(
      'plan.fractions',
      'leave a book without risk, which the statement does not cover',
    );
  return quantise(dequantise(total) / (Math.sqrt(variance) + before), 'volatility');
}
