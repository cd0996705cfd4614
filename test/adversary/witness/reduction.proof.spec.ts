import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type CircuitInputs,
  FIELD_ORDER,
  type ProofDocument,
  provenReductionTerms,
  REDUCTION_PROOF_ACCOUNTS,
  REDUCTION_PROOF_MARKETS,
  reductionInputs,
  reductionLeafRow,
  type ReductionPublic,
  reductionRows,
  reductionStatement,
} from '#lib/proofs';
import { reductionGap } from '#lib/margin';
import { provenReduction, reducedPositions } from '../../support/reduction-cases.js';
import { temporaryProver, unprotected } from '../../support/proofs.js';
import { type Change, seenWith } from '../../support/witness.js';

const [KEY, EQUITY] = [0, 1];
const n = REDUCTION_PROOF_MARKETS;
const kept = (market: number) => 2 + market;
const closed = (market: number) => 2 + n + market;
const PAIRS = (n * (n + 1)) / 2;
const TERMS = 0;
const price = (market: number) => PAIRS + market;
const long = (market: number) => PAIRS + n + market;
const short = (market: number) => PAIRS + 2 * n + market;
const leafAt = (i: number) => 1 + i;
const UNIT = 1n << 30n;

/** Accounts in as many markets as a proof has, of which the last place is taken by nobody where `short`. */
function reductionOf(markets: number, short = false) {
  const { terms, leaves } = reducedPositions(21, { markets, accounts: 60, share: 0.3 });
  const part = leaves.slice(0, REDUCTION_PROOF_ACCOUNTS - (short ? 1 : 0));
  const [input] = reductionInputs(provenReductionTerms(terms), [provenReduction(part)]);
  return { terms, part, input, rows: reductionRows(input) };
}

const seen = (rows: CircuitInputs, ...changes: Change[]) => seenWith(reductionStatement, rows, changes);

describe('altered witnesses of a reduction', () => {
  const { terms, part, rows } = reductionOf(n);
  const refused = (...changes: Change[]) => {
    expect(seen(rows, ...changes).failures.length).toBeGreaterThan(0);
  };
  const sides = terms.reduce.map((need) => (need > 0n ? 1n : -1n));
  /** a market in which one account has closed a part, and another has a position on the other side */
  const partlyIn = (i: number) => part.findIndex((leaf) => leaf.closed[i] > 0n && leaf.kept[i] !== 0n);
  const otherIn = (i: number) => part.findIndex((leaf) => leaf.kept[i] * sides[i] < 0n);
  const market = sides.findIndex((_, i) => partlyIn(i) >= 0 && otherIn(i) >= 0);
  const [partly, other, side] = [partlyIn(market), otherIn(market), sides[market]];

  it.each([n, 3])(
    'begin from one that holds in %d markets: sums, gap and risk are those of the accounts',
    (markets) => {
      const given = reductionOf(markets);
      const { failures, public: values } = seen(given.rows);
      expect(failures).toEqual([]);
      const exact = reductionGap(given.terms, given.part);
      expect(values!.risk).toBe(exact.risk);
      // The gap in the circuit is above the exact one, by roundings: of each distance less than two units of 2^30.
      expect(values!.gap << 30n).toBeGreaterThanOrEqual(exact.gap);
      const most = given.part.reduce(
        (sum, { equity, kept: left, closed: out }) =>
          sum +
          2n * equity * left.reduce((all, value, i) => all + (value < 0n ? -value : value) + out[i], 0n),
        0n,
      );
      expect(values!.gap - (exact.gap >> 30n)).toBeLessThanOrEqual(most);
      for (let i = 0; i < markets; i++)
        expect(values!.closed[i]).toBe(
          given.part.reduce((sum, leaf) => sum + leaf.equity * leaf.closed[i], 0n),
        );
      expect(values!.closed.slice(markets)).toEqual(new Array(n - markets).fill(0n));
    },
    60_000,
  );

  it('are refused where a position is closed on the side that is not reduced, opened, or turned', () => {
    expect(market).toBeGreaterThanOrEqual(0);
    refused([leafAt(other), closed(market), () => UNIT]);
    refused([leafAt(other), closed(market), () => 1n]);
    refused([leafAt(partly), closed(market), () => -1n]);
    refused([leafAt(partly), kept(market), () => -side]);
    // A market that is not reduced: what was closed there is refused.
    refused([TERMS, long(market), () => 0n], [TERMS, short(market), () => 0n]);
  }, 120_000);

  it('are refused with both sides, half a side, or the other side', () => {
    refused([TERMS, long(market), () => 1n], [TERMS, short(market), () => 1n]);
    refused([TERMS, long(market), () => 2n]);
    refused([TERMS, long(market), (v) => 1n - v], [TERMS, short(market), (v) => 1n - v]);
  }, 120_000);

  it('are refused with values beyond the range, below zero, around the field', () => {
    for (const change of [
      () => -1n,
      (v: bigint) => -v - 1n,
      () => 1n << 79n,
      (v: bigint) => v + FIELD_ORDER / 2n,
    ])
      refused([leafAt(partly), EQUITY, change]);
    refused([leafAt(partly), kept(market), (v) => v + side * (1n << 41n)]);
    refused([leafAt(partly), closed(market), () => 1n << 41n]);
    refused([leafAt(partly), closed(market), (v) => v + FIELD_ORDER / 2n]);
    refused([TERMS, price(market), () => 1n << 72n]);
    refused([TERMS, 0, () => UNIT + 1n]);
  }, 120_000);

  it('show a larger gap where one is closed for another, and where prices are others', () => {
    const truth = seen(rows).public!;
    const room = part[partly].kept[market] / 2n;
    const moved = seen(
      rows,
      [leafAt(partly), kept(market), (v) => v - room],
      [leafAt(partly), closed(market), (v) => v + side * room],
    ).public!;
    expect(moved.gap).toBeGreaterThan(50n * truth.gap);
    const dearer = seen(rows, [TERMS, price(market), (v) => v + side * (1n << 56n)]).public!;
    expect(dearer.gap).toBeGreaterThan(50n * truth.gap);
    expect(dearer.terms).not.toEqual(truth.terms);
  }, 120_000);

  it('show in a public value what else they change', () => {
    const truth = seen(rows).public!;
    const renamed = seen(rows, [leafAt(7), KEY, (v) => v + 1n]).public!;
    expect(renamed.leaves[7]).not.toBe(truth.leaves[7]);
    expect(renamed.leaves.with(7, 0n)).toEqual(truth.leaves.with(7, 0n));
    const richer = seen(rows, [leafAt(partly), EQUITY, (v) => v + 1n]).public!;
    expect(richer.closed[market]).toBe(truth.closed[market] + part[partly].closed[market]);
    expect(richer.leaves[partly]).not.toBe(truth.leaves[partly]);
  }, 120_000);
});

describe('places without an account', () => {
  const { rows } = reductionOf(n, true);
  const last = leafAt(REDUCTION_PROOF_ACCOUNTS - 1);
  it('close nothing, and are seen where they have something', () => {
    const truth = seen(rows);
    expect(truth.failures).toEqual([]);
    expect(rows[last].every((value) => value === 0n)).toBe(true);
    const invented = seen(rows, [last, EQUITY, () => 10n ** 12n], [last, kept(0), () => UNIT]);
    expect(invented.public!.risk).toBeGreaterThan(truth.public!.risk);
    expect(invented.public!.leaves.at(-1)).not.toBe(truth.public!.leaves.at(-1));
  }, 120_000);
});

describe('a proof of reduced positions', () => {
  const { prover, remove } = temporaryProver();
  const { input } = reductionOf(n);
  let document: ProofDocument;
  let values: ReductionPublic;
  beforeAll(async () => {
    document = await prover.prove(reductionStatement, input);
    const verdict = await prover.verify(reductionStatement, document);
    expect(verdict.failures).toEqual([]);
    values = verdict.values!;
  }, 600_000);
  afterAll(remove);

  it('has each account’s commitment, which it opens with its own leaf', async () => {
    const leaf = input.leaves[11];
    expect(await prover.commit(reductionLeafRow(leaf))).toBe(values.leaves[11]);
    expect(await prover.commit(reductionLeafRow({ ...leaf, equity: leaf.equity + 1n }))).not.toBe(
      values.leaves[11],
    );
  }, 60_000);

  it('does not verify with any public value changed by one unit', async () => {
    expect(await unprotected(prover, reductionStatement, document)).toEqual([]);
  }, 600_000);
});
