import { BoxProgram } from './box-program.js';
import { climbed, digestOf, idDigest, merklePath, type MerklePath, merkleRoot } from './merkle.js';

/** Accounts of one chunk: each has several positions, so they are fewer than a loss's. */
export const REDUCTION_CHUNK_ACCOUNTS = 1024;
/** Leverages and covariances are integers in units of 2^−30. */
const BITS = 30n;
export const LEVERAGE_UNIT = 1n << BITS;
/** Notionals of more than so many times its equity count as if the equity were that part of them. */
export const LARGEST_LEVERAGE = 256n;
/** The gap is at most this part, 2^−20, of the risk before, and what is closed differs from the need by no more. */
const TOLERANCE_BITS = 20n;

/** The public terms of a reduction, by which every account's positions are judged. */
export interface ReductionTerms {
  /** Σ in units of which its largest entry is 2^30: upper triangle by rows */
  readonly covariance: readonly bigint[];
  /** marginal cost p of a kept position in each market, in units of 2^−60; empty where the reduction is not certified */
  readonly prices: readonly bigint[];
  /** Q in each market, smallest units of money times 2^30: positive closes longs, negative shorts */
  readonly reduce: readonly bigint[];
  /** value of the smallest size in each market, in units of Q: positions are closed to such a size */
  readonly smallest: readonly bigint[];
}

/** An account's positions after a reduction, by market, over its equity: leverages. */
export interface ReductionLeaf {
  readonly account: string;
  /** smallest units of money, above 0 */
  readonly equity: bigint;
  /** signed */
  readonly kept: readonly bigint[];
  /** not negative */
  readonly closed: readonly bigint[];
}

/** Where the sums stand after a chunk; it begins where the chunk before has ended. */
export interface ReductionChunk {
  readonly accounts: number;
  /** Σ equity·closed in each market, in units of Q */
  readonly closed: readonly bigint[];
  /** SHA-256 of the last account's id */
  readonly last: string;
  /** Merkle root of the chunk's leaves */
  readonly leaves: string;
  /** chained over the chunks */
  readonly root: string;
}

export interface ReductionStatement {
  readonly terms: ReductionTerms;
  readonly chunks: readonly ReductionChunk[];
}

/** Over accounts: how far Σ E v'Sv/2 may be from its least, and Σ E x'Sx of the positions before, both in units of 2^−90. */
export interface ReductionGap {
  readonly gap: bigint;
  readonly risk: bigint;
}

type State = Omit<ReductionChunk, 'leaves'>;

/**
 * The statement of a reduction in chunks, chained by sums and root. A chunk's witnesses are its leaves.
 *
 * Source: margin-adl.md §3.
 *
 * @param leaves ids ascending
 */
export function reductionStatement(
  terms: ReductionTerms,
  leaves: readonly ReductionLeaf[],
): ReductionStatement {
  const chunks: ReductionChunk[] = [];
  let state = startOf(terms);
  for (let from = 0; from < leaves.length; from += REDUCTION_CHUNK_ACCOUNTS) {
    const chunk = chunkOf(terms, state, leaves.slice(from, from + REDUCTION_CHUNK_ACCOUNTS));
    chunks.push(chunk);
    state = chunk;
  }
  return { terms, chunks };
}

/** Checks the public part alone: the terms are those of a convex problem, chunks follow each other, and Q is closed. */
export function reductionStatementFailures({ terms, chunks }: ReductionStatement): string[] {
  const failures = termsFailures(terms);
  if (failures.length > 0) return failures;
  let before = startOf(terms);
  chunks.forEach((chunk, k) => {
    if (chunk.root !== rootAfter(terms, before, chunk))
      failures.push(`chunk ${k} does not follow from the one before`);
    if (!chunk.closed.every((sum, i) => sum >= before.closed[i]))
      failures.push(`the sums of chunk ${k} are below those before it`);
    const count = chunk.accounts - before.accounts;
    const full = k + 1 === chunks.length || count === REDUCTION_CHUNK_ACCOUNTS;
    if (!full || !(count >= 1 && count <= REDUCTION_CHUNK_ACCOUNTS))
      failures.push(`chunk ${k} has ${count} accounts`);
    before = chunk;
  });
  terms.reduce.forEach((asked, i) => {
    const need = magnitude(asked);
    const off = magnitude(before.closed[i] - need);
    if (off > (need >> TOLERANCE_BITS) + BigInt(before.accounts) * terms.smallest[i])
      failures.push(`market ${i} is reduced by ${before.closed[i]}, not ${need}`);
  });
  return failures;
}

/**
 * Checks a chunk by its witnesses: ids ascend, positions are closed on the reduced side only and never turned, and the sums lead to the next.
 *
 * @param after id of the last account before the chunk; empty for the first
 */
export function reductionChunkFailures(
  { terms, chunks }: ReductionStatement,
  k: number,
  leaves: readonly ReductionLeaf[],
  after: string,
): string[] {
  const before = chunks[k - 1] ?? startOf(terms);
  const failures: string[] = [];
  if (before.last !== idDigest(after)) failures.push(`the chunk before does not end with ${after}`);
  let previous = after;
  for (const leaf of leaves) {
    if (!(leaf.account > previous)) failures.push(`${leaf.account} does not come after ${previous}`);
    failures.push(...leafFailures(terms, leaf));
    previous = leaf.account;
  }
  if (failures.length > 0) return failures;
  const due = chunkOf(terms, before, leaves);
  const given = chunks[k];
  for (const field of ['accounts', 'closed', 'last', 'leaves', 'root'] as const)
    if (String(given[field]) !== String(due[field]))
      failures.push(`${field} of chunk ${k} is ${String(due[field])}, not ${String(given[field])}`);
  return failures;
}

/**
 * The certificate's sums over accounts. Σ E v'Sv/2 is convex: from these positions no other way of closing Q gains more than each account could gain
 * along its own tangent, Σ_i max over 0 ≤ z ≤ v+w of (Sv − p)_i (v − z)_i on the side that is reduced. Exact.
 */
export function reductionGap(terms: ReductionTerms, leaves: readonly ReductionLeaf[]): ReductionGap {
  const n = terms.reduce.length;
  const rows = rowsOf(terms);
  let [gap, risk] = [0n, 0n];
  for (const { equity, kept, closed } of leaves) {
    let [own, held] = [0n, 0n];
    const before = kept.map((value, i) => value + (terms.reduce[i] < 0n ? -closed[i] : closed[i]));
    for (let i = 0; i < n; i++) {
      if (before[i] !== 0n) held += before[i] * product(rows[i], before);
      if (terms.reduce[i] === 0n) continue;
      const sign = terms.reduce[i] > 0n ? 1n : -1n;
      const left = sign * kept[i] > 0n ? sign * kept[i] : 0n;
      if (left === 0n && closed[i] === 0n) continue;
      const distance = sign * (product(rows[i], kept) - terms.prices[i]);
      own += distance > 0n ? distance * left : -distance * closed[i];
    }
    gap += equity * own;
    risk += equity * held;
  }
  return { gap, risk };
}

/** Whether a reduction is the least within 2^−20 of the risk before it. */
export function reductionGapFailures({ gap, risk }: ReductionGap): string[] {
  return gap << (TOLERANCE_BITS + 1n) <= risk
    ? []
    : [`the gap ${gap} is more than 2^-${TOLERANCE_BITS + 1n} of the risk before, ${risk}`];
}

/** An account's own leaf and its way into the statement. */
export interface ReductionProof {
  readonly chunk: number;
  readonly leaf: ReductionLeaf;
  readonly path: MerklePath;
}

/** @param leaves of its chunk @returns undefined for an account without a leaf */
export function reductionProof(
  chunk: number,
  leaves: readonly ReductionLeaf[],
  account: string,
): ReductionProof | undefined {
  const at = leaves.findIndex((leaf) => leaf.account === account);
  if (at < 0) return undefined;
  return { chunk, leaf: leaves[at], path: merklePath(leaves.map(leafDigest), at) };
}

/** Whether an account's leaf is in the statement, and closes nothing that the rule leaves alone. */
export function reductionProofFailures(
  statement: ReductionStatement,
  { chunk, leaf, path }: ReductionProof,
): string[] {
  const failures = [...reductionStatementFailures(statement), ...leafFailures(statement.terms, leaf)];
  if (failures.length > 0) return failures;
  if (statement.chunks[chunk]?.leaves !== climbed(leafDigest(leaf), path))
    failures.push(`the leaf is not in chunk ${chunk}`);
  return failures;
}

/** Positions over equity, in units of 2^−30. @param notional smallest units of money times `scale` */
export function leverageOf(notional: bigint, scale: bigint, equity: bigint): bigint {
  const [over, under] = [notional * LEVERAGE_UNIT * 2n, scale * equity];
  const rounded = (magnitude(over) + under) / (under * 2n);
  return over < 0n ? -rounded : rounded;
}

function termsFailures({ covariance, prices, reduce, smallest }: ReductionTerms): string[] {
  const n = reduce.length;
  if (covariance.length !== (n * (n + 1)) / 2 || smallest.length !== n)
    return [`the terms are not those of ${n} markets`];
  if (prices.length === 0) return ['the reduction is not certified: it was made market by market'];
  if (prices.length !== n) return [`there are ${prices.length} prices for ${n} markets`];
  if (covariance.some((value) => magnitude(value) > LEVERAGE_UNIT)) return ['a covariance is above 2^30'];
  if (prices.some((value) => magnitude(value) >= 1n << 70n)) return ['a price is not below 2^70'];
  const matrix = rowsOf({ covariance, reduce }).flatMap((row) =>
    row.map((value) => Number(value) / Number(LEVERAGE_UNIT)),
  );
  return new BoxProgram(matrix, n).definite ? [] : ['the covariance is not positive definite'];
}

function leafFailures(
  { reduce }: ReductionTerms,
  { account, equity, kept, closed }: ReductionLeaf,
): string[] {
  const n = reduce.length;
  if (kept.length !== n || closed.length !== n)
    return [`the positions of ${account} are not of ${n} markets`];
  if (equity <= 0n) return [`the equity of ${account} is not above 0`];
  const largest = (LARGEST_LEVERAGE + 1n) << BITS;
  const gross = kept.reduce((sum, value, i) => sum + magnitude(value) + magnitude(closed[i]), 0n);
  if (gross > largest)
    return [`the positions of ${account} are more than ${LARGEST_LEVERAGE} times its equity`];
  return closed.flatMap((value, i) => {
    if (value < 0n) return [`what is closed of ${account} in market ${i} is negative`];
    if (value > 0n && (reduce[i] === 0n || kept[i] * reduce[i] < 0n))
      return [`${account} is closed in market ${i}, whose other side is reduced`];
    return [];
  });
}

function rowsOf({ covariance, reduce }: Pick<ReductionTerms, 'covariance' | 'reduce'>): bigint[][] {
  const n = reduce.length;
  const at = (i: number, j: number) => i * n - (i * (i - 1)) / 2 + j - i;
  return reduce.map((_, i) => reduce.map((__, j) => covariance[i <= j ? at(i, j) : at(j, i)]));
}

function product(row: readonly bigint[], values: readonly bigint[]): bigint {
  return values.reduce((sum, value, i) => (value === 0n ? sum : sum + row[i] * value), 0n);
}

function startOf({ reduce }: ReductionTerms): State {
  return { accounts: 0, closed: reduce.map(() => 0n), last: '', root: '' };
}

function chunkOf(terms: ReductionTerms, before: State, leaves: readonly ReductionLeaf[]): ReductionChunk {
  const closed = [...before.closed];
  for (const leaf of leaves)
    leaf.closed.forEach((value, i) => {
      if (value !== 0n) closed[i] += leaf.equity * value;
    });
  const state = {
    accounts: before.accounts + leaves.length,
    closed,
    last: idDigest(leaves.at(-1)?.account ?? ''),
    leaves: merkleRoot(leaves.map(leafDigest)),
  };
  return { ...state, root: rootAfter(terms, before, state) };
}

/** The first root binds the terms. */
function rootAfter(terms: ReductionTerms, before: State, chunk: Omit<ReductionChunk, 'root'>): string {
  const { accounts, closed, last, leaves } = chunk;
  const start = before.root === '' ? termsDigest(terms) : before.root;
  return digestOf('reduction', start, accounts, ...closed, last, leaves);
}

function termsDigest({ covariance, prices, reduce, smallest }: ReductionTerms): string {
  return digestOf('terms', reduce.length, prices.length, ...covariance, ...prices, ...reduce, ...smallest);
}

function leafDigest({ account, equity, kept, closed }: ReductionLeaf): string {
  return digestOf('reduced', account, equity, ...kept, ...closed);
}

function magnitude(value: bigint): bigint {
  return value < 0n ? -value : value;
}
