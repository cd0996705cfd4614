import { InvalidInputError } from '#lib/errors';
import { type Commitment, DIGEST_BYTES, leafDigest, nodeDigest, SALT_BYTES, sumsDigest } from './digest.js';
import type { Inclusion } from './inclusion.js';
import { accountSums, addSums, type Holdings, NO_SUMS, type Sums } from './sums.js';

/** Sums and digests of nodes below this level are those of a bucket of 16 accounts, and are added up again when they are needed. */
const KEPT_FROM = 4;
const BUCKET = 2 ** KEPT_FROM;
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

  get nodes(): number {
    return this.digests.length / DIGEST_BYTES;
  }

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

interface Leaf {
  readonly name: string | undefined;
  readonly salt: Uint8Array | undefined;
  readonly sums: Sums;
}

const NO_LEAF: Leaf = { name: undefined, salt: undefined, sums: NO_SUMS };

interface Node extends Commitment {
  readonly sumsDigest: Uint8Array;
}

/** Changes of a commitment: leaves and kept nodes as they were in the one before. */
class Undo {
  readonly leaves = new Map<number, Leaf>();
  readonly nodes = new Map<number, Node>();

  /** @param depth levels above the leaves, in the commitment before */
  constructor(readonly depth: number) {}

  get entries(): number {
    return this.leaves.size + this.nodes.size;
  }
}

const nodeKey = (level: number, node: number) => level * 2 ** 40 + node;

/**
 * A Merkle tree over accounts whose nodes commit to their accounts' sums (Maxwell's sum tree, with both children's
 * sums bound: Chalkias et al., "Broken Proofs of Solvency", 2020).
 *
 * A changed account costs 2 log₂ n digests at the next commitment. Leaves that are not used are zeros. Not for two threads.
 */
export class MerkleSumTree {
  private readonly indexOf = new Map<string, number>();
  private readonly leaves: Leaf[] = [];
  private readonly free: number[] = [];
  private readonly levels: Level[] = [new Level()];
  /** by level from KEPT_FROM, by node */
  private readonly sums: Sums[][] = [];
  private changed = new Set<number>();
  /** from the oldest commitment that can still be asked for; each leads from the one after it */
  private readonly undos: Undo[] = [];
  private undo: Undo | undefined;

  /** @param kept leaves and nodes that are kept of earlier commitments, all together: the oldest commitments go first */
  constructor(private readonly kept = 0) {}

  /** accounts that are in it */
  get size(): number {
    return this.indexOf.size;
  }

  /** How many commitments before the last one can still be asked for. */
  get past(): number {
    return this.undos.length;
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
    }
    this.change(index, { name: account, salt, sums });
  }

  /** An account that is not in it is nothing to remove. */
  remove(account: string): void {
    const index = this.indexOf.get(account);
    if (index === undefined) return;
    this.indexOf.delete(account);
    this.free.push(index);
    this.change(index, NO_LEAF);
  }

  /** Brings the tree up to date. O(changed · log n), each node above a changed leaf once. */
  commit(): Commitment {
    const first = this.levels[0].nodes === 0;
    this.grow();
    const buckets = new Map<number, number[]>();
    for (const i of this.changed) {
      const bucket = buckets.get(i >> KEPT_FROM);
      if (bucket === undefined) buckets.set(i >> KEPT_FROM, [i]);
      else bucket.push(i);
    }
    for (const [bucket, leaves] of buckets) this.updateBucket(bucket, leaves);
    let nodes: Iterable<number> = buckets.keys();
    for (let level = KEPT_FROM + 1; level < this.levels.length; level++) {
      const parents = new Set<number>();
      for (const node of nodes) parents.add(node >> 1);
      for (const parent of parents) this.update(level, parent);
      nodes = parents;
    }
    this.changed = new Set();
    this.remember(first);
    const top = this.levels.length - 1;
    return { digest: this.levels[top].digest(0).slice(), sums: this.sumsOf(top, 0) };
  }

  /**
   * Where an account stands, as of a commitment.
   *
   * @param back commitments before the last one: 0 is the last one
   * @returns undefined for an account that was not in it
   * @throws {InvalidInputError} while there are changes since the last commitment, and for one that is not kept any more
   */
  inclusion(account: string, back = 0): Inclusion | undefined {
    if (this.changed.size > 0) throw new InvalidInputError('account', 'has changes that are not committed');
    if (!Number.isInteger(back) || back < 0 || back > this.undos.length)
      throw new InvalidInputError('back', `must be from 0 to ${this.undos.length}, got ${back}`);
    const undos = this.undos.slice(this.undos.length - back);
    const index = this.indexAt(account, undos);
    if (index === undefined) return undefined;
    const depth = undos.at(0)?.depth ?? this.levels.length - 1;
    const path: Commitment[] = [];
    for (let level = 0; level < depth; level++) {
      const { digest, sums } = this.nodeAt(level, (index >> level) ^ 1, undos);
      path.push({ digest, sums });
    }
    const { salt, sums } = this.leafAt(index, undos);
    return { account, salt: salt!, index, sums, path };
  }

  private change(index: number, leaf: Leaf): void {
    const before = this.leaves[index] ?? NO_LEAF;
    // Before the first commitment there is nothing to go back to.
    if (this.kept > 0 && this.levels[0].nodes > 0) {
      this.undo ??= new Undo(this.levels.length - 1);
      if (!this.undo.leaves.has(index)) this.undo.leaves.set(index, before);
    }
    this.leaves[index] = leaf;
    this.changed.add(index);
  }

  /** @param first nothing was committed before */
  private remember(first: boolean): void {
    const undo = this.undo ?? new Undo(this.levels.length - 1);
    this.undo = undefined;
    if (this.kept === 0 || first) return;
    this.undos.push(undo);
    let entries = this.undos.reduce((sum, of) => sum + of.entries, 0);
    while (entries > this.kept) entries -= this.undos.shift()!.entries;
  }

  private indexAt(account: string, undos: readonly Undo[]): number | undefined {
    const index = this.indexOf.get(account);
    if (index !== undefined && this.leafAt(index, undos).name === account) return index;
    // It has left since, or has come back elsewhere.
    for (const { leaves } of undos)
      for (const [i, { name }] of leaves)
        if (name === account && this.leafAt(i, undos).name === account) return i;
    return undefined;
  }

  private leafAt(index: number, undos: readonly Undo[]): Leaf {
    for (const { leaves } of undos) {
      const leaf = leaves.get(index);
      if (leaf !== undefined) return leaf;
    }
    return this.leaves[index] ?? NO_LEAF;
  }

  private nodeAt(level: number, node: number, undos: readonly Undo[]): Node {
    if (undos.length === 0 || level >= KEPT_FROM) {
      const key = nodeKey(level, node);
      const undone = undos.find(({ nodes }) => nodes.has(key))?.nodes.get(key);
      return undone ?? this.node(level, node);
    }
    if (level === 0) {
      const { name, salt, sums } = this.leafAt(node, undos);
      const digest = name === undefined ? EMPTY[0] : leafDigest(name, salt!);
      return { digest, sums, sumsDigest: sumsDigest(sums) };
    }
    const left = this.nodeAt(level - 1, 2 * node, undos);
    const right = this.nodeAt(level - 1, 2 * node + 1, undos);
    const sums = addSums(left.sums, right.sums);
    const digest = nodeDigest(left.digest, left.sumsDigest, right.digest, right.sumsDigest);
    return { digest, sums, sumsDigest: sumsDigest(sums) };
  }

  private node(level: number, node: number): Node {
    return {
      digest: this.levels[level].digest(node).slice(),
      sums: this.sumsOf(level, node),
      sumsDigest: this.levels[level].sumsDigest(node).slice(),
    };
  }

  /** Digests of 16 leaves and of the nodes over them up to the first kept one; sums are added once for all. */
  private updateBucket(bucket: number, changed: readonly number[]): void {
    const top = Math.min(KEPT_FROM, this.levels.length - 1);
    for (const i of changed) {
      const { name, salt, sums } = this.leaves[i];
      const digest = name === undefined ? EMPTY[0] : leafDigest(name, salt!);
      this.levels[0].set(i, digest, sumsDigest(sums));
    }
    const from = bucket * BUCKET;
    let sums = Array.from({ length: 2 ** top }, (_, i) => this.leaves[from + i]?.sums ?? NO_SUMS);
    let nodes = new Set(changed);
    for (let level = 1; level <= top; level++) {
      const first = from >> level;
      sums = Array.from({ length: sums.length / 2 }, (_, i) => addSums(sums[2 * i], sums[2 * i + 1]));
      const parents = new Set<number>();
      for (const node of nodes) parents.add(node >> 1);
      for (const parent of parents) this.updateNode(level, parent, sums[parent - first]);
      nodes = parents;
    }
  }

  private update(level: number, parent: number): void {
    const [left, right] = [2 * parent, 2 * parent + 1];
    this.updateNode(level, parent, addSums(this.sumsOf(level - 1, left), this.sumsOf(level - 1, right)));
  }

  private updateNode(level: number, parent: number, sums: Sums): void {
    if (level >= KEPT_FROM) this.undo?.nodes.set(nodeKey(level, parent), this.node(level, parent));
    const below = this.levels[level - 1];
    const [left, right] = [2 * parent, 2 * parent + 1];
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
    if (level === 0) return this.leaves[node]?.sums ?? NO_SUMS;
    if (level >= KEPT_FROM) return this.sums[level - KEPT_FROM][node];
    return addSums(this.sumsOf(level - 1, 2 * node), this.sumsOf(level - 1, 2 * node + 1));
  }

  /** As many levels as the leaves need; nodes that are new are filled. */
  private grow(): void {
    const needed = Math.max(1, this.leaves.length);
    if (needed <= this.levels[0].nodes) return;
    const depth = Math.ceil(Math.log2(needed));
    while (this.levels.length <= depth) this.levels.push(new Level());
    for (let level = 0; level <= depth; level++) {
      const from = this.levels[level].nodes;
      const nodes = 2 ** (depth - level);
      this.levels[level].grow(nodes);
      if (level >= KEPT_FROM) this.sums[level - KEPT_FROM] ??= [];
      this.fill(level, from, nodes);
    }
  }

  /** A node of no accounts is the same wherever it stands on a level; nodes over accounts are brought up to date afterwards. */
  private fill(level: number, from: number, nodes: number): void {
    const empty = emptyDigest(level);
    for (let i = from; i < nodes; i++) {
      this.levels[level].set(i, empty, NO_SUMS_DIGEST);
      if (level >= KEPT_FROM) this.sums[level - KEPT_FROM][i] = NO_SUMS;
    }
  }
}
