import type { Claim } from './haircut.js';
import { climbed, digestOf, idDigest, merklePath, type MerklePath, merkleRoot } from './merkle.js';

/** Accounts of one chunk, which one proof covers. */
export const CHUNK_ACCOUNTS = 4096;

/** One account's part in a shared loss, money in smallest units. */
export interface LossLeaf extends Claim {
  readonly account: string;
  readonly cut: bigint;
}

/** Where the sums stand after a chunk. */
export interface LossState {
  readonly accounts: number;
  /** Σ g, Σ (E⁺ − g) and Σ z of all accounts so far */
  readonly gains: bigint;
  readonly principal: bigint;
  readonly cuts: bigint;
  /** SHA-256 of the last account's id: ids ascend from chunk to chunk */
  readonly last: string;
  /** chained over the chunks */
  readonly root: string;
}

/** A chunk's public part: it begins where the chunk before has ended. */
export interface LossChunk extends LossState {
  /** Merkle root of the chunk's leaves */
  readonly leaves: string;
}

/** How a loss past the pool was shared, in public: nothing of an account is in it. */
export interface LossStatement {
  /** D */
  readonly need: bigint;
  readonly chunks: readonly LossChunk[];
}

/** An account's leaf with the sums before it, and the way from there to its chunk's root. */
export interface LossShareProof {
  readonly chunk: number;
  readonly leaf: LossLeaf;
  /** Σ g and Σ (E⁺ − g) of the accounts before this one */
  readonly before: { readonly gains: bigint; readonly principal: bigint };
  readonly path: MerklePath;
}

const START: LossState = { accounts: 0, gains: 0n, principal: 0n, cuts: 0n, last: '', root: '' };

/**
 * The statement of a settlement in chunks, chained by sums and root. A chunk's witnesses are its leaves: that each gain is between 0
 * and the equity, that each cut is ⌊D·cum/G⌋ − ⌊D·cum′/G⌋ of the sums before it, and that the sums go from the state before
 * to the state after. G and Σ(E⁺ − g) are the last chunk's.
 *
 * Source: margin-adl.md §3.
 *
 * @param leaves ids ascending
 */
export function lossStatement(need: bigint, leaves: readonly LossLeaf[]): LossStatement {
  const chunks: LossChunk[] = [];
  let state = START;
  for (let from = 0; from < leaves.length; from += CHUNK_ACCOUNTS) {
    const chunk = chunkOf(state, leaves.slice(from, from + CHUNK_ACCOUNTS));
    chunks.push(chunk);
    state = chunk;
  }
  return { need, chunks };
}

/** Checks the public part alone: chunks follow each other, and the cuts sum to the shortfall, or to all equity. */
export function lossStatementFailures({ need, chunks }: LossStatement): string[] {
  const failures: string[] = [];
  if (need < 0n) failures.push(`the need is negative: ${need}`);
  let before = START;
  chunks.forEach((chunk, k) => {
    if (chunk.root !== rootAfter(before, chunk))
      failures.push(`chunk ${k} does not follow from the one before`);
    const grown =
      chunk.gains >= before.gains && chunk.principal >= before.principal && chunk.cuts >= before.cuts;
    if (!grown) failures.push(`the sums of chunk ${k} are below those before it`);
    const count = chunk.accounts - before.accounts;
    const full = k + 1 === chunks.length || count === CHUNK_ACCOUNTS;
    if (!full || !(count >= 1 && count <= CHUNK_ACCOUNTS)) failures.push(`chunk ${k} has ${count} accounts`);
    before = chunk;
  });
  const all = before.gains + before.principal;
  const due = need < all ? need : all;
  if (before.cuts !== due) failures.push(`${before.cuts} are cut, ${due} are due`);
  return failures;
}

/**
 * Checks a chunk by its witnesses: the statement of its proof.
 *
 * @param after id of the last account before the chunk; empty for the first
 */
export function lossChunkFailures(
  statement: LossStatement,
  k: number,
  leaves: readonly LossLeaf[],
  after: string,
): string[] {
  const failures: string[] = [];
  const before = statement.chunks[k - 1] ?? START;
  const totals = totalsOf(statement);
  if (before.last !== idDigest(after)) failures.push(`the chunk before does not end with ${after}`);
  let [previous, sums] = [after, { gains: before.gains, principal: before.principal }];
  for (const leaf of leaves) {
    const { account, gain, equity, cut } = leaf;
    if (!(account > previous)) failures.push(`${account} does not come after ${previous}`);
    if (gain < 0n || gain > positive(equity))
      failures.push(`the gain of ${account} is not from 0 to its equity`);
    const due = cutOf(totals, sums, leaf);
    if (cut !== due) failures.push(`the cut of ${account} is ${due}, not ${cut}`);
    sums = added(sums, leaf);
    previous = account;
  }
  const due = chunkOf(before, leaves);
  const given = statement.chunks[k];
  for (const field of ['accounts', 'gains', 'principal', 'cuts', 'last', 'leaves', 'root'] as const)
    if (given[field] !== due[field])
      failures.push(`${field} of chunk ${k} is ${due[field]}, not ${given[field]}`);
  return failures;
}

/**
 * An account's own leaf and its way into the statement; undefined for an account without one.
 *
 * @param leaves of its chunk
 */
export function lossShareProof(
  { chunks }: LossStatement,
  chunk: number,
  leaves: readonly LossLeaf[],
  account: string,
): LossShareProof | undefined {
  const at = leaves.findIndex((leaf) => leaf.account === account);
  if (at < 0) return undefined;
  const start = chunks[chunk - 1] ?? START;
  const { gains, principal } = leaves.slice(0, at).reduce(added, start);
  return {
    chunk,
    leaf: leaves[at],
    before: { gains, principal },
    path: merklePath(digestsOf(start, leaves), at),
  };
}

/** Whether an account's cut follows from the statement's sums and its gain, and its leaf is in the statement. */
export function lossShareFailures(
  statement: LossStatement,
  { chunk, leaf, before, path }: LossShareProof,
): string[] {
  const failures = lossStatementFailures(statement);
  const due = cutOf(totalsOf(statement), before, leaf);
  if (leaf.cut !== due) failures.push(`the cut is ${due}, not ${leaf.cut}`);
  if (statement.chunks[chunk]?.leaves !== climbed(leafDigest(before, leaf), path))
    failures.push(`the leaf is not in chunk ${chunk}`);
  return failures;
}

type Sums = Pick<LossState, 'gains' | 'principal'>;

function totalsOf({ need, chunks }: LossStatement): Sums & { readonly need: bigint } {
  const { gains, principal } = chunks.at(-1) ?? START;
  return { need, gains, principal };
}

/** Pro rata of all gains up to the account less that up to the one before; where gains do not suffice, likewise of the rest. */
function cutOf(totals: ReturnType<typeof totalsOf>, before: Sums, { gain, equity }: Claim): bigint {
  const share = (need: bigint, total: bigint, from: bigint, own: bigint) =>
    need >= total ? own : (need * (from + own)) / total - (need * from) / total;
  const { need, gains, principal } = totals;
  const ofGains = share(need, gains, before.gains, gain);
  if (need <= gains) return ofGains;
  return ofGains + share(need - gains, principal, before.principal, positive(equity) - gain);
}

function chunkOf(before: LossState, leaves: readonly LossLeaf[]): LossChunk {
  const sums = leaves.reduce(added, { gains: before.gains, principal: before.principal });
  const state = {
    accounts: before.accounts + leaves.length,
    ...sums,
    cuts: leaves.reduce((sum, { cut }) => sum + cut, before.cuts),
    last: idDigest(leaves.at(-1)?.account ?? ''),
    leaves: merkleRoot(digestsOf(before, leaves)),
  };
  return { ...state, root: rootAfter(before, state) };
}

function rootAfter(before: LossState, chunk: Omit<LossChunk, 'root'>): string {
  const { accounts, gains, principal, cuts, last, leaves } = chunk;
  return digestOf('chunk', before.root, accounts, gains, principal, cuts, last, leaves);
}

function digestsOf(start: Sums, leaves: readonly LossLeaf[]): string[] {
  let before = start;
  return leaves.map((leaf) => {
    const digest = leafDigest(before, leaf);
    before = added(before, leaf);
    return digest;
  });
}

function leafDigest({ gains, principal }: Sums, { account, equity, gain, cut }: LossLeaf): string {
  return digestOf('leaf', account, equity, gain, cut, gains, principal);
}

function added({ gains, principal }: Sums, { equity, gain }: Claim): { gains: bigint; principal: bigint } {
  return { gains: gains + gain, principal: principal + positive(equity) - gain };
}

function positive(value: bigint): bigint {
  return value > 0n ? value : 0n;
}
