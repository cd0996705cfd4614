import { formatDecimal, formatMoney, SIZE_DECIMALS } from '#lib/amounts';
import { randomUUID } from 'node:crypto';
import { type PricingEngine, QuoteOfAnotherKeyError } from '#lib/exchange';
import type { PricerConfig } from './pricer.config.js';
import type { QuoteRequest } from './rest/schemas.js';
import type { QuoteSeal } from './quote-seal.js';
import type { QuoteStore } from './quote-store.js';
import { RatesText } from './rates-text.js';

/** Terms that an acceptance is held to. */
export interface QuoteTerms {
  readonly account: string;
  readonly riskPremium: string;
  readonly liquidityPremium: string;
  /** of all */
  readonly seal: string;
  readonly legs: readonly { market: string; size: string; mark: string }[];
}

/**
 * Gives quotes, as JSON text. It is the most frequent thing the engine does, so the text is written directly:
 * everything in it is a number of ours, a name that has been validated or a string without special characters.
 */
export class QuoteDesk {
  /** given since the start */
  given = 0;
  private lastExpiry = 0;
  private lastExpiryText = '';
  private readonly rates = new RatesText();
  private readonly addRate = (market: number, rate: number) => {
    this.rates.add(market, rate);
  };

  constructor(
    private readonly engine: () => PricingEngine,
    private readonly quotes: QuoteStore,
    private readonly config: PricerConfig,
    private readonly seal: QuoteSeal,
  ) {}

  /**
   * Prices the request, remembers the quote until it expires, and returns it as JSON, a `quoteResponse`. Legs of one market are one leg of
   * their sum: it has one price, and is what an acceptance books.
   *
   * @param key id of the key that asks: nobody else can accept
   */
  quote({ account, legs: asked }: QuoteRequest, key: string | null): string {
    const engine = this.engine();
    this.rates.begin(engine.board.markets);
    const price = engine.price(asked, undefined, this.addRate);
    const legs =
      price.legs.length === asked.length
        ? asked
        : price.legs.map(({ name, exactSize }) => ({
            market: name,
            size: formatDecimal(exactSize, SIZE_DECIMALS),
          }));
    let legsText = '';
    let terms = '';
    for (let i = 0; i < legs.length; i++) {
      const { market, size } = legs[i];
      const { markText } = price.legs[i];
      legsText += `${i === 0 ? '' : ','}{"market":"${market}","size":"${size}","mark":"${markText}"}`;
      terms += `|${market}|${size}|${markText}`;
    }
    this.given++;
    const riskPremium = formatMoney(price.riskPremium);
    const liquidityPremium = formatMoney(price.liquidityPremium);
    const id = `${this.quotes.nextCounter.toString(36)}-${randomUUID()}`;
    const expiresAt = Date.now() + this.config.QUOTE_TTL_MS;
    if (expiresAt !== this.lastExpiry) {
      this.lastExpiry = expiresAt;
      this.lastExpiryText = new Date(expiresAt).toISOString();
    }
    const sealed = `${id}|${key ?? ''}|${account}|${riskPremium}|${liquidityPremium}${terms}`;
    this.quotes.add(sealed, expiresAt);
    const token = `,"token":"${this.seal.seal(sealed, expiresAt)}"`;
    return (
      `{"id":"${id}","account":"${account}","legs":[${legsText}],` +
      `"premium":{"risk":"${riskPremium}","liquidity":"${liquidityPremium}","total":"${formatMoney(price.riskPremium + price.liquidityPremium)}"},` +
      `"risk":{"before":${price.riskBefore},"after":${price.riskAfter}},"fundingQuoteCurrencyPerYear":{${this.rates.text()}},` +
      `"forecastId":"${price.forecastId}","marketTime":"${engine.board.nowIso}","expiresAt":"${this.lastExpiryText}"${token}}`
    );
  }

  /**
   * The terms of a quote that can be accepted now: one of ours, or one whose token proves that it is one of the exchange's.
   *
   * @throws {UnknownQuoteError | QuoteExpiredError | QuoteOfAnotherKeyError}
   */
  acceptable(asked: { id: string; token?: string | undefined; key: string | null }, now: number): QuoteTerms {
    const { id, token, key } = asked;
    const own = token === undefined || this.quotes.has(id);
    const { terms: text, expiresAt } = own ? this.quotes.acceptable(id, now) : this.seal.open(token, id, now);
    const [, owner, account, riskPremium, liquidityPremium, ...legs] = text.split('|');
    if (owner !== (key ?? '')) throw new QuoteOfAnotherKeyError(id);
    return {
      account,
      riskPremium,
      liquidityPremium,
      seal: this.seal.seal(text, expiresAt),
      legs: Array.from({ length: legs.length / 3 }, (_, i) => ({
        market: legs[3 * i],
        size: legs[3 * i + 1],
        mark: legs[3 * i + 2],
      })),
    };
  }
}
