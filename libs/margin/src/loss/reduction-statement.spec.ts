import { describe, expect, it } from 'vitest';
import { reducedPositions } from '../../../../test/support/reduction-cases.js';
import {
  leverageOf,
  LEVERAGE_UNIT,
  REDUCTION_CHUNK_ACCOUNTS,
  reductionChunkFailures,
  reductionGap,
  reductionGapFailures,
  type ReductionLeaf,
  reductionProof,
  reductionProofFailures,
  reductionStatement,
  type ReductionStatement,
  reductionStatementFailures,
} from '../index.js';

const altered = (leaf: ReductionLeaf, change: Partial<ReductionLeaf>): ReductionLeaf => ({
  ...leaf,
  ...change,
});

describe('the statement of reduced positions', () => {
  it.each([
    [1, 40, 0.3],
    [2, 200, 0.25],
    [3, 300, 0.9],
    [8, 400, 0.1],
  ])('holds of an optimum in %d markets for %d accounts, a share of %d', (markets, accounts, share) => {
    const { terms, leaves } = reducedPositions(markets + accounts, { markets, accounts, share });
    const statement = reductionStatement(terms, leaves);
    expect(reductionStatementFailures(statement)).toEqual([]);
    expect(reductionChunkFailures(statement, 0, leaves, '')).toEqual([]);
    const gap = reductionGap(terms, leaves);
    expect(reductionGapFailures(gap)).toEqual([]);
    expect(gap.risk).toBeGreaterThan(0n);
    for (const { account } of leaves.slice(0, 20))
      expect(reductionProofFailures(statement, reductionProof(0, leaves, account)!)).toEqual([]);
  });

  const { terms, leaves } = reducedPositions(5, {
    markets: 3,
    accounts: 1900,
    share: 0.3,
  });
  const statement = reductionStatement(terms, leaves);
  const [first, second] = [leaves.slice(0, REDUCTION_CHUNK_ACCOUNTS), leaves.slice(REDUCTION_CHUNK_ACCOUNTS)];
  const lastOfFirst = first.at(-1)!.account;

  it('goes on from chunk to chunk', () => {
    expect(statement.chunks).toHaveLength(2);
    expect(reductionStatementFailures(statement)).toEqual([]);
    expect(reductionChunkFailures(statement, 1, second, lastOfFirst)).toEqual([]);
    expect(reductionGapFailures(reductionGap(terms, leaves))).toEqual([]);
    expect(reductionProof(0, first, 'nobody')).toBeUndefined();
  });

  const change = (with_: Partial<ReductionStatement['terms']>): ReductionStatement => ({
    ...statement,
    terms: { ...terms, ...with_ },
  });
  const chunk = (k: number, with_: object): ReductionStatement => ({
    ...statement,
    chunks: statement.chunks.map((given, i) => (i === k ? { ...given, ...with_ } : given)),
  });
  it.each([
    ['another sum', chunk(0, { closed: [1n, 1n, 1n] }), /chunk 0 does not follow/],
    ['sums that fall', chunk(1, { closed: [0n, 0n, 0n] }), /chunk 1 are below/],
    [
      'a chunk that is missing',
      { ...statement, chunks: statement.chunks.slice(1) },
      /chunk 0 does not follow/,
    ],
    ['other prices', change({ prices: terms.prices.map((price) => price + 1n) }), /chunk 0 does not follow/],
    ['twice the need', change({ reduce: terms.reduce.map((need) => 2n * need) }), /market \d is reduced by/],
    ['no prices', change({ prices: [] }), /not certified/],
    ['prices of other markets', change({ prices: [1n] }), /1 prices for 3/],
    ['a price past the range', change({ prices: [1n << 70n, 0n, 0n] }), /below 2\^70/],
    [
      'a covariance past the range',
      change({ covariance: [2n * LEVERAGE_UNIT, ...terms.covariance.slice(1)] }),
      /2\^30/,
    ],
    ['a covariance that is none', change({ covariance: [1n, 5n, 5n, 1n, 5n, 1n] }), /not positive definite/],
    ['a covariance of other markets', change({ covariance: [1n] }), /terms are not those of 3/],
  ])('is refused in public with %s', (_what, given, words) => {
    expect(reductionStatementFailures(given).join('; ')).toMatch(words);
  });

  it('is refused by its witnesses where a position is closed that the rule leaves, turned, left out, or out of order', () => {
    const failures = (given: readonly ReductionLeaf[], after = lastOfFirst) =>
      reductionChunkFailures(reductionStatement(terms, [...first, ...given]), 1, given, after).join('; ');
    const at = second.findIndex(({ closed }) => closed[0] > 0n);
    const with_ = (change_: Partial<ReductionLeaf>) =>
      second.map((leaf, i) => (i === at ? altered(leaf, change_) : leaf));
    const { kept, closed } = second[at];
    const turned = terms.reduce[0] > 0n ? -1n : 1n;
    expect(failures(second)).toBe('');
    expect(failures(with_({ closed: closed.with(0, -1n) }))).toMatch(/market 0 is negative/);
    expect(failures(with_({ kept: kept.with(0, turned) }))).toMatch(/market 0, whose other side/);
    expect(failures(with_({ equity: 0n }))).toMatch(/not above 0/);
    expect(failures(with_({ closed: [] }))).toMatch(/not of 3 markets/);
    expect(failures(with_({ kept: kept.with(1, 300n * LEVERAGE_UNIT) }))).toMatch(/256 times/);
    expect(failures(with_({ account: second[at + 1].account }))).toMatch(/does not come after/);
    expect(failures(second, 'a')).toMatch(/does not end with a/);
    expect(reductionChunkFailures(statement, 1, second.slice(1), lastOfFirst).join()).toMatch(
      /accounts of chunk 1/,
    );
  });

  it('has a gap where one is closed for another, though all sums are right', () => {
    const closing = leaves.filter(
      ({ kept, closed, equity }) => closed[0] > 0n && kept[0] !== 0n && equity > 0n,
    );
    // The first gives up a third of what it keeps; the second gets as much money more.
    const [giver, taker] = closing;
    const moved = giver.kept[0] / 3n;
    const money = moved * giver.equity;
    const back = money / taker.equity;
    const side = terms.reduce[0] > 0n ? 1n : -1n;
    const shifted = leaves.map((leaf) =>
      leaf === giver
        ? altered(leaf, {
            kept: leaf.kept.with(0, leaf.kept[0] - moved),
            closed: leaf.closed.with(0, leaf.closed[0] + side * moved),
          })
        : leaf === taker
          ? altered(leaf, {
              kept: leaf.kept.with(0, leaf.kept[0] + back),
              closed: leaf.closed.with(0, leaf.closed[0] - side * back),
            })
          : leaf,
    );
    const before = reductionGap(terms, leaves);
    const after = reductionGap(terms, shifted);
    expect(after.gap).toBeGreaterThan(100n * before.gap);
    // Market by market, whatever else an account has: the sums are the same, the risk is not the least.
    const { terms: three, leaves: byMarket } = reducedPositions(11, {
      markets: 3,
      accounts: 200,
      share: 0.3,
      byMarket: true,
    });
    expect(reductionStatementFailures(reductionStatement(three, byMarket))).toEqual([]);
    expect(reductionGapFailures(reductionGap(three, byMarket)).join()).toMatch(/the gap/);
  });

  it('shows an account that its leaf is another one', () => {
    const proof = reductionProof(0, first, first[3].account)!;
    const { leaf } = proof;
    const refused = (change_: Partial<ReductionLeaf>) =>
      reductionProofFailures(statement, { ...proof, leaf: altered(leaf, change_) }).join();
    expect(refused({})).toBe('');
    expect(refused({ equity: leaf.equity + 1n })).toBe('the leaf is not in chunk 0');
    expect(refused({ kept: leaf.kept.with(2, leaf.kept[2] + 1n) })).toBe('the leaf is not in chunk 0');
    expect(reductionProofFailures(statement, { ...proof, chunk: 1 })).toEqual(['the leaf is not in chunk 1']);
    expect(reductionProofFailures(chunk(0, { accounts: 5 }), proof)).not.toEqual([]);
  });
});

describe('leverageOf', () => {
  it.each([
    [10n, 1n, 5n, 2n * LEVERAGE_UNIT],
    [-10n, 1n, 5n, -2n * LEVERAGE_UNIT],
    [1n, 10n, 1n << 31n, 0n],
    [1n, 1n, 1n << 31n, 1n],
    [-1n, 1n, 1n << 31n, -1n],
  ])('of %d over %d at an equity of %d is %d', (notional, scale, equity, leverage) => {
    expect(leverageOf(notional, scale, equity)).toBe(leverage);
  });
});
