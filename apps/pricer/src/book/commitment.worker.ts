import { createHash } from 'node:crypto';
import { workerData } from 'node:worker_threads';
import {
  bookRoot,
  type ChunkStart,
  type ClosedJournal,
  type Commitment,
  hexOf,
  type Inclusion,
  includedAccount,
  type IncludedAccount,
  JournalWriter,
  MerkleSumTree,
  type OpeningBook,
  type PoolAmounts,
  type RecordedChange,
  saltOf,
  type Totals,
  totalsOf,
} from '#lib/commitment';
import { answerRequests } from '#lib/runtime';
import { type AccountBatch, unpacked } from './account-batch.js';

/** Settings of the thread that keeps the tree. */
export interface CommitmentTerms {
  /** salts of accounts are derived from it */
  readonly secret: string;
  /** bytes of leaves and nodes that are kept of earlier commitments */
  readonly kept: number;
}

/** Time of a commitment, and the pool's amounts in its proofs. */
export interface CommittedAt {
  /** end of the bar, milliseconds */
  readonly barEnd: number;
  readonly forecastId: string;
  readonly pool: PoolAmounts;
}

/** Requests to the thread that keeps the tree. */
export type CommitmentRequest =
  | { readonly kind: 'set'; readonly accounts: AccountBatch }
  /** the last changed accounts, and the book that the next journal begins with */
  | {
      readonly kind: 'commit';
      readonly accounts: AccountBatch;
      readonly at: CommittedAt;
      readonly opening: OpeningBook;
    }
  | { readonly kind: 'inclusion'; readonly accounts: readonly string[]; readonly barEnd: number | undefined }
  | { readonly kind: 'leaf'; readonly account: string; readonly at: number }
  | { readonly kind: 'begin-journal'; readonly opening: OpeningBook }
  | { readonly kind: 'append'; readonly records: readonly RecordedChange[] };

/** A book's commitment, in hex, the sums as numbers, and the journal that was closed with it. */
export interface CommittedBook {
  readonly root: string;
  readonly digest: string;
  readonly sums: string;
  readonly totals: Totals;
  readonly journal: ClosedJournal;
}

export type CommitmentReply =
  CommittedBook | IncludedAccount | readonly ChunkStart[] | 'unknown-epoch' | 'unknown-account' | undefined;

/**
 * Buckets of accounts whose common nodes are hashed together: the commitment at a bar's end then waits for no more than these, and the highest nodes,
 * which have every market, are not hashed for every few accounts.
 */
const RAISED_TOGETHER = 8192;

const { secret, kept } = workerData as CommitmentTerms;
const key = createHash('sha256').update(secret).digest();
const tree = new MerkleSumTree(kept);
/** of the commitments that can be asked for, oldest first */
const committed: CommittedAt[] = [];
let journal: JournalWriter | undefined;

answerRequests((request: CommitmentRequest): CommitmentReply => {
  if (request.kind === 'set') {
    set(request.accounts);
    return undefined;
  }
  if (request.kind === 'leaf') {
    const found = included([request.account], (barEnd) => barEnd <= request.at);
    return typeof found === 'string' ? undefined : found;
  }
  if (request.kind === 'begin-journal') {
    journal = new JournalWriter(request.opening);
    return undefined;
  }
  if (request.kind === 'append') return append(request.records);
  if (request.kind === 'commit') {
    set(request.accounts);
    const closed = begun().close();
    journal = new JournalWriter(request.opening);
    return { ...commit(request.at), journal: closed };
  }
  const { accounts, barEnd } = request;
  return included(accounts, (end) => barEnd === undefined || end === barEnd);
});

function set(accounts: AccountBatch): void {
  for (const [account, sums] of unpacked(accounts)) tree.setSums(account, saltOf(key, account), sums);
  tree.updateBuckets();
  if (tree.bucketsRaised >= RAISED_TOGETHER) tree.update();
}

/** A thread that has taken the place of another one has no journal: its entries have to be told again. */
function begun(): JournalWriter {
  if (journal === undefined) throw new Error('no journal was begun in this thread');
  return journal;
}

/** @returns beginnings of the chunks that begin with one of the records */
function append(records: readonly RecordedChange[]): ChunkStart[] {
  const writer = begun();
  return records.map((record) => writer.append(record)).filter((start) => start !== undefined);
}

function commit(at: CommittedAt): Omit<CommittedBook, 'journal'> {
  const commitment: Commitment = tree.commit();
  committed.push(at);
  committed.splice(0, committed.length - tree.past - 1);
  return {
    root: hexOf(bookRoot(commitment, at.pool)),
    digest: hexOf(commitment.digest),
    sums: hexOf(commitment.sums),
    totals: totalsOf(commitment.sums),
  };
}

/** Places of accounts in the last book whose bar is asked for. */
function included(
  accounts: readonly string[],
  isAsked: (barEnd: number) => boolean,
): IncludedAccount | 'unknown-epoch' | 'unknown-account' {
  const index = committed.findLastIndex(({ barEnd }) => isAsked(barEnd));
  if (index < 0) return 'unknown-epoch';
  const back = committed.length - 1 - index;
  const leaves = accounts
    .map((account) => tree.inclusion(account, back))
    .filter((leaf): leaf is Inclusion => leaf !== undefined);
  return leaves.length === 0 ? 'unknown-account' : includedAccount(committed[index], leaves);
}
