import type { Commitment } from './digest.js';
import type { Leaf } from './leaves.js';

/** A node of the tree. */
export interface Node extends Commitment {
  readonly sumsDigest: Uint8Array;
}

/** Bytes that a kept leaf or node takes beside its sums: two digests or a salt, three buffers’ headers, a place in a map. */
const KEPT_BESIDE_SUMS = 512;

/** Changes of a commitment: leaves and kept nodes as they were in the one before. */
export class Undo {
  readonly leaves = new Map<number, Leaf>();
  readonly nodes = new Map<number, Node>();

  /** @param depth levels above the leaves, in the commitment before */
  constructor(readonly depth: number) {}

  /** bytes that it keeps, about */
  size = 0;

  keepLeaf(index: number, leaf: Leaf): void {
    this.leaves.set(index, leaf);
    this.size += leaf.sums.length + KEPT_BESIDE_SUMS;
  }

  keepNode(key: number, node: Node): void {
    this.nodes.set(key, node);
    this.size += node.sums.length + KEPT_BESIDE_SUMS;
  }
}
