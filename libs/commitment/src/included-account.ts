import { InvalidInputError, parseInput } from '#lib/errors';
import { bookRoot, poolAmounts, type PoolAmounts } from './digest.js';
import { includedAccountSchema } from './included-account-schema.js';
import {
  checkInclusion,
  type IncludedAccount,
  includedIn,
  type Inclusion,
  NotIncludedError,
} from './inclusion.js';
import { type Totals, totalsOf } from './sums.js';

/** Content of a checked inclusion. */
export interface CheckedInclusion {
  readonly barEnd: string;
  readonly root: string;
  readonly pool: PoolAmounts;
  /** holdings of each leaf */
  readonly holdings: readonly { readonly account: string; readonly holds: Totals }[];
  /** sums of all accounts */
  readonly totals: Totals;
}

const PAIRS = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

export function hexOf(data: Uint8Array): string {
  let text = '0x';
  for (const byte of data) text += PAIRS[byte];
  return text;
}

/** Of 0 to 9 and a to f. */
const digit = (code: number) => (code < 58 ? code - 48 : code - 87);

/** @param hex with 0x before it, in lower case: the schemas take nothing else */
export function bytesOf(hex: string): Uint8Array {
  const data = new Uint8Array((hex.length - 2) >> 1);
  for (let i = 0; i < data.length; i++)
    data[i] = 16 * digit(hex.charCodeAt(2 * i + 2)) + digit(hex.charCodeAt(2 * i + 3));
  return data;
}

/** Writes an account's leaves down. */
export function includedAccount(
  of: { readonly barEnd: number; readonly forecastId: string; readonly pool: PoolAmounts },
  leaves: readonly Inclusion[],
): IncludedAccount {
  const { barEnd, forecastId, pool } = of;
  const text = (field: keyof PoolAmounts) => String(pool[field]);
  return {
    barEnd: new Date(barEnd).toISOString(),
    forecastId,
    root: hexOf(bookRoot(includedIn(leaves[0]), pool)),
    pool: {
      capital: text('capital'),
      liquidity: text('liquidity'),
      pending: text('pending'),
      other: text('other'),
    },
    leaves: leaves.map(({ account, salt, index, sums, path }) => ({
      ...{ account, salt: hexOf(salt), index, sums: hexOf(sums) },
      path: path.map((node) => ({ digest: hexOf(node.digest), sums: hexOf(node.sums) })),
    })),
  };
}

/**
 * Checks that an account with its holdings is in a book. A book's root is only as good as where it comes from: an
 * auditor takes it from a chain.
 *
 * @param value JSON of {@link includedAccountSchema}
 * @param root the book's, in hex; by default the one that the document names
 * @throws {InvalidInputError} for another document
 * @throws {NotIncludedError} where a leaf is not in the book, or comes twice
 * @throws {SumsInvalidError} for sums that are none
 */
export function checkIncludedAccount(value: unknown, root?: string): CheckedInclusion {
  const document = parseInput(includedAccountSchema, value, 'inclusion');
  const expected = root ?? document.root;
  if (!/^0x[0-9a-fA-F]{64}$/.test(expected)) throw new InvalidInputError('root', 'must be 32 bytes in hex');
  const pool = poolAmounts(document.pool);
  const seen = new Set<string>();
  let totals: Totals | undefined;
  const holdings = document.leaves.map(({ account, salt, index, sums, path }) => {
    if (seen.has(account)) throw new NotIncludedError(`${account} comes twice`);
    seen.add(account);
    const leaf: Inclusion = {
      ...{ account, index, salt: bytesOf(salt), sums: bytesOf(sums) },
      path: path.map((node) => ({ digest: bytesOf(node.digest), sums: bytesOf(node.sums) })),
    };
    totals = totalsOf(checkInclusion(leaf, pool, bytesOf(expected.toLowerCase())));
    return { account, holds: totalsOf(leaf.sums) };
  });
  return { barEnd: document.barEnd, root: expected.toLowerCase(), pool, holdings, totals: totals! };
}
