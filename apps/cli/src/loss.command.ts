import { z } from 'zod';
import { MONEY_DECIMALS, formatDecimal } from '#lib/amounts';
import { parseInput } from '#lib/errors';
import { type LossShareProof, lossShareFailures, type LossStatement } from '#lib/margin';
import { UsageError } from '#lib/terminal';
import { readJson } from './read-json.js';

const units = z
  .string()
  .regex(/^-?\d{1,30}$/, 'must be a whole number of smallest units')
  .transform(BigInt);
const digest = z.string().regex(/^([0-9a-f]{64})?$/, 'must be SHA-256 in hexadecimal');
const sums = { gains: units, principal: units };
const shareSchema = z.object({
  settlementId: z.string(),
  statement: z.object({
    need: units,
    chunks: z.array(
      z.object({ ...sums, accounts: z.int(), cuts: units, last: digest, root: digest, leaves: digest }),
    ),
  }),
  proof: z.object({
    chunk: z.int(),
    leaf: z.object({ account: z.string(), equity: units, gain: units, cut: units }),
    before: z.object(sums),
    path: z.array(z.object({ digest, left: z.boolean() }).nullable()).max(64),
  }),
});

/** Whether an account's share of a loss follows from the statement's sums, and its leaf is in the statement. */
export function checkLossCommand(
  file: string,
  { proofs }: { readonly proofs?: string } = {},
): {
  settlementId: string;
  account: string;
  cut: string;
  haircut: number;
  root: string;
  failures: string[];
} {
  if (proofs !== undefined)
    throw new UsageError('--proofs: proofs are those of a settlement, and FILE must have its events');
  const { settlementId, statement, proof } = parseInput(shareSchema, readJson(file), file);
  const failures = lossShareFailures(statement satisfies LossStatement, proof satisfies LossShareProof);
  const { gains = 0n, root = '' } = statement.chunks.at(-1) ?? {};
  return {
    settlementId,
    account: proof.leaf.account,
    cut: formatDecimal(proof.leaf.cut, MONEY_DECIMALS),
    haircut: gains > statement.need ? Number((statement.need * 1_000_000_000n) / gains) / 1e9 : 1,
    root,
    failures,
  };
}
