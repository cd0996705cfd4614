import { z } from 'zod';
import { solve, Matrix } from 'ml-matrix';
import { InvalidInputError, parseInput } from '#lib/errors';
import { dequantise, quantise, SCALE_BITS } from '../field.js';
import type { Statement } from '../statement.js';

/** Most assets of a cluster; one that is not there has Z_ii = 1 and zeros elsewhere. */
const ASSETS = 8;
/** Largest standard deviation of a factor over the horizon that the tolerances are made for. */
const LARGEST_DEVIATION = 64;
const unit = 1 / 2 ** SCALE_BITS;

/**
 * How far an equation may be from holding, with the rounding that makes it necessary, in units of 2^−24:
 * - variance: f² , αf², βh and h′ itself, half a unit each (α ≤ 1): 2; 8 are allowed.
 * - root: s to half a unit is s units in s², plus one for rounding s² and d: 65 for s ≤ 64; 128.
 * - risk: (Zᵀx)_k to half a unit a product, 4 units, times s ≤ 64, plus one: 257; 512.
 */
export const COVARIANCE_TOLERANCES = {
  variance: 8 * unit,
  root: 128 * unit,
  risk: 512 * unit,
} as const;

/** One bar of one cluster: its model, its state, what the market did, and the exposures to be measured. */
export interface CovarianceInput {
  /** Z, n×n by rows: percent per factor */
  readonly loadings: readonly (readonly number[])[];
  /** of h′ = ω + α f² + β h, by factor, h by its long-run mean */
  readonly omega: readonly number[];
  readonly alpha: readonly number[];
  readonly beta: readonly number[];
  /** of d = a + b h′, the factor's variance over the horizon */
  readonly intercept: readonly number[];
  readonly slope: readonly number[];
  /** h before the bar */
  readonly variances: readonly number[];
  /** log returns of the bar, percent */
  readonly returns: readonly number[];
  /** x, in units of the cluster's notional */
  readonly exposures: readonly number[];
  /** random, secret: of model, state before, state after, and risk vector */
  readonly salts: readonly [number, number, number, number];
}

export interface CovariancePublic {
  /** Poseidon hashes; `state` of one proof is `nextState` of the one before */
  readonly commitments: Readonly<
    Record<'model' | 'state' | 'nextState' | 'risk' | 'witness' | 'exposure', bigint>
  >;
  /** h′ − (ω + αf² + βh), s² − d and v − s·(Zᵀx), by factor */
  readonly residuals: Readonly<Record<keyof typeof COVARIANCE_TOLERANCES, readonly number[]>>;
  /** Σ_k Z_ik² d_k, percent²: each market's variance over the horizon */
  readonly horizonVariances: readonly number[];
  /** 100·(p′/p − 1): the price changes that the factors imply, percent */
  readonly changes: readonly number[];
  readonly exposures: readonly number[];
}

const row = z.array(z.number()).min(1).max(ASSETS);
const inputSchema = z.strictObject({
  loadings: z.array(row).min(1).max(ASSETS),
  omega: row,
  alpha: row,
  beta: row,
  intercept: row,
  slope: row,
  variances: row,
  returns: row,
  exposures: row,
  salts: z.tuple([z.number(), z.number(), z.number(), z.number()]),
}) satisfies z.ZodType<CovarianceInput>;

/** Next variances and factor-risk vector of a cluster under its committed model: circuits/zkcircuits/covariance.py. */
export const covarianceStatement: Statement<CovarianceInput, CovariancePublic> = {
  name: 'covariance',
  layout: [
    ['model', 1],
    ['state', 1],
    ['nextState', 1],
    ['risk', 1],
    ['witness', 1],
    ['exposure', 1],
    ['residualVariance', ASSETS],
    ['residualRoot', ASSETS],
    ['residualRisk', ASSETS],
    ['variances', ASSETS],
    ['changes', ASSETS],
    ['exposures', ASSETS],
  ],

  inputs(input) {
    const n = input.loadings.length;
    requireShape(input, n);
    const at = (name: string, values: readonly number[], rest = 0) =>
      Array.from({ length: ASSETS }, (_, i) => quantise(i < n ? values[i] : rest, `${name}[${i}]`));
    const loadings = Array.from({ length: ASSETS }, (_, i) =>
      i < n
        ? at(`loadings[${i}]`, input.loadings[i])
        : Array.from({ length: ASSETS }, (__, k) => quantise(i === k ? 1 : 0, 'loadings')),
    );
    const [omega, alpha, beta, a, b, h, x] = (
      ['omega', 'alpha', 'beta', 'intercept', 'slope', 'variances', 'exposures'] as const
    ).map((name) => at(name, input[name]));
    // Everything that follows is made of the numbers as the circuit has them.
    const Z = loadings.map((values) => values.map(dequantise));
    const returns = Array.from({ length: ASSETS }, (_, i) => (i < n ? input.returns[i] : 0));
    const f = solve(new Matrix(Z), Matrix.columnVector(returns))
      .to1DArray()
      .map((value, k) => quantise(value, `factors[${k}]`));
    const next = f.map((factor, k) => {
      const value = dequantise(factor);
      return quantise(
        dequantise(omega[k]) + dequantise(alpha[k]) * value * value + dequantise(beta[k]) * dequantise(h[k]),
        `variances[${k}]`,
      );
    });
    const s = next.map((value, k) => {
      const d = dequantise(a[k]) + dequantise(b[k]) * dequantise(value);
      if (!(d >= 0 && d <= LARGEST_DEVIATION ** 2))
        throw new InvalidInputError(
          `slope[${k}]`,
          `makes a horizon variance of ${d}, which must be between 0 and ${LARGEST_DEVIATION ** 2} percent²`,
        );
      return quantise(Math.sqrt(d), `deviations[${k}]`);
    });
    const v = s.map((deviation, k) => {
      const projected = Z.reduce((sum, values, i) => sum + values[k] * dequantise(x[i]), 0);
      return quantise(dequantise(deviation) * projected, `risk[${k}]`);
    });
    const [model, state, after, risk] = input.salts.map((salt, i) => quantise(salt, `salts[${i}]`));
    return [
      [...loadings.flat(), ...omega, ...alpha, ...beta, ...a, ...b, model],
      [...h, state],
      [...next, after],
      [...v, risk],
      [...f, ...s],
      x,
    ];
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
        witness: hash('witness'),
        exposure: hash('exposure'),
      },
      residuals: {
        variance: numbersOf('residualVariance'),
        root: numbersOf('residualRoot'),
        risk: numbersOf('residualRisk'),
      },
      horizonVariances: numbersOf('variances'),
      changes: numbersOf('changes'),
      exposures: numbersOf('exposures'),
    };
  },

  failures({ residuals }) {
    return (Object.keys(COVARIANCE_TOLERANCES) as (keyof typeof COVARIANCE_TOLERANCES)[]).flatMap((name) =>
      residuals[name].flatMap((residual, k) =>
        Math.abs(residual) <= COVARIANCE_TOLERANCES[name]
          ? []
          : [`residual ${name}[${k}] ${residual} is above its tolerance ${COVARIANCE_TOLERANCES[name]}`],
      ),
    );
  },

  parse: (value) => parseInput(inputSchema, value, 'input'),
};

function requireShape(input: CovarianceInput, n: number): void {
  if (n < 1 || n > ASSETS)
    throw new InvalidInputError('loadings', `must be of 1 to ${ASSETS} assets, got ${n}`);
  input.loadings.forEach((values, i) => {
    if (values.length !== n)
      throw new InvalidInputError(`loadings[${i}]`, `must have ${n} entries, got ${values.length}`);
  });
  for (const name of [
    'omega',
    'alpha',
    'beta',
    'intercept',
    'slope',
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
