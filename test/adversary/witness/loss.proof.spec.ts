import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type CircuitInputs,
  FIELD_ORDER,
  LOSS_PROOF_ACCOUNTS,
  lossLeafRow,
  type LossPublic,
  lossRows,
  lossStatement,
  type ProofDocument,
} from '#lib/proofs';
import { randomLossInputs } from '../../support/loss-cases.js';
import { temporaryProver, unprotected } from '../../support/proofs.js';
import { type Change, seenWith } from '../../support/witness.js';

const [SHARE, TOTAL, STAGE, GAINS, PRINCIPAL, CUTS] = [0, 1, 2, 3, 4, 5];
const [KEY, GAIN, REST, CUT] = [0, 1, 2, 3];
const TERMS = 0;
const leafAt = (i: number) => 1 + i;
const HALF = FIELD_ORDER / 2n;

/** The second proof of a settlement, so that sums come in; with one place that nobody takes where `short`. */
function lossOf(of: 'gains' | 'all', short = false) {
  const accounts = 2 * LOSS_PROOF_ACCOUNTS - (short ? 1 : 0);
  return randomLossInputs(5, accounts, { of, share: of === 'gains' ? 0.4 : 0.9 })[1];
}

const seen = (rows: CircuitInputs, ...changes: Change[]) => seenWith(lossStatement, rows, changes);

describe.each(['gains', 'all'] as const)('altered witnesses of a loss that needs %s', (of) => {
  const input = lossOf(of);
  const rows = lossRows(input);
  const refused = (...changes: Change[]) => {
    expect(seen(rows, ...changes).failures.length).toBeGreaterThan(0);
  };

  it('begin from one that holds', () => {
    const { failures, public: values } = seen(rows);
    expect(failures).toEqual([]);
    expect(values).toMatchObject({ stage: of === 'gains' ? 'gains' : 'principal', before: input.before });
    const sum = input.leaves.reduce((total, { cut }) => total + cut, input.before.cuts);
    expect(values!.after.cuts).toBe(sum);
  }, 60_000);

  it('are refused with a cut of one unit more or less, for the first, one between, the last', () => {
    for (const i of [0, 31, LOSS_PROOF_ACCOUNTS - 1])
      for (const by of [1n, -1n]) refused([leafAt(i), CUT, (v) => v + by]);
  }, 120_000);

  it('are refused where one bears for another, the sum as it was', () => {
    refused([leafAt(3), CUT, (v) => v - 1n], [leafAt(4), CUT, (v) => v + 1n]);
    const all = rows[leafAt(3)][CUT];
    refused([leafAt(3), CUT, () => 0n], [leafAt(40), CUT, (v) => v + all]);
  }, 120_000);

  it('are refused with gains or principal below zero, beyond the range, around the field', () => {
    for (const at of [GAIN, REST])
      for (const change of [() => -1n, (v: bigint) => -v - 1n, () => 1n << 79n, (v: bigint) => v + HALF])
        refused([leafAt(9), at, change]);
  }, 120_000);

  it('are refused with a quotient of the field in place of the integer one', () => {
    // total·q = share·sums − r modulo the field for any r: only the range of q keeps the prover from choosing it.
    const total = rows[TERMS][TOTAL];
    const inverse = power(total, FIELD_ORDER - 2n);
    expect((inverse * total) % FIELD_ORDER).toBe(1n);
    refused([leafAt(20), CUT, (v) => (v + inverse) % FIELD_ORDER], [leafAt(21), CUT, (v) => v - inverse]);
  }, 120_000);

  it('are refused with another start, a stage between, or the other stage', () => {
    for (const by of [1n, -1n]) refused([TERMS, CUTS, (v) => v + by]);
    refused([TERMS, STAGE, () => 2n]);
    refused([TERMS, STAGE, (v) => 1n - v]);
    refused([TERMS, of === 'gains' ? GAINS : PRINCIPAL, (v) => v + (1n << 60n)]);
  }, 120_000);

  it('show in a public value what else they change', () => {
    const truth = seen(rows).public!;
    const changed = (...changes: Change[]) => seen(rows, ...changes).public;
    // Whose leaf it is, and what is in it: its commitment.
    const other = changed([leafAt(7), KEY, (v) => v + 1n])!;
    expect(other.leaves[7]).not.toBe(truth.leaves[7]);
    expect(other.leaves.with(7, 0n)).toEqual(truth.leaves.with(7, 0n));
    const share = changed([TERMS, SHARE, (v) => v - 1n]);
    if (share !== undefined) expect(share.share).toBe(truth.share - 1n);
    const total = changed([TERMS, TOTAL, (v) => v + 1n]);
    if (total !== undefined) expect(total.total).toBe(truth.total + 1n);
  }, 120_000);
});

describe('places without an account', () => {
  const rows = lossRows(lossOf('gains', true));
  const last = leafAt(LOSS_PROOF_ACCOUNTS - 1);
  it('bear nothing, and are seen where they have something', () => {
    const truth = seen(rows);
    expect(truth.failures).toEqual([]);
    expect(rows[last]).toEqual([0n, 0n, 0n, 0n]);
    expect(seen(rows, [last, CUT, () => 1n]).failures.length).toBeGreaterThan(0);
    expect(seen(rows, [last, CUT, () => -1n]).failures.length).toBeGreaterThan(0);
    const invented = seen(rows, [last, REST, () => 10n ** 12n]);
    expect(invented.public!.after.principal).toBe(truth.public!.after.principal + 10n ** 12n);
    expect(invented.public!.leaves.at(-1)).not.toBe(truth.public!.leaves.at(-1));
  }, 120_000);
});

describe('the largest amounts that a circuit takes', () => {
  it('are taken, up to the width of a step of 2^37', () => {
    // Halfway between two multiples of 2^37: provers divide in floats, so that next to one an honest quotient may miss by one.
    const most = (1n << 76n) - (1n << 36n);
    const key = 'ff'.repeat(31);
    const leaves = [{ key, gain: most, principal: 0n, cut: most - 1n }];
    const rows = lossRows({
      need: most - 1n,
      totals: { gains: most, principal: 0n },
      before: { gains: 0n, principal: 0n, cuts: 0n },
      leaves,
    });
    expect(seen(rows).failures).toEqual([]);
  }, 60_000);
});

describe('a proof of a shared loss', () => {
  const { prover, remove } = temporaryProver();
  const input = lossOf('gains');
  let document: ProofDocument;
  let values: LossPublic;
  beforeAll(async () => {
    document = await prover.prove(lossStatement, input);
    const verdict = await prover.verify(lossStatement, document);
    expect(verdict.failures).toEqual([]);
    values = verdict.values!;
  }, 600_000);
  afterAll(remove);

  it('has each account’s commitment, which it opens with its own leaf', async () => {
    expect(await prover.commit(lossLeafRow(input.leaves[17]))).toBe(values.leaves[17]);
    const altered = { ...input.leaves[17], cut: input.leaves[17].cut + 1n };
    expect(await prover.commit(lossLeafRow(altered))).not.toBe(values.leaves[17]);
    expect(values.before).toEqual(input.before);
  }, 60_000);

  it('does not verify with any public value changed by one unit', async () => {
    expect(await unprotected(prover, lossStatement, document)).toEqual([]);
  }, 600_000);
});

/** base^exponent in the field. */
function power(base: bigint, exponent: bigint): bigint {
  let [result, factor] = [1n, base % FIELD_ORDER];
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * factor) % FIELD_ORDER;
    factor = (factor * factor) % FIELD_ORDER;
  }
  return result;
}
