/** Characters of a number with two decimals: sign, digits and point. */
const LONGEST_NUMBER = 32;
const [ZERO, MINUS, POINT] = [0x30, 0x2d, 0x2e];

/**
 * Rates by market as the JSON text `"A":1.25,"B":-0.5`, to the cent. Written as bytes: with two hundred markets, joining pieces of text took
 * most of a quote's time.
 */
export class RatesText {
  private markets: readonly string[] = [];
  /** a comma, and the market's name with its colon; one after the other */
  private names = Buffer.alloc(0);
  private ends = new Uint32Array(0);
  private bytes = Buffer.alloc(0);
  private length = 0;

  /** Begins a text. @param markets ASCII without characters that JSON escapes, in the order of the rates */
  begin(markets: readonly string[]): void {
    this.length = 0;
    if (markets === this.markets) return;
    this.markets = markets;
    const parts = markets.map((market, i) => `${i === 0 ? '' : ','}"${market}":`);
    this.names = Buffer.from(parts.join(''), 'latin1');
    let end = 0;
    this.ends = Uint32Array.from(parts, (part) => (end += part.length));
    this.bytes = Buffer.alloc(this.names.length + LONGEST_NUMBER * markets.length);
  }

  /** The next market's rate. */
  add(market: number, rate: number): void {
    const { names, bytes } = this;
    const end = this.ends[market];
    let at = this.length;
    for (let i = market === 0 ? 0 : this.ends[market - 1]; i < end; i++) bytes[at++] = names[i];
    const cents = Math.round(rate * 100);
    let size = cents < 0 ? -cents : cents;
    if (!(size < 0x3fffffff)) {
      this.length = at + bytes.write(String(cents / 100), at, 'latin1');
      return;
    }
    if (cents < 0) bytes[at++] = MINUS;
    let digits = 3;
    for (let power = 1000; power <= size; power *= 10) digits++;
    // From the last digit to the first, the point in between.
    for (let i = digits; i >= 0; i--) {
      if (i === digits - 2) bytes[at + i] = POINT;
      else {
        const rest = (size / 10) | 0;
        bytes[at + i] = ZERO + size - 10 * rest;
        size = rest;
      }
    }
    this.length = at + digits + 1;
  }

  text(): string {
    return this.bytes.toString('latin1', 0, this.length);
  }
}
