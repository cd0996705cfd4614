import { bytesOf } from './included-account.js';
import { NotIncludedError } from './inclusion.js';
import { type JournalBookState, type OpeningBook, type RecordedChange, termsOf } from './recorded-journal.js';
import { RunningBook } from './running-book.js';
import { journalLeafDigest, type JournalLeaf, JournalTree, termsDigest } from './trade-journal.js';

const CHUNK_BITS = 10;
/** Entries under one kept node of a journal's tree: so many records are read again for a receipt. */
export const JOURNAL_CHUNK = 2 ** CHUNK_BITS;

/** Beginning of a chunk of entries. */
export interface ChunkStart extends JournalBookState {
  /** sequence of its first record */
  readonly first: number;
}

/** A journal that is closed: its root, and that of each chunk. */
export interface ClosedJournal {
  readonly root: Uint8Array;
  readonly entries: number;
  readonly chunks: readonly Uint8Array[];
}

/** Makes a journal's tree while its entries come: memory for one chunk's leaves and a root for each chunk. */
export class JournalWriter {
  private readonly book: RunningBook;
  private readonly chunks: Uint8Array[] = [];
  private leaves: Uint8Array[] = [];

  constructor(opening: OpeningBook) {
    this.book = new RunningBook({ opening, marks: [] });
  }

  get entries(): number {
    return JOURNAL_CHUNK * this.chunks.length + this.leaves.length;
  }

  /** @returns where a chunk begins with this record: the book before it */
  append(record: RecordedChange): ChunkStart | undefined {
    if (this.leaves.length === JOURNAL_CHUNK) {
      this.chunks.push(chunkRoot(this.leaves));
      this.leaves = [];
    }
    const start = this.leaves.length === 0 ? { ...this.book.at(), first: record.sequence } : undefined;
    this.leaves.push(journalLeafDigest(nextLeaf(this.book, record)));
    return start;
  }

  close(): ClosedJournal {
    const chunks = this.leaves.length === 0 ? this.chunks : [...this.chunks, chunkRoot(this.leaves)];
    return { root: rootOf(chunks, this.leaves), entries: this.entries, chunks };
  }
}

/** Digests of the leaf of a record, after which the book is as the record leaves it. */
export function nextLeaf(book: RunningBook, record: RecordedChange): JournalLeaf {
  const { before, after, marks } = book.change(record.changes, record.marks);
  return { content: bytesOf(record.content), before, after, marks, terms: termsDigest(termsOf(record)) };
}

/** @throws {NotIncludedError} for an index without an entry */
export function requireEntry(index: number, entries: number): void {
  if (!Number.isInteger(index) || index < 0 || index >= entries)
    throw new NotIncludedError(`there is no entry ${index} among ${entries}`);
}

/**
 * Siblings of an entry up to the journal's root.
 *
 * @param leaves digests of the entries of its chunk
 * @throws {NotIncludedError} for an index without an entry
 */
export function journalPath(
  { chunks, entries }: Pick<ClosedJournal, 'chunks' | 'entries'>,
  leaves: readonly Uint8Array[],
  index: number,
): Uint8Array[] {
  requireEntry(index, entries);
  if (chunks.length === 1) return new JournalTree(leaves).path(index);
  return [
    ...new JournalTree(leaves, { depth: CHUNK_BITS }).path(index % JOURNAL_CHUNK),
    ...new JournalTree(chunks, { height: CHUNK_BITS }).path(Math.floor(index / JOURNAL_CHUNK)),
  ];
}

const chunkRoot = (leaves: readonly Uint8Array[]) => new JournalTree(leaves, { depth: CHUNK_BITS }).root;

/** A journal of one chunk is as high as its entries need. */
const rootOf = (chunks: readonly Uint8Array[], last: readonly Uint8Array[]) =>
  chunks.length > 1 ? new JournalTree(chunks, { height: CHUNK_BITS }).root : new JournalTree(last).root;
