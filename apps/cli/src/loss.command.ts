import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { MONEY_DECIMALS, formatDecimal } from '#lib/amounts';
import { messageOf, parseInput, parseJson } from '#lib/errors';
import {
  type BookEvent,
  type GainsCut,
  type HaircutSettled,
  lossLeaves,
  lossStatementOf,
} from '#lib/exchange';
import {
  lossChunkFailures,
  type LossLeaf,
  type LossShareProof,
  lossShareFailures,
  type LossStatement,
} from '#lib/margin';
import {
  createProver,
  lossInputs,
  lossKey,
  type LossPublic,
  lossProofsFailures,
  lossStatement,
  parseProof,
} from '#lib/proofs';
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
export function checkLossCommand(file: string): {
  settlementId: string;
  account: string;
  cut: string;
  haircut: number;
  root: string;
  failures: string[];
} {
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

/**
 * Proves a settlement, 64 accounts a proof. A later run in the same folder keeps its proofs and salts, and makes the missing proofs.
 *
 * @throws {UsageError} where the events are not those of one settlement, or its shares are not by the rule
 */
export async function proveLossCommand(
  file: string,
  { out }: { readonly out: string },
): Promise<{ settlementId: string; accounts: number; proofs: number; seconds: number; failures: string[] }> {
  const { settled, parts } = settlementOf(file);
  const statement = lossStatementOf(settled);
  const leaves: LossLeaf[] = [];
  parts.forEach((part, k) => {
    const chunk = lossLeaves(part);
    const failures = lossChunkFailures(statement, k, chunk, leaves.at(-1)?.account ?? '');
    if (failures.length > 0) throw new UsageError(`${file}: ${failures.join('; ')}`);
    leaves.push(...chunk);
  });
  mkdirSync(out, { recursive: true, mode: 0o700 });
  const salts = keptSalts(join(out, 'salts.json'), leaves);
  const inputs = lossInputs(
    statement.need,
    leaves.map(({ account, equity, gain, cut }) => ({
      key: lossKey(account, salts[account]),
      ...{ gain, cut, principal: equity - gain },
    })),
  );
  const prover = createProver();
  const started = performance.now();
  try {
    const shown: LossPublic[] = [];
    const failures: string[] = [];
    for (const [i, input] of inputs.entries()) {
      const path = join(out, `loss-${String(i + 1).padStart(5, '0')}.json`);
      if (!existsSync(path)) {
        const proof = await prover.prove(lossStatement, input);
        writeFileSync(path, `${JSON.stringify(proof, null, 2)}\n`);
      }
      const verdict = await prover.verify(lossStatement, parseProof(readJson(path)));
      if (verdict.values === undefined || !verdict.holds)
        failures.push(...verdict.failures.map((failure) => `${path}: ${failure}`));
      else shown.push(verdict.values);
    }
    if (failures.length === 0) failures.push(...lossProofsFailures(statement, shown));
    return {
      settlementId: settled.settlementId,
      ...{ accounts: leaves.length, proofs: inputs.length },
      ...{ seconds: (performance.now() - started) / 1000, failures },
    };
  } finally {
    await prover.close();
  }
}

/** The events of one settlement in a file of book events. */
function settlementOf(file: string): { settled: HaircutSettled; parts: GainsCut[] } {
  const events = readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line, i) => {
      try {
        return parseJson(line, `${file}:${i + 1}`) as BookEvent;
      } catch (error) {
        throw new UsageError(messageOf(error));
      }
    });
  const ended = events.filter((event): event is HaircutSettled => event.kind === 'haircut-settled');
  if (ended.length !== 1)
    throw new UsageError(`${file}: must have one event haircut-settled, got ${ended.length}`);
  const [settled] = ended;
  const parts = events.filter(
    (event): event is GainsCut => event.kind === 'gains-cut' && event.settlementId === settled.settlementId,
  );
  if (parts.length !== settled.chunks.length)
    throw new UsageError(
      `${file}: must have ${settled.chunks.length} events gains-cut of ${settled.settlementId}, got ${parts.length}`,
    );
  return { settled, parts };
}

/** A salt for each account, made once. */
function keptSalts(path: string, leaves: readonly LossLeaf[]): Record<string, string> {
  if (existsSync(path)) return readJson(path) as Record<string, string>;
  const salts = Object.fromEntries(leaves.map(({ account }) => [account, randomBytes(31).toString('hex')]));
  writeFileSync(path, `${JSON.stringify(salts, null, 2)}\n`, { mode: 0o600 });
  return salts;
}
