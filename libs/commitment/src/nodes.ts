import { DIGEST_BYTES, nodeDigest, sumsDigest, writeDigest, writeNodeDigest } from './digest.js';
import { NO_SUMS } from './sums.js';

const NODE_BYTES = 2 * DIGEST_BYTES;
const NO_SUMS_DIGEST = sumsDigest(NO_SUMS);

/** By level: digest of a node of no accounts. */
const EMPTY: Uint8Array[] = [new Uint8Array(DIGEST_BYTES)];

export function emptyDigest(level: number): Uint8Array {
  for (let i = EMPTY.length; i <= level; i++) {
    const below = EMPTY[i - 1];
    EMPTY.push(nodeDigest(below, NO_SUMS_DIGEST, below, NO_SUMS_DIGEST));
  }
  return EMPTY[level];
}

/** One level of the tree: each node's digest and that of its sums, so that two children stand as their parent's digest takes them. */
export class Level {
  private bytes = new Uint8Array(0);

  /** @param height above the leaves */
  constructor(private readonly height: number) {}

  get nodes(): number {
    return this.bytes.length / NODE_BYTES;
  }

  /** More nodes, each of no accounts. */
  grow(nodes: number): void {
    const before = this.bytes;
    this.bytes = new Uint8Array(nodes * NODE_BYTES);
    this.bytes.set(before);
    const empty = new Uint8Array(NODE_BYTES);
    empty.set(emptyDigest(this.height));
    empty.set(NO_SUMS_DIGEST, DIGEST_BYTES);
    for (let at = before.length; at < this.bytes.length; at += NODE_BYTES) this.bytes.set(empty, at);
  }

  digest(node: number): Uint8Array {
    return this.bytes.subarray(node * NODE_BYTES, node * NODE_BYTES + DIGEST_BYTES);
  }

  sumsDigest(node: number): Uint8Array {
    return this.bytes.subarray(node * NODE_BYTES + DIGEST_BYTES, (node + 1) * NODE_BYTES);
  }

  setDigest(node: number, digest: Uint8Array): void {
    this.bytes.set(digest, node * NODE_BYTES);
  }

  /** Where a leaf's digest is written. */
  target(node: number): [bytes: Uint8Array, at: number] {
    return [this.bytes, node * NODE_BYTES];
  }

  setSums(node: number, sums: Uint8Array): void {
    writeDigest(sums, this.bytes, node * NODE_BYTES + DIGEST_BYTES);
  }

  /** The digest of a node from its children's, one level below. */
  setParent(node: number, below: Level): void {
    writeNodeDigest(below.bytes, 2 * node * NODE_BYTES, this.bytes, node * NODE_BYTES);
  }
}
