import { hash } from 'node:crypto';
import { InvalidInputError } from '#lib/errors';
import type { Sums } from './sums.js';

export const DIGEST_BYTES = 32;
export const SALT_BYTES = 32;

const LEAF = 0;
const NODE = 1;
const ROOT = 2;

/** Digest of a node and its accounts' sums, to which its parent commits. */
export interface Commitment {
  readonly digest: Uint8Array;
  readonly sums: Sums;
}

/** The pool's own amounts, money with 8 decimals: no account holds them, and the proofs of an epoch speak of them. */
export interface PoolAmounts {
  /** P, less losses that nobody has borne yet */
  readonly capital: bigint;
  /** L */
  readonly liquidity: bigint;
  /** P_t: collected and not yet vested into P */
  readonly pending: bigint;
  /** owed to providers, to holders of notes, and kept for defaults */
  readonly other: bigint;
}

export const POOL_FIELDS = ['capital', 'liquidity', 'pending', 'other'] as const;
const LARGEST = 2n ** 127n;
const WORD = 32;

// One buffer for whatever is hashed together: millions of nodes make no garbage.
const PARTS = 5;
const together = new Uint8Array(1 + PARTS * DIGEST_BYTES);
const nodeTogether = together.subarray(0, 1 + 4 * DIGEST_BYTES);
const encoder = new TextEncoder();
let named = new Uint8Array(256);

/** Writes a digest. As a string of 32 characters between: a buffer for each would be more work for the collector than the digest is. */
export function writeDigest(bytes: Uint8Array, to: Uint8Array, at: number): void {
  const text = hash('sha256', bytes, 'binary');
  for (let i = 0; i < DIGEST_BYTES; i++) to[at + i] = text.charCodeAt(i);
}

export function sha256(bytes: Uint8Array): Uint8Array {
  const digest = new Uint8Array(DIGEST_BYTES);
  writeDigest(bytes, digest, 0);
  return digest;
}

/** SHA-256 of a tag and parts behind it. @param parts of 32 bytes each, five at most */
export function tagged(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  together[0] = tag;
  let at = 1;
  for (const part of parts) {
    together.set(part, at);
    at += part.length;
  }
  return sha256(together.subarray(0, at));
}

/**
 * Writes a node's digest, {@link nodeDigest}.
 *
 * @param children digest and sums' digest of the left child and of the right one, 128 bytes from `first`
 */
export function writeNodeDigest(children: Uint8Array, first: number, to: Uint8Array, at: number): void {
  nodeTogether[0] = NODE;
  for (let i = 0; i < 4 * DIGEST_BYTES; i++) nodeTogether[1 + i] = children[first + i];
  writeDigest(nodeTogether, to, at);
}

export function sumsDigest(sums: Sums): Uint8Array {
  return sha256(sums);
}

/** An account's salt: SHA-256 of key, name and key again, so that who knows salts of some accounts knows none of others. */
export function saltOf(key: Uint8Array, account: string): Uint8Array {
  const end = writeName(account, key.length, key.length);
  named.set(key);
  named.set(key, end);
  return sha256(named.subarray(0, end + key.length));
}

/** SHA-256 of 0, salt and name: who knows the salt knows whose leaf it is. */
export function leafDigest(account: string, salt: Uint8Array): Uint8Array {
  const digest = new Uint8Array(DIGEST_BYTES);
  writeLeafDigest(account, salt, digest, 0);
  return digest;
}

/** Writes a leaf's digest, {@link leafDigest}. */
export function writeLeafDigest(account: string, salt: Uint8Array, to: Uint8Array, at: number): void {
  const end = writeName(account, 1 + SALT_BYTES, 0);
  named[0] = LEAF;
  named.set(salt, 1);
  writeDigest(named.subarray(0, end), to, at);
}

/** Writes a name into `named`, with room before and behind it; returns where it ends. */
function writeName(account: string, before: number, behind: number): number {
  // A character has three bytes at most.
  const most = before + 3 * account.length + behind;
  if (named.length < most) named = new Uint8Array(most);
  return before + encoder.encodeInto(account, named.subarray(before)).written;
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
  return tagged(NODE, left, leftSums, right, rightSums);
}

/** Amounts of whole numbers in texts, as documents have them. */
export function poolAmounts(pool: Readonly<Record<keyof PoolAmounts, string>>): PoolAmounts {
  return {
    ...{ capital: BigInt(pool.capital), liquidity: BigInt(pool.liquidity) },
    ...{ pending: BigInt(pool.pending), other: BigInt(pool.other) },
  };
}

/**
 * Four words of 32 bytes, two's complement, as a contract encodes `int256[4]`.
 *
 * @throws {InvalidInputError} for an amount of 128 bits or more
 */
export function poolBytes(pool: PoolAmounts): Uint8Array {
  const bytes = new Uint8Array(POOL_FIELDS.length * WORD);
  const view = new DataView(bytes.buffer);
  POOL_FIELDS.forEach((field, i) => {
    const value = pool[field];
    if (value >= LARGEST || value < -LARGEST)
      throw new InvalidInputError(`pool.${field}`, `must be within 127 bits, got ${value}`);
    for (let limb = 0; limb < 4; limb++)
      view.setBigUint64(i * WORD + 8 * limb, BigInt.asUintN(64, value >> BigInt(64 * (3 - limb))));
  });
  return bytes;
}

/** An epoch's book as a chain keeps it: SHA-256 of 2, the root's digest, its sums' digest and the digest of the pool's amounts. */
export function bookRoot({ digest, sums }: Commitment, pool: PoolAmounts): Uint8Array {
  return tagged(ROOT, digest, sumsDigest(sums), sha256(poolBytes(pool)));
}
