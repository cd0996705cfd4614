import { describe, expect, it } from 'vitest';
import { type BarPublic, barRows, barStatement } from '#lib/proofs';
import { randomBar } from '../../support/factor-cases.js';
import { alterations } from '../../support/sandwich-circuit.js';
import { type Change, seenWith } from '../../support/witness.js';

const [MODEL, STATE, NEXT, RETURNS, EXPOSURE, BOOK, OTHERS, WITNESS] = [0, 1, 2, 3, 4, 5, 6, 7];
const ONE = 1n << 24n;
// Places in the model's row: packed digits, units, levels, weights of averages, weights of levels, salt.
const [UNITS, LEVELS, SLOPES, CONSTANTS] = [86, 118, 154, 166];
const PRIVATE = ['s', 'k', 't', 'p', 'c', 'upper', 'r', 'd1', 'd2', 'gamma', 'rate', 'i0', 'i1', 'i2', 'i3'];

const honest = barRows(randomBar(21, { markets: 6, factors: 2, capital: 0.02 })).map((row) => [...row]);

const seen = (...changes: Change[]) => seenWith(barStatement, honest, changes);

function claims({ commitments, volatility, upper, slope, funding, variances, returns }: BarPublic) {
  return { commitments, volatility, upper, slope, funding, variances, returns };
}

describe('altered witnesses of a bar', () => {
  const truth = seen();

  it('begin from one that holds', () => {
    expect(truth.failures).toEqual([]);
    expect(honest[WITNESS]).toHaveLength(PRIVATE.length);
    expect(honest[MODEL]).toHaveLength(171);
  });

  it.each(PRIVATE.map((name, at) => [name, at] as const))(
    'are refused with another %s: the other sign, a step beyond rounding either way, beyond its range, around the field',
    (name, at) => {
      for (const [i, change] of alterations(name, honest[WITNESS][at]).entries())
        expect(seen([WITNESS, at, change]).failures.length, `${name}, change ${i}`).toBeGreaterThan(0);
    },
    600_000,
  );

  it('are refused with all signs of the volatility’s branch turned at once', () => {
    const turned = ['s', 'k', 'd1', 'd2', 'gamma'].map(
      (name) =>
        [WITNESS, PRIVATE.indexOf(name), (v: bigint) => -v] as [number, number, (v: bigint) => bigint],
    );
    expect(seen(...turned).failures.length).toBeGreaterThan(0);
  }, 600_000);

  it.each([
    ['a unit of 0', UNITS, () => 0n],
    ['a negative unit', UNITS + 1, (v: bigint) => -v],
    ['units that add up to too much', UNITS, () => (1n << 9n) * ONE],
    ['a negative level', LEVELS + 4, (v: bigint) => -v],
    ['levels that add up to too much', LEVELS + 5, () => (1n << 8n) * ONE + 1n],
    ['a negative weight of an average', SLOPES, (v: bigint) => -v],
    ['a negative weight of a level', CONSTANTS, (v: bigint) => -v],
    ['weights beyond their sum', SLOPES + 1, () => (1n << 12n) * ONE],
    ['a digit beyond its slot', 0, (v: bigint) => v + (1n << 20n)],
    ['a loading beyond its slot', 85, (v: bigint) => v + (1n << 62n)],
  ])(
    'are refused with a model that is none: %s',
    (_, at, change) => {
      const { failures } = seen([MODEL, at, change]);
      expect(failures.length).toBeGreaterThan(0);
    },
    600_000,
  );

  it.each([
    ['a negative slow average', STATE, 0, (v: bigint) => v - (1n << 38n) * 2n ** 3n * ONE],
    ['a negative fast average', STATE, 20, () => -(1n << 38n)],
    ['a next state that is one unit off', NEXT, 3, (v: bigint) => v + 1n],
    ['a next state with two averages exchanged', NEXT, 0, () => honest[NEXT][1]],
    ['a next state with a digit moved into its neighbour', NEXT, 5, (v: bigint) => v + (1n << 38n)],
    ['a next average where there is no market', NEXT, 35, (v: bigint) => v + 1n],
  ])(
    'are refused with %s',
    (_, row, at, change) => {
      expect(seen([row, at, change]).failures.length).toBeGreaterThan(0);
    },
    600_000,
  );

  it('show in a public value what else they change: another state, returns, exposures, terms, parts of other proofs', () => {
    const known = claims(truth.public!);
    const salted = seen([MODEL, 170, (v) => v + 1n]).public!;
    expect({ ...claims(salted), commitments: null }).toEqual({ ...known, commitments: null });
    expect(salted.commitments.model).not.toBe(known.commitments.model);
    // Padding: a market that is not there changes no claim.
    const padded = seen([EXPOSURE, 9, () => ONE]);
    expect(padded.public?.exposures[9]).not.toBe(0);
    const moved = seen([RETURNS, 9, () => ONE]);
    expect(moved.public?.returns[9]).not.toBe(0);
    const level = seen([MODEL, LEVELS + 20, () => ONE]).public!;
    expect([level.volatility, level.upper, level.funding]).toEqual([
      known.volatility,
      known.upper,
      known.funding,
    ]);
    const term = seen([BOOK, 1, (v) => v + 1n]);
    expect(term.public!.book.capital).not.toBe(truth.public!.book.capital);
    const other = seen([OTHERS, 10, () => ONE]);
    expect(other.public!.others.some((value) => value !== 0n)).toBe(true);
  }, 900_000);
});
