import { describe, expect, it } from 'vitest';
import { FIELD_ORDER, type PriceInput, type PricePublic, priceStatement } from '#lib/proofs';
import { randomBar } from '../../support/factor-cases.js';
import { alterations } from '../../support/sandwich-circuit.js';
import { type Change, seenWith } from '../../support/witness.js';

const [MODEL, STATE, EXPOSURE, BOOK, OTHERS, WITNESS] = [0, 1, 2, 3, 4, 5];
const ONE = 1n << 24n;
// Places in the model's row: packed digits, units, levels, weights of averages, weights of levels, salt.
const [UNITS, LEVELS, SLOPES] = [86, 118, 154];
const PRIVATE = ['s', 'k', 't', 'p', 'c', 'upper', 'r', 'd1', 'd2', 'i0', 'i1', 'i2', 'i3'];
const SIDES = ['before', 'after'];

function trade(): PriceInput {
  const { model, state, stateSalt, exposures, book, alpha, tailFactor } = randomBar(22, {
    ...{ markets: 6, factors: 2, capital: 0.02 },
  });
  return {
    ...{ model, state, stateSalt, alpha, tailFactor },
    before: { ...book, exposures },
    after: { ...book, entry: book.entry + 4, exposures: exposures.map((x, i) => (i === 0 ? x + 4 : x)) },
  };
}

const honest = priceStatement.inputs(trade()).map((row) => [...row]);

const seen = (...changes: Change[]) => seenWith(priceStatement, honest, changes);

function claims({ before, after, premium, liquidityPremium }: PricePublic) {
  return [before, after]
    .flatMap(({ volatility, upper }) => [volatility, upper])
    .concat(premium, liquidityPremium);
}

describe('altered witnesses of a trade', () => {
  const truth = seen();

  it('begin from one that holds', () => {
    expect(truth.failures).toEqual([]);
    expect(honest[WITNESS]).toHaveLength(2 * PRIVATE.length);
    expect(truth.public!.premium).toBeGreaterThan(0);
  });

  it.each(PRIVATE.flatMap((name, i) => SIDES.map((side, j) => [name, side, 2 * i + j] as const)))(
    'are refused with another %s %s: the other sign, a step beyond rounding either way, beyond its range, around the field',
    (name, _, at) => {
      for (const [i, change] of alterations(name, honest[WITNESS][at]).entries())
        expect(seen([WITNESS, at, change]).failures.length, `${name}, change ${i}`).toBeGreaterThan(0);
    },
    600_000,
  );

  it('are refused with all signs of one book’s volatility turned at once', () => {
    for (const side of [0, 1]) {
      const turned = ['s', 'k', 'd1', 'd2'].map(
        (name) =>
          [WITNESS, 2 * PRIVATE.indexOf(name) + side, (v: bigint) => -v] as [
            number,
            number,
            (v: bigint) => bigint,
          ],
      );
      expect(seen(...turned).failures.length).toBeGreaterThan(0);
    }
  }, 600_000);

  it('are refused with both books’ private values exchanged', () => {
    const exchanged = PRIVATE.flatMap((_, i) =>
      [0, 1].map(
        (side) =>
          [WITNESS, 2 * i + side, () => honest[WITNESS][2 * i + 1 - side]] as [
            number,
            number,
            (v: bigint) => bigint,
          ],
      ),
    );
    expect(seen(...exchanged).failures.length).toBeGreaterThan(0);
  }, 600_000);

  it.each<[string, number, number, (value: bigint) => bigint]>([
    ['a unit of 0', MODEL, UNITS, () => 0n],
    ['a negative level', MODEL, LEVELS + 4, (v) => -v],
    ['a negative weight of an average', MODEL, SLOPES, (v) => -v],
    ['a negative slow average', STATE, 0, (v) => v - (1n << 38n) * 2n ** 3n * ONE],
    ['a negative fast average', STATE, 20, () => -(1n << 38n)],
    ['exposures beyond their range', EXPOSURE, 0, () => 1n << 39n],
    ['capital that wraps around the field', BOOK, 2, () => FIELD_ORDER / 100n],
    ['a tail factor below one', BOOK, 9, () => ONE - 1n],
    ['a budget of 0', BOOK, 8, () => 0n],
  ])(
    'are refused with %s',
    (_, row, at, change) => {
      expect(seen([row, at, change]).failures.length).toBeGreaterThan(0);
    },
    600_000,
  );

  it('show in a public value what else they change: another model or state, exposures, terms, other markets', () => {
    const { commitments } = truth.public!;
    expect(seen([MODEL, 170, (v) => v + 1n]).public!.commitments.model).not.toBe(commitments.model);
    expect(seen([STATE, 54, (v) => v + 1n]).public!.commitments.state).not.toBe(commitments.state);
    // A place without a market changes nothing unless an exposure is there, which is seen.
    expect(claims(seen([MODEL, LEVELS + 20, () => ONE]).public!)).toEqual(claims(truth.public!));
    expect(seen([EXPOSURE, 32 + 9, () => ONE]).public?.after.exposures[9]).not.toBe(0);
    expect(seen([BOOK, 3, (v) => v + 1n]).public!.after.book.capital).not.toBe(
      truth.public!.after.book.capital,
    );
    expect(seen([OTHERS, 5, () => ONE]).public!.others.some((value) => value !== 0n)).toBe(true);
  }, 900_000);
});
