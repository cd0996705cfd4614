import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatDecimal, MONEY_DECIMALS } from '#lib/amounts';
import { reductionGap, type ReductionTerms } from '#lib/margin';
import {
  createProver,
  lossInputs,
  lossKey,
  lossProofsFailures,
  lossStatement,
  parseProof,
  type Prover,
  provenReductionTerms,
  REDUCTION_PROOF_MARKETS,
  reductionInputs,
  reductionProofsFailures,
  reductionStatement,
  type Statement,
} from '#lib/proofs';
import { UsageError } from '#lib/terminal';
import { readJson } from './read-json.js';
import { type SettlementEvents, settlementEvents, settlementFailures } from './settlement-events.js';

const pathOf = (folder: string, name: string, i: number) =>
  join(folder, `${name}-${String(i + 1).padStart(5, '0')}.json`);

/**
 * Checks a whole settlement by its events, and its proofs where a folder has them. Who checks proofs needs the events' statements alone, no account's
 * leaf; with all events each account's share is recomputed as well.
 *
 * @throws {UsageError} where the events are not those of one settlement
 */
export async function checkSettlementCommand(
  file: string,
  { proofs }: { readonly proofs?: string },
): Promise<{
  settlementId: string;
  need: string;
  accounts: number;
  reduced: { accounts: number; gap: number } | null;
  proofs: { loss: number; reduction: number } | null;
  failures: string[];
}> {
  const events = settlementEvents(file);
  const { loss, reduction } = events;
  const failures = settlementFailures(events);
  const certified = reduction !== undefined && reduction.statement.terms.prices.length > 0;
  const { gap, risk } = certified
    ? reductionGap(reduction.statement.terms, reduction.chunks.flat())
    : { gap: 0n, risk: 0n };
  const checked = {
    settlementId: events.settlementId,
    need: formatDecimal(loss.statement.need, MONEY_DECIMALS),
    accounts: loss.statement.chunks.at(-1)?.accounts ?? 0,
    reduced:
      reduction === undefined
        ? null
        : {
            accounts: reduction.statement.chunks.at(-1)?.accounts ?? 0,
            gap: certified && risk > 0n ? (2 * Number(gap)) / Number(risk) : NaN,
          },
  };
  if (proofs === undefined) return { ...checked, proofs: null, failures };
  const counted = (name: string) => readdirSync(proofs).filter((path) => path.startsWith(`${name}-`)).length;
  const count = { loss: counted('loss'), reduction: counted('reduction') };
  const prover = createProver();
  try {
    failures.push(...(await proofFailures(prover, events, proofs, count)));
  } finally {
    await prover.close();
  }
  return { ...checked, proofs: count, failures };
}

/**
 * Proves a settlement: who bears it, 64 accounts a proof, and whose positions are reduced, 18 accounts in up to 8 markets a proof. A later
 * run in the same folder keeps its proofs and salts, and makes the missing proofs.
 *
 * @throws {UsageError} where the events are not those of one settlement, or it is not by the rules
 */
export async function proveLossCommand(
  file: string,
  { out }: { readonly out: string },
): Promise<{
  settlementId: string;
  accounts: number;
  proofs: number;
  reductionProofs: number;
  notProven: string | null;
  seconds: number;
  failures: string[];
}> {
  const events = settlementEvents(file);
  const refused = settlementFailures(events);
  if (refused.length > 0) throw new UsageError(`${file}: ${refused.join('; ')}`);
  const { loss, reduction } = events;
  mkdirSync(out, { recursive: true, mode: 0o700 });
  const leaves = loss.chunks.flat();
  const salts = keptSalts(
    join(out, 'salts.json'),
    leaves.map(({ account }) => account),
  );
  const shares = lossInputs(
    loss.statement.need,
    leaves.map(({ account, equity, gain, cut }) => ({
      key: lossKey(account, salts[account]),
      ...{ gain, cut, principal: equity - gain },
    })),
  );
  const provable = reduction !== undefined && fits(reduction.statement.terms);
  const reductions = provable
    ? reductionInputs(
        provenReductionTerms(reduction.statement.terms),
        reduction.chunks.map((chunk) =>
          chunk.map(({ account, ...leaf }) => ({ key: lossKey(account, salts[account]), ...leaf })),
        ),
      )
    : [];
  const prover = createProver();
  const started = performance.now();
  try {
    await proveAll(prover, lossStatement, shares, out);
    await proveAll(prover, reductionStatement, reductions, out);
    const count = { loss: shares.length, reduction: reductions.length };
    return {
      settlementId: events.settlementId,
      ...{ accounts: leaves.length, proofs: shares.length, reductionProofs: reductions.length },
      notProven:
        reduction === undefined || provable
          ? null
          : `the reduction is of ${reduction.statement.terms.reduce.length} markets, a proof has ${REDUCTION_PROOF_MARKETS}`,
      seconds: (performance.now() - started) / 1000,
      failures: await proofFailures(prover, events, out, count),
    };
  } finally {
    await prover.close();
  }
}

/** Verifies the proofs of a folder, and holds them against the statements of a settlement. */
async function proofFailures(
  prover: Prover,
  { loss, reduction }: SettlementEvents,
  folder: string,
  count: { readonly loss: number; readonly reduction: number },
): Promise<string[]> {
  const failures: string[] = [];
  const shown = async <Input, Public>(statement: Statement<Input, Public>, proofs: number) => {
    const found: Public[] = [];
    for (let i = 0; i < proofs; i++) {
      const path = pathOf(folder, statement.name, i);
      const verdict = await prover.verify(statement, parseProof(readJson(path)));
      if (verdict.values === undefined || !verdict.holds)
        failures.push(...verdict.failures.map((failure) => `${path}: ${failure}`));
      else found.push(verdict.values);
    }
    return found;
  };
  const shares = await shown(lossStatement, count.loss);
  const reductions = await shown(reductionStatement, count.reduction);
  if (failures.length > 0) return failures;
  failures.push(...lossProofsFailures(loss.statement, shares));
  if (reduction !== undefined && fits(reduction.statement.terms)) {
    const { terms, chunks } = reduction.statement;
    failures.push(...reductionProofsFailures({ terms: provenReductionTerms(terms), chunks }, reductions));
  } else if (count.reduction > 0) failures.push('there are proofs of a reduction that there was not');
  return failures;
}

async function proveAll<Input, Public>(
  prover: Prover,
  statement: Statement<Input, Public>,
  inputs: readonly Input[],
  folder: string,
): Promise<void> {
  for (const [i, input] of inputs.entries()) {
    const path = pathOf(folder, statement.name, i);
    if (existsSync(path)) continue;
    writeFileSync(path, `${JSON.stringify(await prover.prove(statement, input), null, 2)}\n`);
  }
}

function fits({ reduce, prices }: ReductionTerms): boolean {
  return reduce.length <= REDUCTION_PROOF_MARKETS && prices.length > 0;
}

/** A salt for each account, made once. */
function keptSalts(path: string, accounts: readonly string[]): Record<string, string> {
  if (existsSync(path)) return readJson(path) as Record<string, string>;
  const salts = Object.fromEntries(accounts.map((account) => [account, randomBytes(31).toString('hex')]));
  writeFileSync(path, `${JSON.stringify(salts, null, 2)}\n`, { mode: 0o600 });
  return salts;
}
