import { ZkriskError } from '#lib/errors';
import {
  bookRoot,
  type Commitment,
  leafDigest,
  nodeDigest,
  type PoolAmounts,
  SALT_BYTES,
  sumsDigest,
} from './digest.js';
import { addSums, requireSums, type Sums, totalsOf } from './sums.js';

/** Shows that an account's holdings are in the sums of a book. */
export interface Inclusion {
  readonly account: string;
  /** the account's own: who has it recognises the leaf */
  readonly salt: Uint8Array;
  /** of the leaf, from 0 */
  readonly index: number;
  readonly sums: Sums;
  /** siblings from the leaf to the root */
  readonly path: readonly Commitment[];
}

/** An account's place in a book's commitment, as it is handed out: its holder needs only the root of a chain to check it. */
export interface IncludedAccount {
  /** end of the bar whose epoch the book is of, ISO 8601 */
  readonly barEnd: string;
  readonly forecastId: string;
  /** of the book, in hex */
  readonly root: string;
  /** P, L, P_t and other debts, in units of 10^−8: no account's, and bound by the root */
  readonly pool: Readonly<Record<keyof PoolAmounts, string>>;
  /** of cross margin, and of each isolated position; bytes in hex */
  readonly leaves: readonly {
    readonly account: string;
    readonly salt: string;
    readonly index: number;
    readonly sums: string;
    readonly path: readonly { readonly digest: string; readonly sums: string }[];
  }[];
}

/** An account is not in a book's sums, or holds other amounts there. */
export class NotIncludedError extends ZkriskError {
  readonly code = 'not-included';
}

/** A tree of 2^40 accounts: no path is longer. */
const LONGEST_PATH = 40;

/**
 * Follows a path from a leaf to the root: each level's sums are those of both children, each child's sums are bound by its
 * parent's digest.
 *
 * @returns the root's digest and sums: an auditor compares their `bookRoot` with the chain
 * @throws {NotIncludedError} for a path, an index or a salt that no tree has
 * @throws {SumsInvalidError} for sums that are none, or need more than 128 bits
 */
export function includedIn({ account, salt, index, sums, path }: Inclusion): Commitment {
  if (salt.length !== SALT_BYTES)
    throw new NotIncludedError(`a salt has ${SALT_BYTES} bytes, not ${salt.length}`);
  if (path.length > LONGEST_PATH || !Number.isInteger(index) || index < 0 || index >= 2 ** path.length)
    throw new NotIncludedError(`there is no leaf ${index} in a tree of ${path.length} levels`);
  requireSums(sums);
  if (totalsOf(sums).accounts !== 1n) throw new NotIncludedError('a leaf is of one account');
  let node: Commitment = { digest: leafDigest(account, salt), sums };
  let place = index;
  for (const sibling of path) {
    requireSums(sibling.sums);
    const [left, right] = place % 2 === 0 ? [node, sibling] : [sibling, node];
    node = {
      digest: nodeDigest(left.digest, sumsDigest(left.sums), right.digest, sumsDigest(right.sums)),
      sums: addSums(left.sums, right.sums),
    };
    place = Math.floor(place / 2);
  }
  return node;
}

/**
 * @returns the root's sums
 * @throws {NotIncludedError} where the path does not lead to the book's root
 * @throws {SumsInvalidError} for sums that are none
 */
export function checkInclusion(inclusion: Inclusion, pool: PoolAmounts, root: Uint8Array): Sums {
  const found = includedIn(inclusion);
  const expected = bookRoot(found, pool);
  if (root.length !== expected.length || expected.some((byte, i) => byte !== root[i]))
    throw new NotIncludedError(`the path of ${inclusion.account} does not lead to the book's root`);
  return found.sums;
}
