import { z } from 'zod';
import { type PoolAmounts, POOL_FIELDS } from './digest.js';
import type { IncludedAccount } from './inclusion.js';

// Apart from the types, which the SDK's package has without zod.

const bytes = z.string().regex(/^0x(?:[0-9a-f]{2})*$/, 'must be bytes in hex, with 0x before them');
const integer = z
  .string()
  .regex(/^-?\d{1,39}$/, 'must be a whole number')
  .describe('money, in units of 10^−8');

/** JSON of an {@link IncludedAccount}. */
export const includedAccountSchema: z.ZodType<IncludedAccount> = z.strictObject({
  barEnd: z.iso.datetime().describe('end of the bar whose epoch the book is of'),
  forecastId: z.string(),
  root: bytes.describe('the book’s root, to compare with the chain’s of this epoch'),
  pool: z
    .strictObject(
      Object.fromEntries(POOL_FIELDS.map((field) => [field, integer])) as Record<
        keyof PoolAmounts,
        typeof integer
      >,
    )
    .describe('P, L, P_t and other debts: no account’s, and bound by the root'),
  leaves: z
    .array(
      z.strictObject({
        account: z.string().describe('the account, or account~market for an isolated position'),
        salt: bytes,
        index: z.int().min(0),
        sums: bytes.describe('the account’s holdings: words of 32 bytes, docs/proofs.md'),
        path: z.array(z.strictObject({ digest: bytes, sums: bytes })),
      }),
    )
    .min(1)
    .describe('of cross margin, and of each isolated position'),
});
