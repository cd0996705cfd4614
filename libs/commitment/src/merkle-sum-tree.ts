import { InvalidInputError } from '#lib/errors';
import {
  type Commitment,
  leafDigest,
  nodeDigest,
  SALT_BYTES,
  sumsDigest,
  writeLeafDigest,
} from './digest.js';
import type { Inclusion } from './inclusion.js';
import { type Bucket, BUCKET, BUCKET_BITS, type Leaf, Leaves, NO_LEAF } from './leaves.js';
import { emptyDigest, Level } from './nodes.js';
import { accountSums, addSums, type Holdings, NO_SUMS, type Sums } from './sums.js';
import { SumsScratch } from './sums-scratch.js';
import { type Node, Undo } from './tree-undo.js';

/** Sums of nodes below this level are those of a bucket of accounts, and are added up again when they are needed. */
const KEPT_FROM = BUCKET_BITS;

const nodeKey = (level: number, node: number) => level * 2 ** 40 + node;

/**
 * A Merkle tree over accounts whose nodes commit to their accounts' sums (Maxwell's sum tree, with both children's
 * sums bound: Chalkias et al., "Broken Proofs of Solvency", 2020).
 *
 * A changed account costs 2 log₂ n digests at the next commitment. Leaves that are not used are zeros. Not for two threads.
 */
export class MerkleSumTree {
  private readonly indexOf = new Map<string, number>();
  private readonly leaves = new Leaves();
  private readonly free: number[] = [];
  private readonly levels: Level[] = [new Level(0)];
  /** by level from KEPT_FROM, by node */
  private readonly sums: Sums[][] = [];
  /** by bucket: a bit for each leaf that has changed since the last commitment */
  private changed = new Map<number, number>();
  /** nodes over buckets that are up to date, while the nodes above them are not */
  private raised = new Set<number>();
  /** sums of a bucket's nodes, by level above the leaves */
  private readonly scratch = Array.from({ length: KEPT_FROM }, () => new SumsScratch());
  private readonly added = new SumsScratch();
  /** from the oldest commitment that can still be asked for; each leads from the one after it */
  private readonly undos: Undo[] = [];
  /** leads from the tree as it is to the last commitment */
  private undo: Undo | undefined;
  private committed = false;
  private changedSince = false;

  /** @param kept bytes that are kept of earlier commitments, all together: the oldest commitments go first */
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
    this.setSums(account, salt, accountSums(holdings));
  }

  /** As {@link set}, with the account's sums as {@link accountSums} makes them. */
  setSums(account: string, salt: Uint8Array, sums: Sums): void {
    if (salt.length !== SALT_BYTES)
      throw new InvalidInputError('salt', `must have ${SALT_BYTES} bytes, got ${salt.length}`);
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

  /** Buckets of 16 accounts that {@link updateBuckets} has hashed and whose nodes above wait for {@link update}. */
  get bucketsRaised(): number {
    return this.raised.size;
  }

  /**
   * Hashes changed leaves and the nodes over each bucket of them. The nodes above, whose sums have the more markets the higher they are and
   * which many buckets share, wait for {@link update}: accounts that are told some at a time would have the highest ones hashed every time.
   */
  updateBuckets(): void {
    this.grow();
    for (const [bucket, leaves] of this.changed) {
      this.updateBucket(bucket, leaves);
      this.raised.add(bucket);
    }
    this.changed = new Map();
  }

  /**
   * Hashes what has changed, so that the next commitment has less to do; what was committed to before can still be asked for.
   * O(changed · log n), each node above a changed leaf once.
   */
  update(): void {
    this.updateBuckets();
    let nodes: Iterable<number> = this.raised;
    for (let level = KEPT_FROM + 1; level < this.levels.length; level++) {
      const parents = new Set<number>();
      for (const node of nodes) parents.add(node >> 1);
      for (const parent of parents) this.updateParent(level, parent);
      nodes = parents;
    }
    this.raised = new Set();
  }

  /** Commits to the accounts as they are, up to date afterwards: {@link update}. */
  commit(): Commitment {
    this.update();
    this.remember();
    const top = this.levels.length - 1;
    return { digest: this.levels[top].digest(0).slice(), sums: this.sumsOf(top, 0) };
  }

  /**
   * Where an account stands, as of a commitment.
   *
   * @param back commitments before the last one: 0 is the last one
   * @returns undefined for an account that was not in it
   * @throws {InvalidInputError} for a commitment that is not kept any more; where none are kept, while there are changes since the last one
   */
  inclusion(account: string, back = 0): Inclusion | undefined {
    if (!this.committed || (this.changedSince && this.undo === undefined))
      throw new InvalidInputError('account', 'has changes that are not committed');
    if (!Number.isInteger(back) || back < 0 || back > this.undos.length)
      throw new InvalidInputError('back', `must be from 0 to ${this.undos.length}, got ${back}`);
    const undos = this.undos.slice(this.undos.length - back);
    if (this.undo !== undefined) undos.push(this.undo);
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
    this.changedSince = true;
    // Before the first commitment there is nothing to go back to.
    if (this.kept > 0 && this.committed) {
      this.undo ??= new Undo(this.levels.length - 1);
      if (!this.undo.leaves.has(index)) this.undo.keepLeaf(index, this.leaves.at(index));
    }
    this.leaves.set(index, leaf);
    const bucket = index >> BUCKET_BITS;
    this.changed.set(bucket, (this.changed.get(bucket) ?? 0) | (1 << (index % BUCKET)));
  }

  private remember(): void {
    const undo = this.undo ?? new Undo(this.levels.length - 1);
    const first = !this.committed;
    this.undo = undefined;
    this.committed = true;
    this.changedSince = false;
    if (this.kept === 0 || first) return;
    this.undos.push(undo);
    let size = this.undos.reduce((sum, of) => sum + of.size, 0);
    while (size > this.kept) size -= this.undos.shift()!.size;
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
    return this.leaves.at(index);
  }

  private nodeAt(level: number, node: number, undos: readonly Undo[]): Node {
    if (undos.length === 0 || level >= KEPT_FROM) {
      const key = nodeKey(level, node);
      const undone = undos.find(({ nodes }) => nodes.has(key))?.nodes.get(key);
      return undone ?? this.node(level, node);
    }
    if (level === 0) {
      const { name, salt, sums } = this.leafAt(node, undos);
      const digest = name === undefined ? emptyDigest(0) : leafDigest(name, salt!);
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

  /**
   * Digests of a bucket's changed leaves and of the nodes over them up to the first kept one; sums are added once for all.
   *
   * @param changed a bit for each leaf
   */
  private updateBucket(bucket: number, changed: number): void {
    const from = bucket * BUCKET;
    const held = this.leaves.bucket(bucket);
    const [bottom] = this.levels;
    for (let slot = 0; slot < BUCKET; slot++) {
      if ((changed & (1 << slot)) === 0) continue;
      const name = this.leaves.name(from + slot);
      if (name === undefined) bottom.setDigest(from + slot, emptyDigest(0));
      else writeLeafDigest(name, this.leaves.salt(from + slot), ...bottom.target(from + slot));
      bottom.setSums(from + slot, held.sums(slot));
    }
    const top = Math.min(KEPT_FROM, this.levels.length - 1);
    let below: Bucket | SumsScratch = held;
    let nodes = changed;
    for (let level = 1; level <= top; level++) {
      const sums = this.scratch[level - 1];
      sums.addPairs(below, 2 ** (top - level));
      let parents = 0;
      for (let node = 0; node < 2 ** (top - level); node++)
        if ((nodes & (3 << (2 * node))) !== 0) {
          parents |= 1 << node;
          this.updateNode(level, (from >> level) + node, sums.sums(node));
        }
      [below, nodes] = [sums, parents];
    }
  }

  private updateParent(level: number, parent: number): void {
    const added = this.added;
    added.addTwo(this.sumsOf(level - 1, 2 * parent), this.sumsOf(level - 1, 2 * parent + 1));
    this.updateNode(level, parent, added.sums(0));
  }

  /** @param sums of a buffer that is used again: they are copied where they are kept */
  private updateNode(level: number, node: number, sums: Sums): void {
    const key = nodeKey(level, node);
    if (level >= KEPT_FROM && this.undo?.nodes.has(key) === false)
      this.undo.keepNode(key, this.node(level, node));
    this.levels[level].setParent(node, this.levels[level - 1]);
    this.levels[level].setSums(node, sums);
    if (level >= KEPT_FROM) this.sums[level - KEPT_FROM][node] = sums.slice();
  }

  private sumsOf(level: number, node: number): Sums {
    if (level === 0) return this.leaves.at(node).sums;
    if (level >= KEPT_FROM) return this.sums[level - KEPT_FROM][node];
    return addSums(this.sumsOf(level - 1, 2 * node), this.sumsOf(level - 1, 2 * node + 1));
  }

  /** As many levels as the leaves need; nodes that are new are of no accounts, and brought up to date afterwards. */
  private grow(): void {
    const needed = Math.max(1, this.leaves.length);
    if (needed <= this.levels[0].nodes) return;
    const depth = Math.ceil(Math.log2(needed));
    while (this.levels.length <= depth) this.levels.push(new Level(this.levels.length));
    for (let level = 0; level <= depth; level++) {
      const nodes = 2 ** (depth - level);
      this.levels[level].grow(nodes);
      if (level < KEPT_FROM) continue;
      const sums = (this.sums[level - KEPT_FROM] ??= []);
      while (sums.length < nodes) sums.push(NO_SUMS);
    }
  }
}
