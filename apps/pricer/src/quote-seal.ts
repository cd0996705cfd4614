import { createHash, createHmac, hash, timingSafeEqual } from 'node:crypto';
import { QuoteExpiredError, UnknownQuoteError } from '#lib/exchange';

/** Bytes of SHA-256: of a block, and of a digest. */
const BLOCK = 64;
const DIGEST = 32;

/** Seals the terms of quotes, so that every process of the exchange accepts the quotes of all. */
export class QuoteSeal {
  private inner = Buffer.alloc(4 * BLOCK);
  private readonly outer = Buffer.alloc(BLOCK + DIGEST);

  constructor(private readonly secret: string) {
    const key = Buffer.from(secret);
    const short = key.length > BLOCK ? createHash('sha256').update(key).digest() : key;
    for (let i = 0; i < BLOCK; i++) {
      this.inner[i] = 0x36 ^ (short[i] ?? 0);
      this.outer[i] = 0x5c ^ (short[i] ?? 0);
    }
  }

  /** @param terms the quote's id and a bar before the rest */
  seal(terms: string, expiresAt: number): string {
    const text = Buffer.from(`${expiresAt}|${terms}`, 'latin1').toString('base64url');
    return `${text}.${this.quickMac(text)}`;
  }

  /**
   * HMAC-SHA-256 of ASCII, base64url, by two digests as in RFC 2104: Node's own object for each quote takes three times as long. It
   * checks the seals that are read.
   */
  private quickMac(text: string): string {
    const end = BLOCK + text.length;
    if (end > this.inner.length) {
      const longer = Buffer.alloc(2 * end);
      this.inner.copy(longer, 0, 0, BLOCK);
      this.inner = longer;
    }
    this.inner.write(text, BLOCK, 'latin1');
    this.outer.write(hash('sha256', this.inner.subarray(0, end), 'binary'), BLOCK, 'latin1');
    return hash('sha256', this.outer, 'base64url');
  }

  /** The terms that a token seals; undefined where the seal is not ours. */
  read(token: string): { terms: string; expiresAt: number } | undefined {
    const [text, mac = ''] = token.split('.');
    const [expected, given] = [this.mac(text), Buffer.from(mac, 'base64url')];
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined;
    const opened = Buffer.from(text, 'base64url').toString('latin1');
    const bar = opened.indexOf('|');
    return { terms: opened.slice(bar + 1), expiresAt: Number(opened.slice(0, bar)) };
  }

  /**
   * The terms of the quote with this id.
   *
   * @throws {UnknownQuoteError} where the token is not ours, or of another quote
   * @throws {QuoteExpiredError}
   */
  open(token: string, id: string, now: number): { terms: string; expiresAt: number } {
    const opened = this.read(token);
    if (opened === undefined) throw new UnknownQuoteError(id);
    const { terms, expiresAt } = opened;
    if (!terms.startsWith(`${id}|`)) throw new UnknownQuoteError(id);
    if (now > expiresAt) throw new QuoteExpiredError(id, expiresAt);
    return opened;
  }

  private mac(text: string): Buffer {
    return createHmac('sha256', this.secret).update(text).digest();
  }
}
