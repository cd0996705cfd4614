import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  CHUNK_ACCOUNTS,
  type LossLeaf,
  lossChunkFailures,
  lossShareFailures,
  lossShareProof,
  type LossStatement,
  lossStatement,
  lossStatementFailures,
  shareLoss,
} from '../index.js';

const name = (i: number) => `a${String(i).padStart(6, '0')}`;

function settled(need: bigint, claims: readonly { equity: bigint; gain: bigint }[]): LossLeaf[] {
  const { cuts } = shareLoss(need, claims);
  return claims.map((claim, i) => ({ account: name(i), ...claim, cut: cuts[i] }));
}
const claim = fc
  .tuple(fc.integer({ min: -50, max: 1000 }), fc.integer({ min: 0, max: 1000 }))
  .map(([equity, share]) => ({
    equity: BigInt(equity),
    gain: equity > 0 ? (BigInt(equity) * BigInt(share)) / 1000n : 0n,
  }));

describe('the statement of a shared loss', () => {
  it('holds for every settlement, in public, by its witnesses, and for every account alone', () => {
    fc.assert(
      fc.property(fc.array(claim, { maxLength: 12 }), fc.bigInt(0n, 8000n), (claims, need) => {
        const leaves = settled(need, claims);
        const statement = lossStatement(need, leaves);
        expect(lossStatementFailures(statement)).toEqual([]);
        if (leaves.length > 0) expect(lossChunkFailures(statement, 0, leaves, '')).toEqual([]);
        for (const { account } of leaves)
          expect(lossShareFailures(statement, lossShareProof(statement, 0, leaves, account)!)).toEqual([]);
      }),
    );
  });

  const many = settled(
    123_456_789n,
    Array.from({ length: CHUNK_ACCOUNTS + 300 }, (_, i) => ({
      equity: BigInt(100_000 + ((i * 7919) % 50_000)),
      gain: BigInt((i * 104_729) % 90_000),
    })),
  );
  const statement = lossStatement(123_456_789n, many);
  const [first, second] = [many.slice(0, CHUNK_ACCOUNTS), many.slice(CHUNK_ACCOUNTS)];
  const lastOfFirst = first.at(-1)!.account;

  it('goes on from chunk to chunk', () => {
    expect(statement.chunks).toHaveLength(2);
    expect(lossStatementFailures(statement)).toEqual([]);
    expect(lossChunkFailures(statement, 1, second, lastOfFirst)).toEqual([]);
    const proof = lossShareProof(statement, 1, second, name(CHUNK_ACCOUNTS + 17))!;
    expect(proof.chunk).toBe(1);
    expect(lossShareFailures(statement, proof)).toEqual([]);
    expect(lossShareProof(statement, 0, first, 'nobody')).toBeUndefined();
  });

  const altered = (k: number, change: object): LossStatement => ({
    ...statement,
    chunks: statement.chunks.map((chunk, i) => (i === k ? { ...chunk, ...change } : chunk)),
  });
  it.each([
    ['another sum', altered(0, { gains: 1n }), /chunk 0 does not follow/],
    ['another root', altered(0, { root: 'x' }), /chunk 0 does not follow/],
    [
      'a chunk that is missing',
      { ...statement, chunks: statement.chunks.slice(1) },
      /chunk 0 does not follow/,
    ],
    ['another need', { ...statement, need: 5n }, /are cut, 5 are due/],
    ['a negative need', { ...statement, need: -1n }, /negative/],
  ])('is refused in public with %s', (_what, given, words) => {
    expect(lossStatementFailures(given).join('; ')).toMatch(words);
  });

  it('is refused by its witnesses where somebody is favoured, left out, twice there, or out of order', () => {
    const failures = (leaves: readonly LossLeaf[], after = lastOfFirst) =>
      lossChunkFailures(lossStatement(statement.need, [...first, ...leaves]), 1, leaves, after).join('; ');
    expect(failures(second)).toBe('');
    const with_ = (change: Partial<LossLeaf>) =>
      second.map((leaf, i) => (i === 5 ? { ...leaf, ...change } : leaf));
    expect(failures(with_({ cut: 0n }))).toMatch(/the cut of a004101 is \d+, not 0/);
    expect(failures(with_({ gain: 10n ** 9n }))).toMatch(/not from 0 to its equity/);
    expect(failures(with_({ account: second[4].account }))).toMatch(/does not come after/);
    expect(failures(second, 'a000001')).toMatch(/does not end with a000001/);
    // Left out: every cut after it is another one.
    expect(failures(second.slice(1))).toMatch(/the cut of/);
    expect(lossChunkFailures(statement, 1, second.slice(0, -1), lastOfFirst).join('; ')).toMatch(
      /accounts of chunk 1/,
    );
  });

  it('shows an account that its leaf is another one', () => {
    const proof = lossShareProof(statement, 0, first, name(3))!;
    const { leaf } = proof;
    expect(lossShareFailures(statement, { ...proof, leaf: { ...leaf, equity: leaf.equity + 1n } })).toContain(
      'the leaf is not in chunk 0',
    );
    expect(lossShareFailures(statement, { ...proof, leaf: { ...leaf, cut: leaf.cut + 1n } }).join()).toMatch(
      /the cut is/,
    );
    expect(lossShareFailures(statement, { ...proof, chunk: 1 })).toContain('the leaf is not in chunk 1');
    const before = { ...proof.before, gains: proof.before.gains + 1n };
    expect(lossShareFailures(statement, { ...proof, before })).not.toEqual([]);
  });
});
