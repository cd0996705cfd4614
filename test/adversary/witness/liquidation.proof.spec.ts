import { describe, expect, it } from 'vitest';
import { liquidate, loadSolvers } from '#lib/liquidation';
import { FIELD_ORDER, LARGEST_ACCOUNT, liquidationStatement } from '#lib/proofs';
import { randomCase } from '../../support/liquidation-cases.js';
import { alterations } from '../../support/sandwich-circuit.js';
import { type Change, seenWith } from '../../support/witness.js';

const [NOTIONALS, RELIEF, BOOK, COVARIANCE, FRACTIONS, SCALARS, WITNESS] = [0, 1, 2, 3, 4, 5, 6];
const ONE = 1n << 24n;
const [DEFICIT, MEAN, VOLATILITY, BUDGET, WEIGHT, LINEAR, PREMIUM] = [0, 1, 2, 3, 4, 5, 6];
const PRIVATE = ['k', 't', 'p', 'c', 'upper', 'r', 'i0', 'i1'];
const SIDES = ['before', 'after'];
const DIRECTION = 2 * PRIVATE.length;
const AFTER = DIRECTION + LARGEST_ACCOUNT;
const N = 5;

/** A plan that closes part of an account and is charged for risk: every part of the certificate matters. */
async function charged() {
  const solvers = await loadSolvers();
  for (let seed = 1; ; seed++) {
    const plan = liquidate(randomCase(seed, { n: N }), solvers);
    if (plan.outcome === 'partial' && plan.premium > 0.01 * plan.objective) return plan;
  }
}

const honest = liquidationStatement.inputs({ plan: await charged() }).map((row) => [...row]);

const seen = (...changes: Change[]) => seenWith(liquidationStatement, honest, changes);

describe('altered witnesses of a liquidation', () => {
  const truth = seen();

  it('begin from one that holds, which charges a premium', () => {
    expect(truth.failures).toEqual([]);
    expect(honest[WITNESS]).toHaveLength(AFTER + 1);
    expect(truth.public!.premium).toBeGreaterThan(0);
    expect(truth.public!.proves).toBe('optimality');
  });

  it.each(PRIVATE.flatMap((name, i) => SIDES.map((side, j) => [name, side, 2 * i + j] as const)))(
    'are refused with another %s %s: the other sign, a step beyond rounding either way, beyond its range, around the field',
    (name, _, at) => {
      for (const [i, change] of alterations(name, honest[WITNESS][at]).entries())
        expect(seen([WITNESS, at, change]).failures.length, `${name}, change ${i}`).toBeGreaterThan(0);
    },
    600_000,
  );

  it.each(Array.from({ length: N }, (_, i) => [i] as const))(
    'are refused with another direction of position %i: a step either way, the other sign, around the field',
    (i) => {
      const changes = [
        (v: bigint) => v + 2n,
        (v: bigint) => v - 2n,
        (v: bigint) => -v,
        (v: bigint) => v + FIELD_ORDER / 2n,
      ];
      for (const change of changes)
        expect(seen([WITNESS, DIRECTION + i, change]).failures.length).toBeGreaterThan(0);
    },
    600_000,
  );

  it('are refused with another volatility after the plan: the other root, 0, that of before, two units either way', () => {
    const s1 = honest[WITNESS][AFTER];
    for (const value of [-s1, 0n, honest[SCALARS][VOLATILITY], s1 + 2n, s1 - 2n, s1 + FIELD_ORDER / 2n])
      expect(seen([WITNESS, AFTER, () => value]).failures.length, String(value)).toBeGreaterThan(0);
  }, 600_000);

  it('are refused with the negative root and all that follows from it', () => {
    const turned: Change[] = [
      [WITNESS, AFTER, (v) => -v],
      [WITNESS, 2 * PRIVATE.indexOf('k') + 1, (v) => -v],
      ...Array.from({ length: N }, (_, i): Change => [WITNESS, DIRECTION + i, (v) => -v]),
    ];
    expect(seen(...turned).failures.length).toBeGreaterThan(0);
  }, 600_000);

  it.each<[string, Change[]]>([
    ['closing nothing', Array.from({ length: N }, (_, i): Change => [FRACTIONS, i, () => 0n])],
    ['closing everything', Array.from({ length: N }, (_, i): Change => [FRACTIONS, i, () => ONE])],
    ['a fraction above one', [[FRACTIONS, 0, () => ONE + 1n]]],
    ['a fraction below zero', [[FRACTIONS, 0, () => -1n]]],
    [
      'a fraction where no position is',
      [
        [FRACTIONS, N, () => ONE],
        [NOTIONALS, N, () => 2n * ONE],
      ],
    ],
    ['a negative notional', [[NOTIONALS, 0, (v) => -v]]],
    ['notionals of another unit', Array.from({ length: N }, (_, i): Change => [NOTIONALS, i, (v) => v / 8n])],
    ['relief beyond its range', [[RELIEF, 0, () => (1n << 39n) + 1n]]],
    ['covariance with the book around the field', [[BOOK, 0, (v) => v + FIELD_ORDER / 2n]]],
    ['a covariance around the field', [[COVARIANCE, 0, (v) => v + FIELD_ORDER / 2n]]],
    ['a mean beyond its range', [[SCALARS, MEAN, () => -(1n << 57n)]]],
    ['a deficit that is larger by a hundredth', [[SCALARS, DEFICIT, (v) => v + v / 100n + ONE]]],
    ['a budget of 0', [[SCALARS, BUDGET, () => 0n]]],
    ['a weight between 0 and 1', [[SCALARS, WEIGHT, () => ONE / 2n]]],
    ['a negative multiplier of the margin', [[SCALARS, LINEAR, () => -ONE]]],
    ['a negative multiplier of the premium', [[SCALARS, PREMIUM, (v) => -v - 1n]]],
    [
      'multipliers of 0',
      [
        [SCALARS, LINEAR, () => 0n],
        [SCALARS, PREMIUM, () => 0n],
      ],
    ],
  ])(
    'are refused with %s',
    (_, changes) => {
      expect(seen(...changes).failures.length).toBeGreaterThan(0);
    },
    600_000,
  );

  it('show in a public value what else they change', () => {
    const publicOf = (change: Change) => seen(change).public!;
    expect(publicOf([NOTIONALS, 0, (v) => v + 1n]).notionals).not.toEqual(truth.public!.notionals);
    expect(publicOf([RELIEF, 0, (v) => v + 1n]).relief).not.toEqual(truth.public!.relief);
    expect(publicOf([COVARIANCE, 1, (v) => v + 1n]).covariance).not.toEqual(truth.public!.covariance);
    expect(publicOf([BOOK, 0, (v) => v + 1n]).covarianceWithBook).not.toEqual(
      truth.public!.covarianceWithBook,
    );
    expect(publicOf([SCALARS, DEFICIT, (v) => v - 1n]).deficit).not.toBe(truth.public!.deficit);
  }, 600_000);
});
