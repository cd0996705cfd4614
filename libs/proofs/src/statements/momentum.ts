import { z } from 'zod';
import { InvalidInputError, parseInput } from '#lib/errors';
import { dequantise, quantise, SCALE_BITS } from '../field.js';
import type { Statement } from '../statement.js';

/** Most tokens of a pool; a token that is not there has k = g = w = 0. */
const TOKENS = 8;
const LARGEST_K = 16;

/**
 * Largest |Σ k_i(g_i + offset)| that counts as zero: half a unit of rounding for each of eight products, and Σk ≤ 128 times
 * half a unit for the offset, 68 units of 2^−24; 128 are allowed.
 */
export const MOMENTUM_TOLERANCE = 128 / 2 ** SCALE_BITS;

/** A weight update of a momentum pool. */
export interface MomentumInput {
  /** k_i ≥ 0: the strategy, secret */
  readonly strategy: readonly number[];
  /** random, secret: without it the commitment of a strategy of few digits could be guessed */
  readonly salt: number;
  /** w_i before the update */
  readonly weights: readonly number[];
  /** g_i, the price gradient */
  readonly gradient: readonly number[];
}

export interface MomentumPublic {
  /** Poseidon hashes of (k, salt), w, g and the offset, as field elements */
  readonly commitments: {
    readonly strategy: bigint;
    readonly weights: bigint;
    readonly gradient: bigint;
    readonly offset: bigint;
  };
  readonly newWeights: readonly number[];
  /** Σ k_i(g_i + offset): how far the update is from keeping the sum */
  readonly residual: number;
  readonly gradient: readonly number[];
  readonly weights: readonly number[];
}

const numbers = z.array(z.number()).min(2).max(TOKENS);
const inputSchema = z.strictObject({
  strategy: numbers,
  salt: z.number(),
  weights: numbers,
  gradient: numbers,
}) satisfies z.ZodType<MomentumInput>;

/**
 * Δw_i = k_i (g_i + offset), offset = −Σ k_i g_i / Σ k_i (0 where k = 0), so that Σ Δw_i = 0. The offset is computed outside
 * of the circuit, from the numbers as the circuit has them; the public residual shows that it is right.
 */
export const momentumStatement: Statement<MomentumInput, MomentumPublic> = {
  name: 'momentum',
  layout: [
    ['strategyHash', 1],
    ['weightsHash', 1],
    ['gradientHash', 1],
    ['offsetHash', 1],
    ['newWeights', TOKENS],
    ['residual', 1],
    ['gradient', TOKENS],
    ['weights', TOKENS],
  ],

  inputs({ strategy, salt, weights, gradient }) {
    const n = strategy.length;
    for (const [name, values] of [
      ['weights', weights],
      ['gradient', gradient],
    ] as const) {
      if (values.length !== n)
        throw new InvalidInputError(name, `must have ${n} entries as strategy has, got ${values.length}`);
    }
    strategy.forEach((k, i) => {
      if (!(k >= 0 && k <= LARGEST_K))
        throw new InvalidInputError(`strategy[${i}]`, `must be between 0 and ${LARGEST_K}, got ${k}`);
    });
    const row = (name: string, values: readonly number[]) => [
      ...values.map((value, i) => quantise(value, `${name}[${i}]`)),
      ...new Array<bigint>(TOKENS - n).fill(0n),
    ];
    const k = row('strategy', strategy);
    const g = row('gradient', gradient);
    const total = k.reduce((sum, value) => sum + value, 0n);
    const weighted = k.reduce((sum, value, i) => sum + value * g[i], 0n);
    // To the nearest unit, halves away from zero.
    const offset = total === 0n ? 0n : -((2n * weighted + (weighted < 0n ? -total : total)) / (2n * total));
    return [[...k, quantise(salt, 'salt')], row('weights', weights), g, [offset]];
  },

  public(values) {
    const numbersOf = (name: string) => values.get(name)!.map(dequantise);
    const hash = (name: string) => values.get(name)![0];
    return {
      commitments: {
        strategy: hash('strategyHash'),
        weights: hash('weightsHash'),
        gradient: hash('gradientHash'),
        offset: hash('offsetHash'),
      },
      newWeights: numbersOf('newWeights'),
      residual: numbersOf('residual')[0],
      gradient: numbersOf('gradient'),
      weights: numbersOf('weights'),
    };
  },

  failures({ residual }) {
    return Math.abs(residual) <= MOMENTUM_TOLERANCE
      ? []
      : [`residual ${residual} is above its tolerance ${MOMENTUM_TOLERANCE}`];
  },

  parse: (value) => parseInput(inputSchema, value, 'input'),
};
