import { InvalidInputError, parseInput } from '#lib/errors';
import { checkEntryEvent } from './entry-event.js';
import { bytesOf, hexOf } from './included-account.js';
import { NotIncludedError } from './inclusion.js';
import { type ClosedJournal, JOURNAL_CHUNK, journalPath, nextLeaf, requireEntry } from './journal-writer.js';
import {
  JournalBook,
  type JournalBookState,
  type JournalEntry,
  type RecordedChange,
} from './recorded-journal.js';
import { RunningBook } from './running-book.js';
import {
  journalLeafDigest,
  type JournalLeaf,
  journalRoot,
  type JournalRow,
  type JournalTerms,
  type LeafText,
  rowDigests,
  termsDigest,
  type TermsText,
  type TradeReceipt,
} from './trade-journal.js';
import { tradeReceiptSchema } from './trade-receipt-schema.js';

/** Content of a checked receipt. */
export interface CheckedReceipt {
  readonly barEnd: string;
  readonly root: string;
  readonly entries: number;
  readonly index: number;
  /** digests of the book before and after */
  readonly before: string;
  readonly after: string;
  /** the event, where the receipt has it */
  readonly event: Readonly<Record<string, unknown>> | null;
  /** π^ρ + π^L of the model, and what was charged, in units of 10^−8 */
  readonly premium: bigint;
  readonly charged: bigint;
}

const PARTS = ['content', 'before', 'after', 'marks', 'terms'] as const;
const TERMS = [
  'capital',
  'liquidity',
  'pending',
  'traded',
  'riskPremium',
  'liquidityPremium',
  'charged',
] as const;

/** Records of a chunk, and the book before them. */
export interface ReadChunk extends JournalBookState {
  readonly records: readonly RecordedChange[];
}

/** What a receipt is written from. */
export interface ReceiptSource {
  /** milliseconds */
  readonly barEnd: number;
  readonly forecastId: string;
  readonly journal: ClosedJournal;
  /** the entry's chunk */
  readonly chunk: ReadChunk;
  /** the chunk before, where the entry is the first of its own */
  readonly before: ReadChunk | undefined;
}

/** Writes the receipt of an entry. @throws {NotIncludedError} for an index without an entry, and where records are others than the journal's */
export function tradeReceipt(
  { barEnd, forecastId, journal, chunk, before }: ReceiptSource,
  index: number,
): TradeReceipt {
  requireEntry(index, journal.entries);
  const place = index % JOURNAL_CHUNK;
  const own = read(chunk);
  const path = journalPath(journal, own.digests, index);
  const { rows, terms, content } = entryOf(chunk, place);
  const { root, entries } = journal;
  if (hexOf(journalRoot(own.digests[place], { index, entries, path })) !== hexOf(root))
    throw new NotIncludedError(`the records of entry ${index} are others than the journal has`);
  return {
    ...{ barEnd: new Date(barEnd).toISOString(), forecastId },
    journal: { root: hexOf(root), entries },
    ...{ index, event: null, salt: null, content: hexOf(content) },
    rows: rows.map(({ market, before: held, after, price }) => ({
      ...{ market, before: positionText(held), after: positionText(after), price: String(price) },
    })),
    terms: {
      ...(Object.fromEntries(TERMS.map((field) => [field, String(terms[field])])) as TermsText),
      ...{ time: terms.time, kind: terms.kind },
    },
    path: path.map(hexOf),
    preceding: index === 0 ? null : preceding(journal, place > 0 ? own : read(before!), index - 1),
  };
}

interface ReadLeaves {
  readonly leaves: readonly JournalLeaf[];
  readonly digests: readonly Uint8Array[];
}

function read({ records, ...at }: ReadChunk): ReadLeaves {
  const book = new RunningBook(at);
  const leaves = records.map((record) => nextLeaf(book, record));
  return { leaves, digests: leaves.map(journalLeafDigest) };
}

function entryOf({ records, ...at }: ReadChunk, place: number): JournalEntry {
  const book = new RunningBook(at);
  for (const { changes, marks } of records.slice(0, place)) book.change(changes, marks);
  return new JournalBook(book.at()).take(records[place]);
}

function preceding(journal: ClosedJournal, { leaves, digests }: ReadLeaves, index: number) {
  const path = journalPath(journal, digests, index).map(hexOf);
  return { ...leafText(leaves[index % JOURNAL_CHUNK]), path };
}

const positionText = ({ net, entry }: JournalRow['before']) => ({ net: String(net), entry: String(entry) });

function leafText(leaf: JournalLeaf): LeafText {
  return Object.fromEntries(PARTS.map((part) => [part, hexOf(leaf[part])])) as LeafText;
}

/** The rows and terms of a receipt as numbers, and the digests of its leaf. */
export function openedReceipt(receipt: TradeReceipt): {
  readonly rows: readonly JournalRow[];
  readonly terms: JournalTerms;
  readonly leaf: JournalLeaf;
  readonly preceding: JournalLeaf | undefined;
} {
  const position = ({ net, entry }: { net: string; entry: string }) => ({
    net: BigInt(net),
    entry: BigInt(entry),
  });
  const rows = receipt.rows.map(({ market, before, after, price }) => ({
    ...{ market, before: position(before), after: position(after), price: BigInt(price) },
  }));
  const { time, kind } = receipt.terms;
  const amounts = Object.fromEntries(TERMS.map((field) => [field, BigInt(receipt.terms[field])]));
  const terms = { ...(amounts as Record<(typeof TERMS)[number], bigint>), time, kind };
  const { preceding } = receipt;
  return {
    ...{ rows, terms },
    leaf: { content: bytesOf(receipt.content), ...rowDigests(rows), terms: termsDigest(terms) },
    preceding:
      preceding === null
        ? undefined
        : (Object.fromEntries(
            PARTS.map((part) => [part, bytesOf(preceding[part])]),
          ) as unknown as JournalLeaf),
  };
}

/**
 * Checks a receipt: that it is in the journal, follows the entry before it, and that its amounts are those of the event it is of. A
 * journal's root is only as good as its source: an auditor takes it from a chain.
 *
 * @param value JSON of {@link tradeReceiptSchema}
 * @param root the journal's, in hex; by default the one that the document names
 * @throws {InvalidInputError} for another document
 * @throws {NotIncludedError} naming the first thing that does not hold
 */
export function checkTradeReceipt(value: unknown, root?: string): CheckedReceipt {
  const receipt = parseInput(tradeReceiptSchema, value, 'receipt');
  const expected = (root ?? receipt.journal.root).toLowerCase();
  if (!/^0x[0-9a-f]{64}$/.test(expected)) throw new InvalidInputError('root', 'must be 32 bytes in hex');
  const { rows, terms, leaf, preceding } = openedReceipt(receipt);
  const { index, journal, path } = receipt;
  const { entries } = journal;
  const rootOf = (found: JournalLeaf, place: number, siblings: readonly string[]) =>
    hexOf(journalRoot(journalLeafDigest(found), { index: place, entries, path: siblings.map(bytesOf) }));
  if (rootOf(leaf, index, path) !== expected)
    throw new NotIncludedError(`the path of entry ${index} does not lead to the journal’s root`);
  if (index > 0 && preceding === undefined) throw new NotIncludedError('the entry before it is missing');
  if (index > 0 && rootOf(preceding!, index - 1, receipt.preceding!.path) !== expected)
    throw new NotIncludedError(`the path of entry ${index - 1} does not lead to the journal’s root`);
  if (index > 0 && hexOf(preceding!.after) !== hexOf(leaf.before))
    throw new NotIncludedError(
      `entry ${index} does not begin with the book that entry ${index - 1} has ended with`,
    );
  const premium = terms.riskPremium + terms.liquidityPremium;
  if (terms.kind !== 2 && terms.charged > premium)
    throw new NotIncludedError(`${terms.charged} was charged where the model’s premium was ${premium}`);
  const salt = receipt.salt === null ? null : bytesOf(receipt.salt);
  const event =
    receipt.event === null
      ? null
      : checkEntryEvent(receipt.event, salt, { rows, terms, content: leaf.content });
  return {
    ...{ barEnd: receipt.barEnd, root: expected, entries, index },
    ...{ before: hexOf(leaf.before), after: hexOf(leaf.after) },
    ...{ event, premium, charged: terms.charged },
  };
}
