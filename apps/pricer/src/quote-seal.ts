import { createHmac, timingSafeEqual } from 'node:crypto';
import { QuoteExpiredError, UnknownQuoteError } from '#lib/exchange';

/** Seals the terms of quotes, so that every process of the exchange accepts the quotes of all. */
export class QuoteSeal {
  constructor(private readonly secret: string) {}

  /** @param terms the quote's id and a bar before the rest */
  seal(terms: string, expiresAt: number): string {
    const text = Buffer.from(`${expiresAt}|${terms}`, 'latin1').toString('base64url');
    return `${text}.${this.mac(text).toString('base64url')}`;
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
