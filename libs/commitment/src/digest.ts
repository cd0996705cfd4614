import { createHash } from 'node:crypto';
import type { Sums } from './sums.js';

export const DIGEST_BYTES = 32;
export const SALT_BYTES = 32;

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);
const ROOT = Uint8Array.of(2);

/** Digest of a node and its accounts' sums, to which its parent commits. */
export interface Commitment {
  readonly digest: Uint8Array;
  readonly sums: Sums;
}

function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
}

export function sumsDigest(sums: Sums): Uint8Array {
  return sha256(sums);
}

/** SHA-256 of 0, salt and name: who knows the salt knows whose leaf it is. */
export function leafDigest(account: string, salt: Uint8Array): Uint8Array {
  return sha256(LEAF, salt, Buffer.from(account, 'utf8'));
}

/**
 * SHA-256 of 1, and digest and sums' digest of each child. Both children's sums are bound, and not only their total: otherwise
 * each of two siblings could be shown a smaller sum of the other.
 */
export function nodeDigest(
  left: Uint8Array,
  leftSums: Uint8Array,
  right: Uint8Array,
  rightSums: Uint8Array,
): Uint8Array {
  return sha256(NODE, left, leftSums, right, rightSums);
}

/** An epoch's book as a chain keeps it: SHA-256 of 2, the root's digest and its sums' digest. */
export function bookRoot({ digest, sums }: Commitment): Uint8Array {
  return sha256(ROOT, digest, sumsDigest(sums));
}
