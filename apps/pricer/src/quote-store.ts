import { QuoteExpiredError, UnknownQuoteError } from './engine/errors.js';

/** A quote as it was given: the terms that an acceptance is held to. */
export interface GivenQuote {
  readonly id: string;
  readonly account: string;
  readonly legs: readonly { market: string; size: string; mark: string }[];
  readonly riskPremium: string;
  readonly liquidityPremium: string;
  /** wall clock, milliseconds */
  readonly expiresAt: number;
}

/**
 * Quotes that can still be accepted, in memory: they live for seconds, and an acceptance carries their terms into
 * the log. Kept one lifetime past expiry, so that a late acceptance is told what happened.
 */
export class QuoteStore {
  private readonly quotes = new Map<string, GivenQuote>();

  constructor(private readonly lifetimeMs: number) {}

  add(quote: GivenQuote): void {
    this.quotes.set(quote.id, quote);
    // Quotes are added in order of expiry: whatever has to go is at the front.
    const horizon = quote.expiresAt - 2 * this.lifetimeMs;
    for (const [id, { expiresAt }] of this.quotes) {
      if (expiresAt >= horizon) break;
      this.quotes.delete(id);
    }
  }

  /** @throws {UnknownQuoteError | QuoteExpiredError} */
  acceptable(id: string, now: number): GivenQuote {
    const quote = this.quotes.get(id);
    if (quote === undefined) throw new UnknownQuoteError(id);
    if (now > quote.expiresAt) throw new QuoteExpiredError(id, quote.expiresAt);
    return quote;
  }

  get size(): number {
    return this.quotes.size;
  }
}
