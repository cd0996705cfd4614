import { DIGEST_BYTES, sha256 } from './digest.js';
import type { JournalBookState, OpeningBook } from './recorded-journal.js';
import { writeHalf, writeName } from './sums.js';
import { type JournalLeaf, POSITION_BYTES, WORD } from './trade-journal.js';

interface Held {
  readonly net: string;
  readonly entry: string;
}

/** Bytes that an entry's digests are made of, as {@link rowDigests} writes them, kept from one entry to the next. */
export class RunningBook {
  /** ascending, with those that the last entry has closed */
  private readonly markets: string[] = [];
  private readonly held = new Map<string, Held>();
  private readonly prices = new Map<string, string>();
  private positions = new Uint8Array(0);
  private marks = new Uint8Array(0);
  private readonly closed: string[] = [];
  private digest: Uint8Array = new Uint8Array(DIGEST_BYTES);

  constructor({ opening, marks }: JournalBookState) {
    for (const [market, price] of marks) this.prices.set(market, price);
    for (const [market, net, entry] of opening) this.put(market, { net, entry });
    this.leaveOutClosed();
    this.digest = sha256(this.open());
  }

  /** The book as it is, and the marks so far: another one goes on from them. */
  at(): JournalBookState {
    return {
      opening: [...this.held].map(([market, { net, entry }]) => [market, net, entry] as const),
      marks: [...this.prices],
    };
  }

  /**
   * Makes an entry's change. O(markets) bytes are hashed, twice.
   *
   * @returns digests of the book before and after it, and of the marks
   */
  change(changes: OpeningBook, marks: JournalBookState['marks']): Omit<JournalLeaf, 'content' | 'terms'> {
    const before = this.digest;
    this.leaveOutClosed();
    for (const [market, price] of marks) {
      this.prices.set(market, price);
      const place = this.place(market);
      if (this.markets[place] === market) this.writePrice(place, price);
    }
    for (const [market, net, entry] of changes) this.put(market, { net, entry });
    if (changes.length > 0) this.digest = sha256(this.open());
    return { before, after: this.digest, marks: sha256(this.marks.subarray(0, this.used)) };
  }

  private get used(): number {
    return POSITION_BYTES * this.markets.length;
  }

  /** Place of a market, or where it would stand. */
  private place(market: string): number {
    let [low, high] = [0, this.markets.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.markets[middle] < market) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  private put(market: string, position: Held): void {
    const flat = position.net === '0' && position.entry === '0';
    const place = this.place(market);
    const known = this.markets[place] === market;
    if (!known && flat) return;
    if (!known) this.insert(place, market);
    if (flat) {
      this.held.delete(market);
      this.closed.push(market);
    } else this.held.set(market, position);
    const at = POSITION_BYTES * place + WORD;
    this.positions.fill(0, at, at + WORD);
    const view = new DataView(this.positions.buffer);
    writeHalf(view, at, BigInt(position.net), market);
    writeHalf(view, at + WORD / 2, BigInt(position.entry), market);
  }

  private insert(place: number, market: string): void {
    const needed = this.used + POSITION_BYTES;
    for (const kept of ['positions', 'marks'] as const) {
      if (this[kept].length < needed) {
        const larger = new Uint8Array(2 * needed);
        larger.set(this[kept]);
        this[kept] = larger;
      }
      const at = POSITION_BYTES * place;
      this[kept].copyWithin(at + POSITION_BYTES, at, this.used);
      this[kept].fill(0, at, at + POSITION_BYTES);
      writeName(this[kept], at, market);
    }
    this.markets.splice(place, 0, market);
    this.writePrice(place, this.prices.get(market) ?? '0');
  }

  private writePrice(place: number, price: string): void {
    const at = POSITION_BYTES * place + WORD;
    this.marks.fill(0, at, at + WORD);
    writeHalf(new DataView(this.marks.buffer), at + WORD / 2, BigInt(price), this.markets[place]);
  }

  /** Markets that the entry before has closed stand in its marks, and in no later ones unless they are open again. */
  private leaveOutClosed(): void {
    for (const market of this.closed.splice(0)) {
      if (this.held.has(market)) continue;
      const place = this.place(market);
      if (this.markets[place] !== market) continue;
      const at = POSITION_BYTES * place;
      for (const kept of [this.positions, this.marks]) kept.copyWithin(at, at + POSITION_BYTES, this.used);
      this.markets.splice(place, 1);
    }
  }

  /** Bytes of the positions that are not flat. */
  private open(): Uint8Array {
    const all = this.positions.subarray(0, this.used);
    if (this.closed.every((market) => this.held.has(market))) return all;
    const open = this.markets.flatMap((market, i) =>
      this.held.has(market) ? [all.subarray(POSITION_BYTES * i, POSITION_BYTES * (i + 1))] : [],
    );
    const bytes = new Uint8Array(POSITION_BYTES * open.length);
    open.forEach((position, i) => {
      bytes.set(position, POSITION_BYTES * i);
    });
    return bytes;
  }
}
