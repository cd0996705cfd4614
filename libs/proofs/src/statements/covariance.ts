import { z } from 'zod';
import { LuDecomposition, Matrix } from 'ml-matrix';
import { InvalidInputError, parseInput } from '#lib/errors';
import { dequantise, quantise } from '../field.js';
import { dotProduct, ONE, quotient, times, UNIT } from '../fixed-point.js';
import { residualFailures, row, type Statement } from '../statement.js';

/** Most assets of a cluster; one that is not there has zeros in all of its places. */
export const CLUSTER_SIZE = 8;
const ASSETS = CLUSTER_SIZE;
/** Largest standard deviation of a factor over the horizon that the tolerances are made for. */
const LARGEST_DEVIATION = 181;

/**
 * How far an equation may be from holding, with the rounding that makes it necessary, in units of 2^−24. Private values are
 * computed from the others as the circuit computes them, so what is left is their own rounding and that of the last product:
 * - variance: h′ is computed exactly as in the circuit: 1 is allowed.
 * - root: s to half a unit is s units in s², plus one for rounding: 182 for s ≤ 181; 256.
 * - risk: v is computed as in the circuit: 1.
 * - drift: w to half a unit is s units of 2ws, and one for each product doubled: 184; 256.
 */
export const COVARIANCE_TOLERANCES = {
  variance: UNIT,
  root: 256 * UNIT,
  risk: UNIT,
  drift: 256 * UNIT,
} as const;

/** One bar of one cluster: its model, its state, what the market did, and the exposures to be measured. */
export interface CovarianceInput {
  /** Z, n×n by rows: percent per factor of long-run variance one */
  readonly loadings: readonly (readonly number[])[];
  /** μ, mean log return of each asset, percent per bar */
  readonly mean: readonly number[];
  /** of h′ = 1 + α(f²−1) + β(h−1), by factor, h by its long-run mean */
  readonly alpha: readonly number[];
  readonly beta: readonly number[];
  /** b of d = H + b(h′−1), the factor's variance over the horizon */
  readonly slope: readonly number[];
  /** m of e = 1 + m(h′−1), its variance in the horizon's last bar */
  readonly marginal: readonly number[];
  /** H in bars */
  readonly horizon: number;
  /** h before the bar */
  readonly variances: readonly number[];
  /** log returns of the bar, percent */
  readonly returns: readonly number[];
  /** x, in shares of the unit of account */
  readonly exposures: readonly number[];
  /** random, secret: without them the commitments could be guessed */
  readonly salts: CovarianceSalts;
}

export interface CovarianceSalts {
  readonly model: number;
  readonly state: number;
  readonly nextState: number;
  readonly risk: number;
  readonly drift: number;
}

export interface CovariancePublic {
  /** Poseidon hashes; `state` of one proof is `nextState` of the one before */
  readonly commitments: Readonly<
    Record<'model' | 'state' | 'nextState' | 'risk' | 'drift' | 'witness' | 'exposure', bigint>
  >;
  /** h′ − recursion, s² − d, v − s·(Zᵀx) and 2ws − e·(Zᵀx), by factor */
  readonly residuals: Readonly<Record<keyof typeof COVARIANCE_TOLERANCES, readonly number[]>>;
  /** Σ_k Z_ik² d_k, percent²: each market's variance over the horizon */
  readonly horizonVariances: readonly number[];
  /** 100·(p′/p − 1): the price changes that the factors imply, percent */
  readonly changes: readonly number[];
  readonly exposures: readonly number[];
}

const numbers = z.array(z.number()).min(1).max(ASSETS);
const salt = z.number();
const inputSchema = z.strictObject({
  loadings: z.array(numbers).min(1).max(ASSETS),
  mean: numbers,
  alpha: numbers,
  beta: numbers,
  slope: numbers,
  marginal: numbers,
  horizon: z.number().positive(),
  variances: numbers,
  returns: numbers,
  exposures: numbers,
  salts: z.strictObject({ model: salt, state: salt, nextState: salt, risk: salt, drift: salt }),
}) satisfies z.ZodType<CovarianceInput>;

/** The rows of a cluster's circuit, by name, in units of 2^−24. */
export interface CovarianceRows {
  readonly model: readonly bigint[];
  /** h and h′ with their salts */
  readonly state: readonly bigint[];
  readonly nextState: readonly bigint[];
  /** v and w with their salts: what the pricing statement takes */
  readonly risk: readonly bigint[];
  readonly drift: readonly bigint[];
  readonly witness: readonly bigint[];
  readonly exposure: readonly bigint[];
}

/**
 * Everything a cluster's circuit takes, computed as the circuit computes it.
 *
 * @throws {InvalidInputError} naming the field
 */
export function covarianceRows(input: CovarianceInput): CovarianceRows {
  requireShape(input);
  const Z = Array.from({ length: ASSETS }, (_, i) => row(`loadings[${i}]`, input.loadings[i] ?? [], ASSETS));
  const [mean, alpha, beta, slope, marginal, h, x] = (
    ['mean', 'alpha', 'beta', 'slope', 'marginal', 'variances', 'exposures'] as const
  ).map((name) => row(name, input[name], ASSETS));
  // A factor that is not there stays at its long-run variance.
  h.fill(ONE, input.variances.length);
  const horizon = quantise(input.horizon, 'horizon');
  const f = factorsOf(input, Z, mean);
  const next = f.map(
    (factor, k) => ONE + (times(alpha[k], times(factor, factor) - ONE) + times(beta[k], h[k] - ONE)),
  );
  const s = next.map((value, k) => {
    const d = dequantise(horizon + times(slope[k], value - ONE));
    if (!(d > 0 && d <= LARGEST_DEVIATION ** 2))
      throw new InvalidInputError(
        `slope[${k}]`,
        `makes a horizon variance of ${d}, which must be above 0 and at most ${LARGEST_DEVIATION ** 2}`,
      );
    return quantise(Math.sqrt(d), `deviations[${k}]`);
  });
  const projected = s.map((_, k) =>
    dotProduct(
      x,
      Z.map((loadings) => loadings[k]),
    ),
  );
  const drift = s.map((deviation, k) =>
    quotient(times(ONE + times(marginal[k], next[k] - ONE), projected[k]), 2n * deviation),
  );
  const salted = (values: readonly bigint[], name: keyof CovarianceSalts) => [
    ...values,
    quantise(input.salts[name], `salts.${name}`),
  ];
  return {
    model: salted([...Z.flat(), ...mean, ...alpha, ...beta, ...slope, ...marginal, horizon], 'model'),
    state: salted(h, 'state'),
    nextState: salted(next, 'nextState'),
    risk: salted(
      s.map((deviation, k) => times(deviation, projected[k])),
      'risk',
    ),
    drift: salted(drift, 'drift'),
    witness: [...f, ...s],
    exposure: x,
  };
}

/** f = Z⁻¹(r − μ) of the assets that are there, from the numbers as the circuit has them. */
function factorsOf(
  { loadings, returns }: CovarianceInput,
  Z: readonly (readonly bigint[])[],
  mean: readonly bigint[],
): bigint[] {
  const n = loadings.length;
  const known = new LuDecomposition(new Matrix(Z.slice(0, n).map((row) => row.slice(0, n).map(dequantise))));
  if (known.isSingular()) throw new InvalidInputError('loadings', 'must be of full rank');
  const factors = known
    .solve(Matrix.columnVector(returns.map((value, i) => value - dequantise(mean[i]))))
    .to1DArray();
  return row('factors', factors, ASSETS);
}

/** Next variances and factor-risk vector of a cluster under its committed model: circuits/zkcircuits/covariance.py. */
export const covarianceStatement: Statement<CovarianceInput, CovariancePublic> = {
  name: 'covariance',
  layout: [
    ['model', 1],
    ['state', 1],
    ['nextState', 1],
    ['risk', 1],
    ['drift', 1],
    ['witness', 1],
    ['exposure', 1],
    ['residualVariance', ASSETS],
    ['residualRoot', ASSETS],
    ['residualRisk', ASSETS],
    ['residualDrift', ASSETS],
    ['variances', ASSETS],
    ['changes', ASSETS],
    ['exposures', ASSETS],
  ],

  inputs(input) {
    const { model, state, nextState, risk, drift, witness, exposure } = covarianceRows(input);
    return [model, state, nextState, risk, drift, witness, exposure];
  },

  public(values) {
    const numbersOf = (name: string) => values.get(name)!.map(dequantise);
    const hash = (name: string) => values.get(name)![0];
    return {
      commitments: {
        model: hash('model'),
        state: hash('state'),
        nextState: hash('nextState'),
        risk: hash('risk'),
        drift: hash('drift'),
        witness: hash('witness'),
        exposure: hash('exposure'),
      },
      residuals: {
        variance: numbersOf('residualVariance'),
        root: numbersOf('residualRoot'),
        risk: numbersOf('residualRisk'),
        drift: numbersOf('residualDrift'),
      },
      horizonVariances: numbersOf('variances'),
      changes: numbersOf('changes'),
      exposures: numbersOf('exposures'),
    };
  },

  failures: ({ residuals }) => residualFailures(residuals, COVARIANCE_TOLERANCES),

  parse: (value) => parseInput(inputSchema, value, 'input'),
};

function requireShape(input: CovarianceInput): void {
  const n = input.loadings.length;
  if (n < 1 || n > ASSETS)
    throw new InvalidInputError('loadings', `must be of 1 to ${ASSETS} assets, got ${n}`);
  input.loadings.forEach((values, i) => {
    if (values.length !== n)
      throw new InvalidInputError(`loadings[${i}]`, `must have ${n} entries, got ${values.length}`);
  });
  for (const name of [
    'mean',
    'alpha',
    'beta',
    'slope',
    'marginal',
    'variances',
    'returns',
    'exposures',
  ] as const) {
    if (input[name].length !== n)
      throw new InvalidInputError(name, `must have ${n} entries, got ${input[name].length}`);
  }
  input.alpha.forEach((alpha, k) => {
    if (!(alpha >= 0 && alpha <= 1))
      throw new InvalidInputError(`alpha[${k}]`, `must be between 0 and 1, got ${alpha}`);
  });
}
