import { z } from 'zod';
import { InvalidInputError, parseInput } from '#lib/errors';
import { quantise } from '../field.js';
import { LAYOUTS } from '../generated/layout.js';
import { Judgement, layoutOf, numbersOf } from '../public-values.js';
import type { Statement } from '../statement.js';

/** Most tokens of a pool; a token that is not there has k = g = w = 0. */
const { tokens: TOKENS, residualTolerance } = LAYOUTS.momentum.constants;
const LARGEST_K = 16;

/**
 * Largest |Σ k_i(g_i + offset)| that counts as zero: the offset to half a unit of 2^−24 times Σk ≤ 128.
 */
export const MOMENTUM_TOLERANCE = residualTolerance / 2 ** 48;

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
  readonly failures: readonly string[];
}

const entries = z.array(z.number()).min(2).max(TOKENS);
const inputSchema = z.strictObject({
  strategy: entries,
  salt: z.number(),
  weights: entries,
  gradient: entries,
}) satisfies z.ZodType<MomentumInput>;

/**
 * Δw_i = k_i (g_i + offset), offset = −Σ k_i g_i / Σ k_i (0 where k = 0), so that Σ Δw_i = 0. The offset is computed outside
 * of the circuit, from the numbers as the circuit has them; the public residual shows that it is right.
 */
export const momentumStatement: Statement<MomentumInput, MomentumPublic> = {
  name: 'momentum',
  layout: layoutOf('momentum'),

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
    const numbers = numbersOf('momentum', values);
    const hash = (name: string) => values.get(`${name}Commitment`)![0];
    const judgement = new Judgement(values);
    const [violations] = judgement.integers('violations');
    judgement.check(violations === 0n, `violations are ${violations}, not 0`);
    judgement.within('residual', () => BigInt(residualTolerance));
    return {
      commitments: {
        strategy: hash('strategy'),
        weights: hash('weights'),
        gradient: hash('gradient'),
        offset: hash('offset'),
      },
      newWeights: numbers('newWeights'),
      residual: numbers('residual')[0],
      gradient: numbers('publicGradient'),
      weights: numbers('publicWeights'),
      failures: judgement.failures,
    };
  },

  failures: ({ failures }) => failures,

  parse: (value) => parseInput(inputSchema, value, 'input'),
};
