import { bytesOf } from './included-account.js';
import {
  type EntryKind,
  journalLeafDigest,
  type JournalLeaf,
  type JournalRow,
  type JournalTerms,
  JournalTree,
  type NetPosition,
  rowDigests,
  termsDigest,
} from './trade-journal.js';

/**
 * A change of the pool's book, against the change before it. Money and sizes in 10^−8, prices in 10^−18, as whole numbers in texts.
 */
export interface BookChange {
  /** of its event in the journal */
  readonly sequence: number;
  /** market time, milliseconds */
  readonly time: number;
  readonly kind: EntryKind;
  /** P less losses that nobody has borne and gains in markets without a forecast; L; P_t */
  readonly capital: string;
  readonly liquidity: string;
  readonly pending: string;
  /** Σ size × execution price */
  readonly traded: string;
  /** of the model for this trade then */
  readonly riskPremium: string;
  readonly liquidityPremium: string;
  readonly charged: string;
  /** net size and entry notional of the markets that the event has changed */
  readonly changes: OpeningBook;
  /** marks of markets with a position, where they are others than in the change before */
  readonly marks: readonly (readonly [market: string, price: string])[];
}

/** A change as an entry of a journal. */
export interface RecordedChange extends BookChange {
  /** salted digest of the event's text, in hex */
  readonly content: string;
}

/** Net size and entry notional by market: the book that a journal begins with. */
export type OpeningBook = readonly (readonly [market: string, net: string, entry: string])[];

/** An entry of a journal in full. */
export interface JournalEntry {
  readonly rows: readonly JournalRow[];
  readonly terms: JournalTerms;
  readonly content: Uint8Array;
}

const FLAT: NetPosition = { net: 0n, entry: 0n };

/** The pool's book and marks between two entries of a journal, plain data. */
export interface JournalBookState {
  readonly opening: OpeningBook;
  readonly marks: readonly (readonly [market: string, price: string])[];
}

/** The pool's book and marks as a journal goes on. */
export class JournalBook {
  private readonly book: Map<string, NetPosition>;
  private readonly marks: Map<string, bigint>;

  constructor({ opening, marks }: JournalBookState) {
    this.book = new Map(
      opening.map(([market, net, entry]) => [market, { net: BigInt(net), entry: BigInt(entry) }]),
    );
    this.marks = new Map(marks.map(([market, price]) => [market, BigInt(price)]));
  }

  state(): JournalBookState {
    return {
      opening: [...this.book].map(
        ([market, { net, entry }]) => [market, String(net), String(entry)] as const,
      ),
      marks: [...this.marks].map(([market, price]) => [market, String(price)] as const),
    };
  }

  /** The entry of the next change: the whole book before and after it. O(markets). */
  take(record: RecordedChange): JournalEntry {
    const { book, marks } = this;
    for (const [market, price] of record.marks) marks.set(market, BigInt(price));
    const before = new Map(book);
    for (const [market, net, entry] of record.changes) {
      const position = { net: BigInt(net), entry: BigInt(entry) };
      if (position.net === 0n && position.entry === 0n) book.delete(market);
      else book.set(market, position);
    }
    return {
      rows: [...new Set([...before.keys(), ...book.keys()])].sort().map((market) => ({
        market,
        before: before.get(market) ?? FLAT,
        after: book.get(market) ?? FLAT,
        price: marks.get(market) ?? 0n,
      })),
      terms: termsOf(record),
      content: bytesOf(record.content),
    };
  }
}

/** Terms of a record as numbers. */
export function termsOf(record: RecordedChange): JournalTerms {
  const { time, kind, capital, liquidity, pending, traded, riskPremium, liquidityPremium, charged } = record;
  // Field by field: this is done for every entry, and spreads take longer than the digest of the terms.
  return {
    time,
    kind,
    capital: BigInt(capital),
    liquidity: BigInt(liquidity),
    pending: BigInt(pending),
    traded: BigInt(traded),
    riskPremium: BigInt(riskPremium),
    liquidityPremium: BigInt(liquidityPremium),
    charged: BigInt(charged),
  };
}

/** Digests of an entry. */
export function leafOf({ rows, terms, content }: JournalEntry): JournalLeaf {
  return { content, ...rowDigests(rows), terms: termsDigest(terms) };
}

/** The tree of a journal, all at once. O(entries × markets). */
export function journalTree(opening: OpeningBook, records: readonly RecordedChange[]): JournalTree {
  const book = new JournalBook({ opening, marks: [] });
  return new JournalTree(records.map((record) => journalLeafDigest(leafOf(book.take(record)))));
}
