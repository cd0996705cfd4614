import { QuoteExpiredError, UnknownQuoteError } from '#lib/exchange';

const INITIAL_BYTES = 1 << 20;
const INITIAL_SLOTS = 1 << 12;

/**
 * Quotes that can still be accepted, in memory: they live for seconds, most are never accepted, and an acceptance
 * takes the terms into the log. Kept one lifetime past expiry, so that a late acceptance gets the reason.
 *
 * A quote is bytes in one circular buffer, found by the counter in its id: at ten thousand quotes a second nothing
 * of them survives in the garbage collector's heap, whose pauses limited the rate.
 */
export class QuoteStore {
  private bytes = Buffer.allocUnsafeSlow(INITIAL_BYTES);
  /** by slot: where the quote's text begins, how long it is, when it expires */
  private starts = new Float64Array(INITIAL_SLOTS);
  private lengths = new Uint32Array(INITIAL_SLOTS);
  private expiries = new Float64Array(INITIAL_SLOTS);
  /** counters of the oldest quote kept and of the next one */
  private oldest = 0;
  private next = 0;
  /** absolute position of the next byte; its place in the buffer is that modulo the buffer's length */
  private head = 0;

  constructor(private readonly lifetimeMs: number) {}

  /** The counter that the next quote's id has to carry. */
  get nextCounter(): number {
    return this.next;
  }

  /** @param text ASCII, the quote's id and a bar before the rest */
  add(text: string, expiresAt: number): void {
    const forgotten = expiresAt - 2 * this.lifetimeMs;
    while (this.oldest < this.next && this.expiries[this.slot(this.oldest)] < forgotten) this.oldest++;
    const tail = this.oldest < this.next ? this.starts[this.slot(this.oldest)] : this.head;
    if (this.next - this.oldest === this.starts.length) this.growSlots();
    // A text lies in one piece: a text that does not fit before the buffer's end begins at its front.
    const room = this.bytes.length - (this.head % this.bytes.length);
    const start = text.length <= room ? this.head : this.head + room;
    if (start + text.length - tail > this.bytes.length) {
      this.growBytes(text.length);
      this.add(text, expiresAt);
      return;
    }
    this.bytes.write(text, start % this.bytes.length, 'latin1');
    const slot = this.slot(this.next);
    this.starts[slot] = start;
    this.lengths[slot] = text.length;
    this.expiries[slot] = expiresAt;
    this.head = start + text.length;
    this.next++;
  }

  /**
   * The text of a quote that can be accepted at `now`, and when it expires.
   *
   * @throws {UnknownQuoteError | QuoteExpiredError}
   */
  acceptable(id: string, now: number): { terms: string; expiresAt: number } {
    const counter = parseInt(id, 36);
    if (!(counter >= this.oldest && counter < this.next)) throw new UnknownQuoteError(id);
    const slot = this.slot(counter);
    const text = this.read(slot);
    if (text.slice(0, text.indexOf('|')) !== id) throw new UnknownQuoteError(id);
    if (now > this.expiries[slot]) throw new QuoteExpiredError(id, this.expiries[slot]);
    return { terms: text, expiresAt: this.expiries[slot] };
  }

  /** Whether this is a quote of ours that is still known, expired or not. */
  has(id: string): boolean {
    const counter = parseInt(id, 36);
    if (!(counter >= this.oldest && counter < this.next)) return false;
    return this.read(this.slot(counter)).startsWith(`${id}|`);
  }

  private slot(counter: number): number {
    return counter % this.starts.length;
  }

  private read(slot: number): string {
    const start = this.starts[slot] % this.bytes.length;
    return this.bytes.toString('latin1', start, start + this.lengths[slot]);
  }

  private growSlots(): void {
    const size = 2 * this.starts.length;
    const [starts, lengths, expiries] = [
      new Float64Array(size),
      new Uint32Array(size),
      new Float64Array(size),
    ];
    for (let counter = this.oldest; counter < this.next; counter++) {
      const from = this.slot(counter);
      const to = counter % size;
      starts[to] = this.starts[from];
      lengths[to] = this.lengths[from];
      expiries[to] = this.expiries[from];
    }
    this.starts = starts;
    this.lengths = lengths;
    this.expiries = expiries;
  }

  private growBytes(atLeast: number): void {
    const texts: string[] = [];
    for (let counter = this.oldest; counter < this.next; counter++) texts.push(this.read(this.slot(counter)));
    this.bytes = Buffer.allocUnsafeSlow(2 * this.bytes.length + atLeast);
    this.head = 0;
    texts.forEach((text, i) => {
      this.bytes.write(text, this.head, 'latin1');
      this.starts[this.slot(this.oldest + i)] = this.head;
      this.head += text.length;
    });
  }
}
