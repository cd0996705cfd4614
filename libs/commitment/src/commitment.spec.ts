// Long because sums, trees and paths are tried with the same accounts.
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addSums,
  accountSums,
  bookRoot,
  checkInclusion,
  type Holdings,
  type Inclusion,
  MerkleSumTree,
  NO_SUMS,
  NotIncludedError,
  SumsInvalidError,
  totalsOf,
} from './index.js';

const MARKETS = ['ADA', 'BTC', 'BTC-PERP', 'DOGE', 'ETH'];
const POOL = { capital: 5n, liquidity: 7n, pending: -3n, other: 0n };
const LARGEST = 2n ** 127n - 1n;

const amount = fc.bigInt(-(2n ** 100n), 2n ** 100n);
const holdings: fc.Arbitrary<Holdings> = fc.record({
  cash: amount,
  shares: fc.bigInt(0n, 2n ** 100n),
  positions: fc
    .subarray(MARKETS)
    .chain((markets) =>
      fc.tuple(
        ...markets.map((market) =>
          fc.record({ market: fc.constant(market), size: amount, entry: amount, accrual: amount }),
        ),
      ),
    ),
});
const saltOf = (account: string) => createHash('sha256').update(`salt ${account}`).digest();

function treeOf(accounts: readonly Holdings[]): MerkleSumTree {
  const tree = new MerkleSumTree();
  accounts.forEach((held, i) => tree.set(`account-${i}`, saltOf(`account-${i}`), held));
  return tree;
}

/** Sums over accounts, added number by number. */
function added(accounts: readonly Holdings[]) {
  const positive = (value: bigint) => (value > 0n ? value : 0n);
  const total = (of: (held: Holdings) => bigint) => accounts.reduce((sum, held) => sum + of(held), 0n);
  const markets = MARKETS.map((market) => {
    const open = accounts.flatMap(({ positions }) => positions.filter((p) => p.market === market));
    const sum = (of: (p: (typeof open)[number]) => bigint) => open.reduce((all, p) => all + of(p), 0n);
    const held = open.some(({ size, entry, accrual }) => size !== 0n || entry !== 0n || accrual !== 0n);
    return {
      held,
      entry: {
        market,
        long: sum(({ size }) => positive(size)),
        short: sum(({ size }) => positive(-size)),
        entry: sum(({ entry }) => entry),
        accrual: sum(({ accrual }) => accrual),
      },
    };
  });
  return {
    cash: total(({ cash }) => positive(cash)),
    debt: total(({ cash }) => positive(-cash)),
    shares: total(({ shares }) => shares),
    accounts: BigInt(accounts.length),
    markets: markets.filter(({ held }) => held).map(({ entry }) => entry),
  };
}

/** Puts an account's holdings into the tree and the model, or takes the account out of both. */
function apply(tree: MerkleSumTree, model: Map<string, Holdings>, who: number, held: Holdings | null): void {
  const account = `account-${who}`;
  if (held === null) {
    tree.remove(account);
    model.delete(account);
  } else {
    tree.set(account, saltOf(account), held);
    model.set(account, held);
  }
}

describe('sums', () => {
  it('of accounts are those of their numbers, in any order', () => {
    fc.assert(
      fc.property(fc.array(holdings, { maxLength: 8 }), (accounts) => {
        const forwards = accounts.map(accountSums).reduce(addSums, NO_SUMS);
        const backwards = accounts.map(accountSums).reduceRight(addSums, NO_SUMS);
        expect(totalsOf(forwards)).toEqual(added(accounts));
        expect(backwards).toEqual(forwards);
      }),
    );
  });

  it('refuse what needs more bits than there are, and never wrap around', () => {
    const held = (cash: bigint, entry = 0n): Holdings => ({
      ...{ cash, shares: 0n },
      positions: entry === 0n ? [] : [{ market: 'BTC', size: 0n, entry, accrual: 0n }],
    });
    expect(() => accountSums(held(LARGEST + 1n))).toThrow('cash');
    expect(() => accountSums(held(0n, -LARGEST - 2n))).toThrow('entry');
    expect(() => accountSums({ ...held(0n), shares: -1n })).toThrow('shares');
    const full = [held(LARGEST), held(LARGEST), held(1n)].map(accountSums);
    expect(totalsOf(full.reduce(addSums)).cash).toBe(2n ** 128n - 1n);
    expect(() => [...full, accountSums(held(1n))].reduce(addSums)).toThrow(SumsInvalidError);
    const entries = (a: bigint, b: bigint) => addSums(accountSums(held(0n, a)), accountSums(held(0n, b)));
    expect(() => entries(LARGEST, 1n)).toThrow(SumsInvalidError);
    expect(() => entries(-LARGEST - 1n, -1n)).toThrow(SumsInvalidError);
    expect(totalsOf(entries(LARGEST, -LARGEST - 1n)).markets[0].entry).toBe(-1n);
  });

  it('are refused where they are none', () => {
    const sums = accountSums({
      ...{ cash: 1n, shares: 0n },
      positions: MARKETS.map((market) => ({ market, size: 1n, entry: 1n, accrual: 0n })),
    });
    const swapped = Buffer.concat([sums.slice(0, 64), sums.slice(160, 256), sums.slice(64, 160)]);
    const twice = Buffer.concat([sums.slice(0, 160), sums.slice(64, 160)]);
    const behind = Uint8Array.from(sums);
    behind[64 + 31] = 65;
    for (const bad of [sums.slice(0, 63), sums.slice(0, 65), swapped, twice, behind])
      expect(() => totalsOf(bad)).toThrow(SumsInvalidError);
    const position = { market: 'BTC', size: 1n, entry: 0n, accrual: 0n };
    const account = { cash: 0n, shares: 0n };
    expect(() => accountSums({ ...account, positions: [position, position] })).toThrow('twice');
    expect(() => accountSums({ ...account, positions: [{ ...position, market: 'A B' }] })).toThrow('ASCII');
  });
});

describe('a book’s commitment', () => {
  it('has everybody in it, with what they hold', () => {
    fc.assert(
      fc.property(fc.array(holdings, { minLength: 1, maxLength: 40 }), (accounts) => {
        const tree = treeOf(accounts);
        const commitment = tree.commit();
        expect(totalsOf(commitment.sums)).toEqual(added(accounts));
        const root = bookRoot(commitment, POOL);
        accounts.forEach((held, i) => {
          const found = tree.inclusion(`account-${i}`)!;
          expect(checkInclusion(found, POOL, root)).toEqual(commitment.sums);
          expect(found.sums).toEqual(accountSums(held));
        });
        expect(tree.inclusion('nobody')).toBeUndefined();
      }),
      { numRuns: 40 },
    );
  });

  it('is the same however it has come about', () => {
    const change = fc.record({
      who: fc.nat({ max: 25 }),
      held: fc.option(holdings),
      then: fc.nat({ max: 3 }),
    });
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 60 }), (changes) => {
        const tree = new MerkleSumTree();
        const last = new Map<string, Holdings>();
        for (const { who, held, then } of changes) {
          apply(tree, last, who, held);
          if (then === 1) tree.commit();
          if (then === 2) tree.update();
          if (then === 3) tree.updateBuckets();
        }
        const commitment = tree.commit();
        expect(totalsOf(commitment.sums)).toEqual(added([...last.values()]));
        expect(tree.size).toBe(last.size);
        const root = bookRoot(commitment, POOL);
        for (const account of last.keys()) checkInclusion(tree.inclusion(account)!, POOL, root);
      }),
      { numRuns: 60 },
    );
  });

  it('is kept for as long as its leaves and nodes have room: each account then stands where it stood', () => {
    const change = fc.record({ who: fc.nat({ max: 40 }), held: fc.option(holdings) });
    fc.assert(
      fc.property(
        fc.array(fc.array(change, { minLength: 1, maxLength: 12 }), { minLength: 2, maxLength: 5 }),
        fc.array(change, { maxLength: 60 }),
        (rounds, waiting) => {
          const tree = new MerkleSumTree(1e6);
          const roots: { root: Uint8Array; held: Map<string, Holdings> }[] = [];
          const last = new Map<string, Holdings>();
          for (const round of rounds) {
            for (const { who, held } of round) {
              apply(tree, last, who, held);
              if (who % 5 === 0) tree.update();
              if (who % 7 === 0) tree.updateBuckets();
            }
            roots.unshift({ root: bookRoot(tree.commit(), POOL), held: new Map(last) });
          }
          expect(tree.past).toBe(rounds.length - 1);
          // Changes that wait, hashed and not, leave everybody where they stood.
          for (const { who, held } of waiting) {
            apply(tree, last, 2 * who, held);
            if (who % 3 === 0) tree.update();
            if (who % 4 === 0) tree.updateBuckets();
          }
          roots.forEach(({ root, held }, back) => {
            for (let who = 0; who <= 40; who += 3) {
              const account = `account-${who}`;
              const found = tree.inclusion(account, back);
              const then = held.get(account);
              expect(found === undefined).toBe(then === undefined);
              if (found === undefined) continue;
              checkInclusion(found, POOL, root);
              expect(found.sums).toEqual(accountSums(then!));
            }
          });
          expect(() => tree.inclusion('account-0', rounds.length)).toThrow('back');
        },
      ),
      { numRuns: 5 },
    );
    const short = new MerkleSumTree(4 * (accountSums({ cash: 0n, shares: 0n, positions: [] }).length + 512));
    for (let i = 0; i < 9; i++) {
      short.set('a', saltOf('a'), { cash: BigInt(i), shares: 0n, positions: [] });
      short.commit();
    }
    // One leaf a commitment, and no node above it that is kept.
    expect(short.past).toBe(4);
    // Leaves with more markets take more of the same room.
    for (let i = 0; i < 9; i++) {
      const positions = MARKETS.map((market) => ({ market, size: BigInt(i + 1), entry: 0n, accrual: 0n }));
      short.set('a', saltOf('a'), { cash: 0n, shares: 0n, positions });
      short.commit();
    }
    expect(short.past).toBe(2);
  });

  it('has the nodes over buckets hashed early, and those above them once', () => {
    const tree = new MerkleSumTree();
    const held = (cash: number): Holdings => ({ cash: BigInt(cash), shares: 0n, positions: [] });
    const whole = treeOf(Array.from({ length: 100 }, (_, i) => held(i)));
    for (let i = 0; i < 100; i++) {
      tree.set(`account-${i}`, saltOf(`account-${i}`), held(i));
      if (i % 10 === 9) tree.updateBuckets();
    }
    // 100 accounts in buckets of 16.
    expect(tree.bucketsRaised).toBe(7);
    const commitment = tree.commit();
    expect(commitment).toEqual(whole.commit());
    expect(tree.bucketsRaised).toBe(0);
  });

  const tree = treeOf(
    [5n, -7n, 11n, 13n, 17n].map((cash) => ({
      ...{ cash, shares: cash > 0n ? cash : 0n },
      positions: [{ market: 'BTC', size: cash, entry: 2n * cash, accrual: 0n }],
    })),
  );
  const root = bookRoot(tree.commit(), POOL);
  const honest = tree.inclusion('account-2')!;

  it('convinces nobody of anything else', () => {
    checkInclusion(honest, POOL, root);
    const less = accountSums({ cash: 10n, shares: 11n, positions: [] });
    const [first, ...rest] = honest.path;
    const forged: Partial<Inclusion>[] = [
      { account: 'account-3' },
      { salt: saltOf('another') },
      { index: 3 },
      { sums: less },
      { path: rest },
      { path: [first, first, ...rest] },
      { path: [{ ...first, sums: less }, ...rest] },
      { path: [{ ...first, digest: rest[0].digest }, ...rest] },
    ];
    for (const change of forged) expect(() => checkInclusion({ ...honest, ...change }, POOL, root)).toThrow();
    for (const index of [-1, 0.5, 8])
      expect(() => checkInclusion({ ...honest, index }, POOL, root)).toThrow(NotIncludedError);
    expect(() => checkInclusion({ ...honest, salt: new Uint8Array(31) }, POOL, root)).toThrow(
      NotIncludedError,
    );
    // The sums of two accounts are no account's leaf.
    const two = addSums(honest.sums, honest.sums);
    expect(() => checkInclusion({ ...honest, sums: two }, POOL, root)).toThrow('one account');
  });

  it('binds what the pool has', () => {
    for (const field of ['capital', 'liquidity', 'pending', 'other'] as const)
      expect(() => checkInclusion(honest, { ...POOL, [field]: POOL[field] + 1n }, root)).toThrow('root');
    expect(() => bookRoot(tree.commit(), { ...POOL, other: 2n ** 127n })).toThrow('pool.other');
  });

  it('shows two siblings the same sums of one another', () => {
    // Of a total alone each could be told that the other holds less; here each child's sums are in the parent's digest.
    const [left, right] = [tree.inclusion('account-0')!, tree.inclusion('account-1')!];
    const nothing = { ...left.path[0], sums: accountSums({ cash: 0n, shares: 0n, positions: [] }) };
    expect(() => checkInclusion({ ...left, path: [nothing, ...left.path.slice(1)] }, POOL, root)).toThrow();
    expect(left.path[0].sums).toEqual(right.sums);
  });

  it('does not say where somebody stood in a commitment that there is not, or is not kept', () => {
    const changing = treeOf([{ cash: 1n, shares: 0n, positions: [] }]);
    expect(() => changing.inclusion('account-0')).toThrow('not committed');
    changing.update();
    expect(() => changing.inclusion('account-0')).toThrow('not committed');
    changing.commit();
    changing.set('account-0', saltOf('account-0'), { cash: 2n, shares: 0n, positions: [] });
    changing.update();
    expect(() => changing.inclusion('account-0')).toThrow('not committed');
    expect(() => {
      changing.set('x', new Uint8Array(31), { cash: 1n, shares: 0n, positions: [] });
    }).toThrow('salt');
  });
});
