import { InvalidInputError } from '#lib/errors';
import { DIGEST_BYTES, sha256, tagged } from './digest.js';
import { NotIncludedError } from './inclusion.js';
import { writeHalf, writeName } from './sums.js';

/** The pool's book in one market: net size in 10^−8 base units, and Σ size × entry price, money in 10^−8. */
export interface NetPosition {
  readonly net: bigint;
  readonly entry: bigint;
}

type NetBook = readonly (NetPosition & { readonly market: string })[];

/** A market of an entry: the pool's position before and after it, and the mark. */
export interface JournalRow {
  readonly market: string;
  readonly before: NetPosition;
  readonly after: NetPosition;
  /** mark, 10^−18 */
  readonly price: bigint;
}

/** 0: no premium is charged; 1: at the price of that moment; 2: at the price of a quote that the trader has accepted. */
export type EntryKind = 0 | 1 | 2;

/** The pool when a trade was priced, and its premium. Money in 10^−8. */
export interface JournalTerms {
  /** market time, milliseconds */
  readonly time: number;
  readonly kind: EntryKind;
  /** P less losses that nobody has borne yet and gains in markets without a forecast */
  readonly capital: bigint;
  readonly liquidity: bigint;
  readonly pending: bigint;
  /** Σ size × execution price: the trade adds it to the entry notional where nothing is realised */
  readonly traded: bigint;
  /** π^ρ and π^L of the model for this trade then */
  readonly riskPremium: bigint;
  readonly liquidityPremium: bigint;
  /** paid, both together */
  readonly charged: bigint;
}

/** Digests that a leaf is made of. */
export interface JournalLeaf {
  /** SHA-256 of a salt and the event's text */
  readonly content: Uint8Array;
  readonly before: Uint8Array;
  readonly after: Uint8Array;
  readonly marks: Uint8Array;
  readonly terms: Uint8Array;
}

/** Digests of a leaf, in hex. */
export type LeafText = Readonly<Record<keyof JournalLeaf, string>>;
export type TermsText = Readonly<Record<Exclude<keyof JournalTerms, 'time' | 'kind'>, string>>;

/** A trader's receipt: an entry of an epoch's journal with its place. Amounts are whole numbers in units of 10^−8, prices of 10^−18. */
export interface TradeReceipt {
  /** end of the bar whose epoch the journal is of, ISO 8601 */
  readonly barEnd: string;
  readonly forecastId: string;
  readonly journal: { readonly root: string; readonly entries: number };
  readonly index: number;
  /** JSON of the book event, as it was hashed; null for others than its accounts */
  readonly event: string | null;
  readonly salt: string | null;
  readonly content: string;
  readonly rows: readonly {
    readonly market: string;
    readonly before: { readonly net: string; readonly entry: string };
    readonly after: { readonly net: string; readonly entry: string };
    readonly price: string;
  }[];
  readonly terms: TermsText & { readonly time: number; readonly kind: EntryKind };
  readonly path: readonly string[];
  /** the entry before, with its own path; null for the first one */
  readonly preceding: (LeafText & { readonly path: readonly string[] }) | null;
}

const LEAF = 3;
const NODE = 4;
const ROW_BYTES = 128;
export const POSITION_BYTES = 64;
export const WORD = 32;
const TERMS_WORDS = 9;
const FLAT: NetPosition = { net: 0n, entry: 0n };
const EMPTY: Uint8Array = new Uint8Array(DIGEST_BYTES);

/**
 * Rows as a contract reads them: name, net and entry before, net and entry after, price, by ascending name. Markets in neither book
 * are left out.
 *
 * @throws {InvalidInputError} for a market twice, or an amount of more than 127 bits
 */
export function rowBytes(rows: readonly JournalRow[]): Uint8Array {
  const open = rows
    .filter(({ before, after }) => isOpen(before) || isOpen(after))
    .sort((a, b) => (a.market < b.market ? -1 : 1));
  const bytes = new Uint8Array(ROW_BYTES * open.length);
  const view = new DataView(bytes.buffer);
  open.forEach(({ market, before, after, price }, i) => {
    if (market === open[i - 1]?.market) throw new InvalidInputError('market', `${market} comes twice`);
    const at = ROW_BYTES * i;
    writeName(bytes, at, market);
    [before.net, before.entry, after.net, after.entry].forEach((value, place) => {
      writeHalf(view, at + WORD + 16 * place, value, market);
    });
    writeHalf(view, at + 3 * WORD + 16, price, market);
  });
  return bytes;
}

/** Rows of their bytes, as an answer on a chain carries them. @throws {InvalidInputError} for other bytes */
export function rowsOfBytes(bytes: Uint8Array): JournalRow[] {
  if (bytes.length % ROW_BYTES !== 0)
    throw new InvalidInputError('rows', `have ${bytes.length} bytes, no whole number of rows`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Array.from({ length: bytes.length / ROW_BYTES }, (_, i) => {
    const at = ROW_BYTES * i;
    const half = (place: number) =>
      (view.getBigInt64(at + WORD + 16 * place) << 64n) | view.getBigUint64(at + WORD + 16 * place + 8);
    const name = bytes.subarray(at, at + WORD);
    const end = name.indexOf(0);
    return {
      market: new TextDecoder().decode(end < 0 ? name : name.subarray(0, end)),
      before: { net: half(0), entry: half(1) },
      after: { net: half(2), entry: half(3) },
      price: half(5),
    };
  });
}

/** Digests of the books and the marks of rows. */
export function rowDigests(rows: readonly JournalRow[]): Omit<JournalLeaf, 'content' | 'terms'> {
  const { before, after, marks } = booksOf(rowBytes(rows));
  return { before: sha256(before), after: sha256(after), marks: sha256(marks) };
}

/** The books before and after, and the marks, of rows' bytes. */
function booksOf(bytes: Uint8Array): Readonly<Record<'before' | 'after' | 'marks', Uint8Array>> {
  const count = bytes.length / ROW_BYTES;
  const before = new Uint8Array(POSITION_BYTES * count);
  const after = new Uint8Array(POSITION_BYTES * count);
  const marks = new Uint8Array(POSITION_BYTES * count);
  let [first, last] = [0, 0];
  for (let at = 0, i = 0; at < bytes.length; at += ROW_BYTES, i++) {
    const name = bytes.subarray(at, at + WORD);
    first = position(before, first, name, bytes.subarray(at + WORD, at + 2 * WORD));
    last = position(after, last, name, bytes.subarray(at + 2 * WORD, at + 3 * WORD));
    marks.set(name, POSITION_BYTES * i);
    marks.set(bytes.subarray(at + 3 * WORD, at + 4 * WORD), POSITION_BYTES * i + WORD);
  }
  return { before: before.subarray(0, first), after: after.subarray(0, last), marks };
}

function position(book: Uint8Array, at: number, name: Uint8Array, held: Uint8Array): number {
  if (held.every((byte) => byte === 0)) return at;
  book.set(name, at);
  book.set(held, at + WORD);
  return at + POSITION_BYTES;
}

/** Digest of a book, as an epoch's journal ends with it. */
export const netBookDigest = (book: NetBook): Uint8Array => sha256(netBookBytes(book));

/** A book as a contract reads it: name, net and entry, by ascending name. */
export function netBookBytes(book: NetBook): Uint8Array {
  return booksOf(
    rowBytes(
      book.map(({ market, net, entry }) => ({ market, before: { net, entry }, after: FLAT, price: 0n })),
    ),
  ).before;
}

/** Terms as a contract encodes them: a word each. */
export function termsDigest(terms: JournalTerms): Uint8Array {
  const bytes = new Uint8Array(TERMS_WORDS * WORD);
  const view = new DataView(bytes.buffer);
  const { time, kind, capital, liquidity, pending, traded, riskPremium, liquidityPremium, charged } = terms;
  [
    BigInt(time),
    BigInt(kind),
    capital,
    liquidity,
    pending,
    traded,
    riskPremium,
    liquidityPremium,
    charged,
  ].forEach((value, i) => {
    if (value < 0n) bytes.fill(0xff, WORD * i, WORD * i + 16);
    writeHalf(view, WORD * i + 16, value, 'terms');
  });
  return sha256(bytes);
}

/** Salted digest of an event's text: who has the text and the salt recognises it, nobody else guesses it. */
export function contentOf(salt: Uint8Array, event: string): Uint8Array {
  const text = new TextEncoder().encode(event);
  const bytes = new Uint8Array(salt.length + text.length);
  bytes.set(salt);
  bytes.set(text, salt.length);
  return sha256(bytes);
}

/** SHA-256 of 3 and the leaf's digests. */
export function journalLeafDigest({ content, before, after, marks, terms }: JournalLeaf): Uint8Array {
  return tagged(LEAF, content, before, after, marks, terms);
}

const nodeOf = (left: Uint8Array, right: Uint8Array) => tagged(NODE, left, right);

/** A node over nothing but missing leaves. */
function emptyAt(height: number): Uint8Array {
  let empty = EMPTY;
  for (let level = 0; level < height; level++) empty = nodeOf(empty, empty);
  return empty;
}

/** The tree of a journal's leaves; leaves that are missing to a power of two are zeros. */
export class JournalTree {
  /** from the leaves to the root */
  private readonly levels: readonly (readonly Uint8Array[])[];
  readonly root: Uint8Array;
  /** stands for a leaf that is missing */
  private readonly empty: Uint8Array;

  /**
   * @param leaves digests, in the order of the entries; of nodes at a height of a larger tree
   * @param height of the leaves in the larger tree
   * @param depth levels above the leaves, at least
   */
  constructor(
    readonly leaves: readonly Uint8Array[],
    { height = 0, depth = 0 }: { readonly height?: number; readonly depth?: number } = {},
  ) {
    const levels: Uint8Array[][] = [[...leaves]];
    this.empty = emptyAt(height);
    let { empty } = this;
    while (levels[levels.length - 1].length > 1 || levels.length <= depth) {
      const below = levels[levels.length - 1];
      const level: Uint8Array[] = [];
      for (let i = 0; i < below.length; i += 2) level.push(nodeOf(below[i], below[i + 1] ?? empty));
      empty = nodeOf(empty, empty);
      levels.push(level);
    }
    this.levels = levels;
    this.root = levels[levels.length - 1].at(0) ?? EMPTY;
  }

  /** Siblings of a leaf up to the root. @throws {NotIncludedError} for a place without a leaf */
  path(index: number): Uint8Array[] {
    if (!Number.isInteger(index) || index < 0 || index >= this.leaves.length)
      throw new NotIncludedError(`there is no entry ${index} among ${this.leaves.length}`);
    const path: Uint8Array[] = [];
    let place = index;
    let { empty } = this;
    for (const level of this.levels.slice(0, -1)) {
      path.push(level[place ^ 1] ?? empty);
      empty = nodeOf(empty, empty);
      place >>= 1;
    }
    return path;
  }
}

/** The root that a leaf's path leads to. @throws {NotIncludedError} for a path that no journal of so many entries has */
export function journalRoot(
  leaf: Uint8Array,
  {
    index,
    entries,
    path,
  }: { readonly index: number; readonly entries: number; readonly path: readonly Uint8Array[] },
): Uint8Array {
  let depth = 0;
  while (2 ** depth < entries) depth++;
  if (path.length !== depth || !Number.isInteger(index) || index < 0 || index >= entries)
    throw new NotIncludedError(
      `there is no entry ${index} behind ${path.length} siblings in a journal of ${entries}`,
    );
  let place = index;
  return path.reduce((node, sibling) => {
    const [left, right] = place % 2 === 0 ? [node, sibling] : [sibling, node];
    place = Math.floor(place / 2);
    return nodeOf(left, right);
  }, leaf);
}

const isOpen = ({ net, entry }: NetPosition) => net !== 0n || entry !== 0n;
