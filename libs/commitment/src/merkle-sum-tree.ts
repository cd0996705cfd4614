import { InvalidInputError } from '#lib/errors';
import { type Commitment, DIGEST_BYTES, leafDigest, nodeDigest, SALT_BYTES, sumsDigest } from './digest.js';
import type { Inclusion } from './inclusion.js';
import { accountSums, addSums, type Holdings, NO_SUMS, type Sums } from './sums.js';

/** Sums of nodes below this level are added up again when they are needed: of 16 accounts at most. */
const KEPT_FROM = 4;
const NO_SUMS_DIGEST = sumsDigest(NO_SUMS);

/** By level: digest of a node of no accounts. */
const EMPTY: Uint8Array[] = [new Uint8Array(DIGEST_BYTES)];

function emptyDigest(level: number): Uint8Array {
  for (let i = EMPTY.length; i <= level; i++) {
    const below = EMPTY[i - 1];
    EMPTY.push(nodeDigest(below, NO_SUMS_DIGEST, below, NO_SUMS_DIGEST));
  }
  return EMPTY[level];
}

/** One level of the tree: digests of nodes and of their sums, side by side. */
class Level {
  digests = new Uint8Array(0);
  sumsDigests = new Uint8Array(0);

  grow(nodes: number): void {
    const [digests, sumsDigests] = [this.digests, this.sumsDigests];
    this.digests = new Uint8Array(nodes * DIGEST_BYTES);
    this.sumsDigests = new Uint8Array(nodes * DIGEST_BYTES);
    this.digests.set(digests);
    this.sumsDigests.set(sumsDigests);
  }

  digest(i: number): Uint8Array {
    return this.digests.subarray(i * DIGEST_BYTES, (i + 1) * DIGEST_BYTES);
  }

  sumsDigest(i: number): Uint8Array {
    return this.sumsDigests.subarray(i * DIGEST_BYTES, (i + 1) * DIGEST_BYTES);
  }

  set(i: number, digest: Uint8Array, sums: Uint8Array): void {
    this.digests.set(digest, i * DIGEST_BYTES);
    this.sumsDigests.set(sums, i * DIGEST_BYTES);
  }
}

/**
 * A Merkle tree over accounts whose nodes commit to their accounts' sums (Maxwell's sum tree, with both children's
 * sums bound: Chalkias et al., "Broken Proofs of Solvency", 2020).
 *
 * A changed account costs 2 log₂ n digests at the next commitment. Leaves that are not used are zeros. Not for two threads.
 */
export class MerkleSumTree {
  private readonly indexOf = new Map<string, number>();
  private readonly salts: (Uint8Array | undefined)[] = [];
  private readonly leaves: Sums[] = [];
  private readonly names: (string | undefined)[] = [];
  private readonly free: number[] = [];
  private readonly levels: Level[] = [new Level()];
  /** by level from KEPT_FROM, by node */
  private readonly sums: Sums[][] = [];
  private changed = new Set<number>();

  /** accounts that are in it */
  get size(): number {
    return this.indexOf.size;
  }

  /**
   * Sets an account's holdings.
   *
   * @param salt 32 bytes nobody else knows, the same for an account at every commitment
   * @throws {InvalidInputError} for another salt, or amounts that need more than 127 bits
   */
  set(account: string, salt: Uint8Array, holdings: Holdings): void {
    if (salt.length !== SALT_BYTES)
      throw new InvalidInputError('salt', `must have ${SALT_BYTES} bytes, got ${salt.length}`);
    const sums = accountSums(holdings);
    let index = this.indexOf.get(account);
    if (index === undefined) {
      index = this.free.pop() ?? this.leaves.length;
      this.indexOf.set(account, index);
      this.names[index] = account;
    }
    this.salts[index] = salt;
    this.leaves[index] = sums;
    this.changed.add(index);
  }

  /** An account that is not in it is nothing to remove. */
  remove(account: string): void {
    const index = this.indexOf.get(account);
    if (index === undefined) return;
    this.indexOf.delete(account);
    this.names[index] = undefined;
    this.salts[index] = undefined;
    this.leaves[index] = NO_SUMS;
    this.free.push(index);
    this.changed.add(index);
  }

  /** Brings the tree up to date. O(changed · log n), each node above a changed leaf once. */
  commit(): Commitment {
    this.grow();
    const [first] = this.levels;
    for (const i of this.changed) {
      const [name, salt] = [this.names[i], this.salts[i]];
      const digest = name === undefined ? EMPTY[0] : leafDigest(name, salt!);
      first.set(i, digest, sumsDigest(this.leaves[i]));
    }
    let nodes: Iterable<number> = this.changed;
    for (let level = 1; level < this.levels.length; level++) {
      const parents = new Set<number>();
      for (const node of nodes) parents.add(node >> 1);
      for (const parent of parents) this.update(level, parent);
      nodes = parents;
    }
    this.changed = new Set();
    const top = this.levels.length - 1;
    return { digest: this.levels[top].digest(0).slice(), sums: this.sumsOf(top, 0) };
  }

  /**
   * Where an account stands, as of the last commitment.
   *
   * @returns undefined for an account that is not in it
   * @throws {InvalidInputError} while there are changes since the last commitment
   */
  inclusion(account: string): Inclusion | undefined {
    if (this.changed.size > 0) throw new InvalidInputError('account', 'has changes that are not committed');
    const index = this.indexOf.get(account);
    if (index === undefined) return undefined;
    const path: Commitment[] = [];
    for (let level = 0; level < this.levels.length - 1; level++) {
      const sibling = (index >> level) ^ 1;
      path.push({ digest: this.levels[level].digest(sibling).slice(), sums: this.sumsOf(level, sibling) });
    }
    return { account, salt: this.salts[index]!, index, sums: this.leaves[index], path };
  }

  private update(level: number, parent: number): void {
    const below = this.levels[level - 1];
    const [left, right] = [2 * parent, 2 * parent + 1];
    const sums = addSums(this.sumsOf(level - 1, left), this.sumsOf(level - 1, right));
    const digest = nodeDigest(
      below.digest(left),
      below.sumsDigest(left),
      below.digest(right),
      below.sumsDigest(right),
    );
    this.levels[level].set(parent, digest, sumsDigest(sums));
    if (level >= KEPT_FROM) this.sums[level - KEPT_FROM][parent] = sums;
  }

  private sumsOf(level: number, node: number): Sums {
    if (level === 0) return this.leaves[node] ?? NO_SUMS;
    if (level >= KEPT_FROM) return this.sums[level - KEPT_FROM][node];
    return addSums(this.sumsOf(level - 1, 2 * node), this.sumsOf(level - 1, 2 * node + 1));
  }

  /** As many levels as the leaves need; nodes that are new are filled. */
  private grow(): void {
    const needed = Math.max(1, this.leaves.length);
    const capacity = this.levels[0].digests.length / DIGEST_BYTES;
    if (needed <= capacity) return;
    const depth = Math.ceil(Math.log2(needed));
    while (this.levels.length <= depth) this.levels.push(new Level());
    for (let level = 0; level <= depth; level++) {
      const from = this.levels[level].digests.length / DIGEST_BYTES;
      const nodes = 2 ** (depth - level);
      this.levels[level].grow(nodes);
      if (level >= KEPT_FROM) this.sums[level - KEPT_FROM] ??= [];
      this.fill(level, from, nodes);
    }
  }

  /** A node of no accounts is the same wherever it stands on a level; nodes over accounts are brought up to date afterwards. */
  private fill(level: number, from: number, nodes: number): void {
    if (level === 0) {
      for (let i = from; i < nodes; i++) this.levels[0].set(i, EMPTY[0], NO_SUMS_DIGEST);
      return;
    }
    const empty = emptyDigest(level);
    for (let i = from; i < nodes; i++) {
      this.levels[level].set(i, empty, NO_SUMS_DIGEST);
      if (level >= KEPT_FROM) this.sums[level - KEPT_FROM][i] = NO_SUMS;
    }
  }
}
